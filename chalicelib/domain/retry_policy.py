"""The retry policy of jobs: whether a failed attempt is followed by another one, and after which backoff."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from chalicelib.config import Limits
from chalicelib.domain.job import Job, JobStatus
from chalicelib.domain.outcome import Fault, Outcome, OutcomeCode
from chalicelib.domain.transitions import TRANSITIONS, Transition, TransitionName

__all__ = ["CAPACITY_DEADLINE", "NextStep", "next_step"]

CAPACITY_DEADLINE: Final = timedelta(hours=6)
"""How long a job waits for capacity before it fails: longer than most shortages that resolve themselves within a working day."""

_INFRASTRUCTURE_BACKOFF: Final = (timedelta(seconds=10), timedelta(minutes=1), timedelta(minutes=5))
_CAPACITY_BACKOFF: Final = timedelta(minutes=1)


@dataclass(frozen=True)
class NextStep:
    """The transition to make, and its values."""

    transition: Transition
    not_before: datetime | None = None
    """When the next attempt may start at the earliest; None if there is none."""
    notebook_retries: int = 0
    infrastructure_retries: int = 0


def next_step(job: Job, outcome: Outcome, limits: Limits, now: datetime) -> NextStep:
    """Decide what follows after a live job's attempt has ended with an outcome.

    A job that is being stopped always ends: as completed or failed if the runner reports so, otherwise as stopped.
    """
    fault = outcome.fault
    if fault is Fault.NONE:
        return NextStep(TRANSITIONS[_end_without_fault(job, outcome)])
    if job.status is JobStatus.STOPPING:
        name = TransitionName.FAIL if fault in (Fault.NOTEBOOK, Fault.REQUEST) else TransitionName.END_STOP
        return NextStep(TRANSITIONS[name])
    if fault is Fault.CAPACITY:
        return _wait_for_capacity(job, now)
    if fault is Fault.INFRASTRUCTURE and job.infrastructure_retries < limits.infrastructure_retries:
        backoff = _INFRASTRUCTURE_BACKOFF[min(job.infrastructure_retries, len(_INFRASTRUCTURE_BACKOFF) - 1)]
        return _retry(job, now + backoff, infrastructure=1)
    may_retry = fault is Fault.NOTEBOOK or (fault is Fault.TIMEOUT and job.spec.retry_on_timeout)
    if may_retry and job.notebook_retries < job.spec.max_retries:
        return _retry(job, now + job.spec.min_retry_interval, notebook=1)
    return NextStep(TRANSITIONS[TransitionName.FAIL])


def _end_without_fault(job: Job, outcome: Outcome) -> TransitionName:
    if outcome.code == OutcomeCode.SUCCEEDED:
        return TransitionName.COMPLETE
    return TransitionName.END_STOP if job.status is JobStatus.STOPPING else TransitionName.FAIL


def _wait_for_capacity(job: Job, now: datetime) -> NextStep:
    if now - (job.waiting_since or now) >= CAPACITY_DEADLINE:
        return NextStep(TRANSITIONS[TransitionName.FAIL])
    return _retry(job, now + _CAPACITY_BACKOFF)


def _retry(job: Job, not_before: datetime, *, notebook: int = 0, infrastructure: int = 0) -> NextStep:
    return NextStep(
        TRANSITIONS[TransitionName.RETRY],
        not_before=not_before,
        notebook_retries=job.notebook_retries + notebook,
        infrastructure_retries=job.infrastructure_retries + infrastructure,
    )
