"""The marks table: idempotency tokens, heartbeats, ticks and output budgets, each with a time to live."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from pynamodb.exceptions import PutError

from chalicelib.domain.definitions.tick import TickVerdict
from chalicelib.domain.idempotency import TokenUse
from chalicelib.domain.identifiers import RunId
from chalicelib.domain.job import Heartbeat
from chalicelib.domain.output_budget import OutputSizes
from chalicelib.domain.serialization import from_stored, to_stored
from chalicelib.domain.timestamps import to_millis
from chalicelib.storage.aws_errors import CONDITION_FAILED, error_code, raises_aws_errors
from chalicelib.storage.items import MarkItem

__all__ = [
    "Mark",
    "MarkExistsError",
    "MarkTable",
    "StoredSizes",
    "run_mark",
    "run_mark_id",
    "tick_mark",
    "tick_mark_id",
    "token_mark",
]

_TOKEN_LIFE: Final = timedelta(days=7)
"""How long an idempotency token is remembered: longer than any client retries a request."""

_HEARTBEAT_LIFE: Final = timedelta(days=2)
"""How long a heartbeat is kept; the next one renews it."""

_TICK_LIFE: Final = timedelta(days=30)
"""How long a tick's mark is kept: longer than a message can be late, two weeks in each of two queues."""


_RUN_LIFE: Final = timedelta(days=3)
"""How long it is remembered that an ended run was counted: longer than the day for which a stream keeps its records."""


class MarkExistsError(Exception):
    """The mark to store with a record exists already; nothing was written."""


@dataclass(frozen=True)
class Mark:
    """One mark."""

    mark_id: str
    value: Any
    expires_at: datetime


@dataclass(frozen=True)
class StoredSizes:
    """The output sizes of a run, as they were read."""

    sizes: OutputSizes
    revision: int
    """0 if none are stored."""


def token_mark(use: TokenUse, made_id: str, now: datetime) -> Mark:
    """Make the mark of an idempotency token: the id of what it created, and the fingerprint of its request."""
    value = {"made_id": made_id, "fingerprint": use.fingerprint}
    return Mark(_token_id(use), value, now + _TOKEN_LIFE)


def tick_mark_id(definition_id: str, due: datetime) -> str:
    """Return the id of the mark of one due time of a definition."""
    return f"tick#{definition_id}#{to_millis(due)}"


def tick_mark(definition_id: str, due: datetime, verdict: TickVerdict, now: datetime) -> Mark:
    """Make the mark of one due time of a definition, with the verdict on it."""
    return Mark(tick_mark_id(definition_id, due), {"verdict": verdict.value}, now + _TICK_LIFE)


def run_mark_id(job_id: str) -> str:
    """Return the id of the mark of an ended run."""
    return f"run#{job_id}"


def run_mark(job_id: str, now: datetime) -> Mark:
    """Make the mark of an ended run, which says that its definition has counted it."""
    return Mark(run_mark_id(job_id), {}, now + _RUN_LIFE)


@raises_aws_errors
class MarkTable:
    """Reads and writes marks."""

    def __init__(self, model: type[MarkItem]) -> None:
        self._model = model

    def get(self, mark_id: str) -> Any:
        """Read a mark's value consistently; None if there is none."""
        try:
            return self._model.get(mark_id, consistent_read=True).value
        except self._model.DoesNotExist:
            return None

    def existing(self, mark_ids: Sequence[str]) -> frozenset[str]:
        """Return which of some marks exist, read consistently: one call for each hundred."""
        found = self._model.batch_get(mark_ids, consistent_read=True, attributes_to_get=["mark_id"])
        return frozenset(item.mark_id for item in found)

    def get_token(self, use: TokenUse, now: datetime) -> Mapping[str, str] | None:
        """Read what an idempotency token has created, and the fingerprint of its request; None if nothing, or it has expired."""
        try:
            item = self._model.get(_token_id(use), consistent_read=True)
        except self._model.DoesNotExist:
            return None
        return None if item.expires_at < now.replace(microsecond=0) else item.value

    def put_heartbeat(self, run_id: RunId, heartbeat: Heartbeat) -> None:
        """Store a heartbeat of a run."""
        self._model(
            mark_id=_heartbeat_id(run_id.owner_id, run_id.job_id),
            value=to_stored(heartbeat),
            expires_at=heartbeat.time + _HEARTBEAT_LIFE,
        ).save()

    def last_heartbeat(self, run_id: RunId) -> Heartbeat | None:
        """Read the last heartbeat of a run; None if this attempt has sent none."""
        heartbeat = self.last_heartbeat_of_job(run_id.owner_id, run_id.job_id)
        return heartbeat if heartbeat and heartbeat.attempt == run_id.attempt else None

    def last_heartbeats(self, run_ids: Sequence[RunId]) -> Mapping[RunId, Heartbeat]:
        """Read the last heartbeats of runs, at most a hundred, with one call; of those whose attempt has sent none, nothing."""
        if not run_ids:
            return {}
        wanted = {_heartbeat_id(run_id.owner_id, run_id.job_id): run_id for run_id in run_ids}
        found = {item.mark_id: from_stored(Heartbeat, item.value) for item in self._model.batch_get(list(wanted))}
        heartbeats = {wanted[mark_id]: heartbeat for mark_id, heartbeat in found.items()}
        return {run_id: item for run_id, item in heartbeats.items() if item.attempt == run_id.attempt}

    def last_heartbeat_of_job(self, owner_id: str, job_id: str) -> Heartbeat | None:
        """Read the last heartbeat of a job, whichever attempt sent it; None if none has."""
        stored = self.get(_heartbeat_id(owner_id, job_id))
        return from_stored(Heartbeat, stored) if stored else None

    def get_output_sizes(self, run_id: RunId) -> StoredSizes:
        """Read consistently the output sizes that a run has announced; none if there is no mark."""
        try:
            item = self._model.get(_outputs_id(run_id), consistent_read=True)
        except self._model.DoesNotExist:
            return StoredSizes({}, 0)
        return StoredSizes(item.value, int(item.revision or 0))

    def put_output_sizes(self, run_id: RunId, sizes: OutputSizes, before: StoredSizes, expires_at: datetime) -> bool:
        """Store the output sizes that a run has announced; False, and nothing written, if they have changed since `before` was read."""
        item = self._model(
            mark_id=_outputs_id(run_id), value=dict(sizes), expires_at=expires_at, revision=before.revision + 1
        )
        is_new, is_as_read = self._model.mark_id.does_not_exist(), self._model.revision == before.revision
        try:
            item.save(condition=is_as_read if before.revision else is_new)
        except PutError as error:
            if error_code(error) != CONDITION_FAILED:
                raise
            return False
        return True


def _token_id(use: TokenUse) -> str:
    return f"{use.space}#{use.owner_id}#{use.token}"


def _heartbeat_id(owner_id: str, job_id: str) -> str:
    return f"heartbeat#{owner_id}#{job_id}"


def _outputs_id(run_id: RunId) -> str:
    return f"outputs#{run_id}"
