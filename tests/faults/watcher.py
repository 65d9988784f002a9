"""Looks at every write: holds the state machine's invariants, and makes the records that the table's stream would carry."""

from collections.abc import Mapping
from typing import Any

from chalicelib.domain.job import JobStatus
from chalicelib.domain.transitions import TRANSITIONS
from tests.support.faults import Quiet
from tests.support.scheduler import LocalScheduler

__all__ = ["Watcher"]

_ALLOWED = {(source, each.target) for each in TRANSITIONS.values() for source in each.sources}
_WRITES = ("dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem", "dynamodb:TransactWriteItems")


class Watcher(Quiet):
    """A listener that compares the table of jobs before and after each write."""

    def __init__(self, local: LocalScheduler) -> None:
        self._local = local
        self._jobs = self._read()
        self._bound: dict[tuple[str, str], str] = {}
        self._records: list[dict[str, Any]] = []

    def after(self, call: str) -> None:
        if call in _WRITES:
            self.look()

    def look(self) -> None:
        """Compare the table with what it was."""
        before, self._jobs = self._jobs, self._read()
        for job_id in before.keys() | self._jobs.keys():
            self._compare(before.get(job_id), self._jobs.get(job_id))

    def stream(self) -> list[dict[str, Any]]:
        """Give the records since the last time that the cleanup function would get, as infra filters them."""
        self.look()
        records, self._records = self._records, []
        return records

    def _read(self) -> dict[str, dict[str, Any]]:
        return {each["job_id"]["S"]: each for each in self._local.items()}

    def _compare(self, old: dict[str, Any] | None, new: dict[str, Any] | None) -> None:
        if new is None and old is not None:
            self._records.append({"eventName": "REMOVE", "dynamodb": {"OldImage": old}})
        if old is None or new is None or old == new:
            return
        change = (JobStatus(_text(old, "status")), JobStatus(_text(new, "status")))
        assert change[0] == change[1] or change in _ALLOWED, change
        assert int(_text(new, "attempt")) - int(_text(old, "attempt")) in (0, 1)
        _hold_keys(new)
        self._hold_binding(new)

    def _hold_binding(self, job: Mapping[str, Any]) -> None:
        """An attempt is bound to one instance at most."""
        if JobStatus(_text(job, "status")) in (JobStatus.IN_PROGRESS, JobStatus.STOPPING):
            run = (_text(job, "job_id"), _text(job, "attempt"))
            assert self._bound.setdefault(run, _text(job, "instance_id")) == _text(job, "instance_id")


def _hold_keys(job: Mapping[str, Any]) -> None:
    """A job stands in the index of live jobs while a task of its may run, and in that of waiting jobs only without one."""
    status, is_watched = JobStatus(_text(job, "status")), "deadline_key" in job
    assert ("waiting_key" in job) == (status is JobStatus.CREATED and not is_watched), status
    assert is_watched or not status.is_live, status
    assert _text(job, "status_key").startswith(f"{status}#")


def _text(job: Mapping[str, Any], name: str) -> str:
    return str(next(iter(job[name].values())))
