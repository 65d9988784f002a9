"""The events of a changed job: what differs between two images of its record."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from chalicelib.domain.attempt_history import attempts_of
from chalicelib.domain.events.event import Event, EventKind, iso_time
from chalicelib.domain.job import Job, JobStatus
from chalicelib.domain.outcome import Outcome

__all__ = ["job_events"]

_ENDS: Final[Mapping[JobStatus, EventKind]] = {
    JobStatus.COMPLETED: EventKind.JOB_COMPLETED,
    JobStatus.FAILED: EventKind.JOB_FAILED,
    JobStatus.STOPPED: EventKind.JOB_STOPPED,
}


def job_events(old: Job | None, new: Job | None, now: datetime) -> Iterator[Event]:
    """Yield the events of a change.

    Parameters
    ----------
    old, new
        The job before and after the change; None if it did not exist.
    now
        When the change was made; used where the job itself does not say so.
    """
    if new is None:
        if old is not None and not old.status.is_terminal:
            yield _event(EventKind.JOB_DELETED, old, now)
    elif old is None:
        yield _event(EventKind.JOB_CREATED, new, new.create_time)
    else:
        yield from _changes(old, new)


def _changes(old: Job, new: Job) -> Iterator[Event]:
    if new.status is JobStatus.IN_PROGRESS and old.status is not JobStatus.IN_PROGRESS:
        yield _event(EventKind.JOB_STARTED, new, new.start_time or new.update_time)
    if _retries(new) > _retries(old):
        failed = attempts_of(new)[-1].outcome if attempts_of(new) else None
        yield _event(EventKind.JOB_RETRIED, new, new.update_time, failed)
    if new.status.is_terminal and not old.status.is_terminal:
        yield _event(_ENDS[new.status], new, new.end_time or new.update_time, new.outcome)


def _retries(job: Job) -> int:
    return job.notebook_retries + job.infrastructure_retries


def _event(kind: EventKind, job: Job, time: datetime, outcome: Outcome | None = None) -> Event:
    detail = {
        "owner_id": job.owner_id,
        "owner": job.spec.owner_arn,
        "job_id": job.job_id,
        "job_definition_id": job.job_definition_id,
        "name": job.name,
        "tags": list(job.spec.tags),
        "status": job.status.value,
        "attempt": job.attempt,
        "input_filename": job.input_filename,
        "runtime_environment_name": job.spec.runtime_environment_name,
        "compute_type": job.spec.compute_type,
        "scheduled_time": iso_time(job.scheduled_time),
        "timezone": job.timezone,
        "create_time": iso_time(job.create_time),
        "start_time": iso_time(job.start_time),
        "end_time": iso_time(job.end_time),
        "outcome": _describe(outcome),
    }
    return Event(event_id=f"{job.job_id}/{job.attempt}/{kind.name.lower()}", kind=kind, time=time, detail=detail)


def _describe(outcome: Outcome | None) -> dict[str, Any] | None:
    if outcome is None:
        return None
    return {
        "code": str(outcome.code),
        "title": outcome.title,
        "message": outcome.message,
        "retryable": outcome.retryable,
        "cell": outcome.cell,
        "error_name": outcome.error_name,
    }
