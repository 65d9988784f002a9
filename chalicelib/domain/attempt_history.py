"""The attempts of a job: those on record, and the current one, which is derived from the job itself."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from chalicelib.domain.attempt import Attempt, keep_attempts, shorten_attempt
from chalicelib.domain.attempt_result import AttemptResult
from chalicelib.domain.job import Job, JobStatus
from chalicelib.domain.outcome import OUTCOMES, Fault

__all__ = ["attempts_of", "recorded"]


def attempts_of(job: Job) -> tuple[Attempt, ...]:
    """Return the attempts of a job, oldest first, without those that are not on record any more."""
    past = job.past_attempts
    is_recorded = bool(past) and past[-1].number == job.attempt
    if job.status is JobStatus.CREATED or is_recorded or not job.attempt or not _was_tried(job):
        return past
    return (*past, _current(job))


def recorded(job: Job, result: AttemptResult, now: datetime) -> dict[str, Any]:
    """Return the changes of a job that put its current attempt, which has ended with a result, on record.

    They are empty for a launch without capacity: it started nothing, and a job can have hundreds of them.
    """
    if result.outcome.fault is Fault.CAPACITY:
        return {}
    ended = replace(
        _current(job),
        end_time=now,
        outcome=result.outcome,
        warnings=result.warnings,
        files_count=result.files_count,
        files_bytes=result.files_bytes,
    )
    attempts = (*job.past_attempts, shorten_attempt(ended))
    kept = keep_attempts(attempts)
    return {"past_attempts": kept, "attempts_left_out": job.attempts_left_out + len(attempts) - len(kept)}


def _current(job: Job) -> Attempt:
    return Attempt(
        number=job.attempt,
        compute_type=job.spec.compute_type,
        on_spot=job.on_spot,
        start_time=job.run_start,
        end_time=job.end_time,
        outcome=job.outcome,
        warnings=job.warnings,
        files_count=job.files_count,
        files_bytes=job.files_bytes,
        task_arn=job.task_arn,
    )


def _was_tried(job: Job) -> bool:
    """Check whether the current attempt is more than a launch without capacity, or a stop while the job waited."""
    if job.status.is_live or job.task_arn is not None:
        return True
    kind = OUTCOMES.get(job.outcome.code) if job.outcome else None
    return kind is not None and kind.fault not in (Fault.NONE, Fault.CAPACITY)
