"""Attempt completion: the only place that turns an outcome into another attempt or the end of the job."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from chalicelib.config import SchedulerSettings
from chalicelib.domain.attempt_history import recorded
from chalicelib.domain.attempt_result import AttemptResult, limit_warnings
from chalicelib.domain.background_work import BackgroundWork
from chalicelib.domain.job import Job, JobStatus, Phase, PhaseCode, stop_message
from chalicelib.domain.outcome import Fault, Outcome, OutcomeCode, make_outcome
from chalicelib.domain.retention import expiry
from chalicelib.domain.retry_policy import NextStep, next_step
from chalicelib.domain.task_watch import EXIT_TIMEOUT
from chalicelib.domain.transitions import TransitionName
from chalicelib.observability import count, count_background_failure, measure
from chalicelib.storage.job_table import JobTable

__all__ = ["AttemptCompletionService"]

_FAILED_LAUNCHES: Final = frozenset(
    {
        OutcomeCode.CONFIGURATION_PROBLEM,
        OutcomeCode.IMAGE_PROBLEM,
        OutcomeCode.NETWORK_PROBLEM,
        OutcomeCode.NEVER_STARTED,
        OutcomeCode.NO_CAPACITY,
        OutcomeCode.PERMISSION_PROBLEM,
        OutcomeCode.QUOTA,
        OutcomeCode.THROTTLED,
    }
)
"""Outcomes of jobs whose container could not be started: the operator has to know, not only the job's owner."""


@dataclass(frozen=True, kw_only=True)
class AttemptCompletionService:
    """Ends attempts. If the task has stopped, the caller wakes the dispatcher afterwards: a slot is free, or a retry is due."""

    settings: SchedulerSettings
    jobs: JobTable

    def end(self, job: Job, result: AttemptResult, now: datetime, *, has_stopped: bool) -> Job | None:
        """End a live job's attempt with a result.

        Parameters
        ----------
        has_stopped
            Whether its task is known to have stopped, or never to have started. If not, the job stays watched: until the task has
            stopped, it keeps its slot and a retry is not claimed.

        Returns
        -------
        Job | None
            The changed job, waiting for another attempt or ended; None if it had changed meanwhile.
        """
        outcome = result.outcome
        if self._can_launch_on_demand(job, outcome):
            return self._launch_on_demand(job, now)
        step = next_step(job, outcome, self.settings.limits, now)
        is_retry = step.transition.name is TransitionName.RETRY
        if step.transition.name is TransitionName.END_STOP:
            outcome = make_outcome(OutcomeCode.STOPPED, stop_message(job.owner_id, job.stopped_by))
        result = replace(result, outcome=outcome)
        changes = self._retry(job, result, step, now) if is_retry else self._final(job, result, now)
        changes["deadline"] = None if has_stopped else now + EXIT_TIMEOUT
        if is_retry and not has_stopped:
            changes["phase"] = Phase(PhaseCode.WAITING, f"{outcome.title}; trying again when its container has stopped")
        after = self.jobs.transition(job, step.transition, now, **changes)
        if after is not None:
            count("JobsRetried" if is_retry else "JobsEnded", outcome=outcome.code)
            if not is_retry and outcome.code in _FAILED_LAUNCHES:
                count_background_failure(BackgroundWork.LAUNCHES)
            measure(
                "attempt ended",
                owner_id=job.owner_id,
                job_id=job.job_id,
                attempt=job.attempt,
                outcome=outcome.code,
                status=after.status,
            )
        return after

    def _can_launch_on_demand(self, job: Job, outcome: Outcome) -> bool:
        """Check whether this was a launch on Spot without capacity: the same attempt is then launched on demand."""
        compute_type = self.settings.compute_types.get(job.spec.compute_type)
        no_capacity = outcome.code in ("no_capacity", "quota")
        return (
            no_capacity
            and job.status is JobStatus.QUEUED
            and job.launch == 1
            and bool(compute_type and compute_type.spot)
        )

    def _launch_on_demand(self, job: Job, now: datetime) -> Job | None:
        phase = Phase(PhaseCode.LAUNCHING, "no Spot capacity; launching on demand")
        return self.jobs.change(job, now, launch=job.launch + 1, on_spot=False, task_arn=None, phase=phase)

    def _final(self, job: Job, result: AttemptResult, now: datetime) -> dict[str, Any]:
        return {
            "outcome": result.outcome,
            "warnings": limit_warnings(result.warnings),
            "files_count": result.files_count,
            "files_bytes": result.files_bytes,
            "phase": Phase(PhaseCode.ENDED),
            "end_time": now,
            "expires_at": expiry(job.spec, self.settings.retention, now),
        }

    @staticmethod
    def _retry(job: Job, result: AttemptResult, step: NextStep, now: datetime) -> dict[str, Any]:
        outcome = result.outcome
        capacity = outcome.fault is Fault.CAPACITY
        return {
            **recorded(job, result, now),
            "outcome": None,
            "phase": Phase(PhaseCode.WAITING, f"{outcome.title}; trying again"),
            "not_before": step.not_before,
            "waiting_since": job.waiting_since if capacity else None,
            "notebook_retries": step.notebook_retries or job.notebook_retries,
            "infrastructure_retries": step.infrastructure_retries or job.infrastructure_retries,
        }
