"""How an attempt ends: the one place that turns an outcome into another attempt or the end of the job."""

import logging
from datetime import datetime
from typing import Any, Final

from chalicelib.config import SchedulerSettings
from chalicelib.domain.background_work import BackgroundWork
from chalicelib.domain.job import Job, JobStatus, Phase, PhaseCode, stop_message
from chalicelib.domain.outcome import Fault, Outcome, OutcomeCode, make_outcome
from chalicelib.domain.retention import expiry
from chalicelib.domain.retry_policy import NextStep, next_step
from chalicelib.domain.task_watch import EXIT_TIMEOUT
from chalicelib.domain.transitions import TransitionName
from chalicelib.observability import count, count_background_failure
from chalicelib.storage.job_table import JobTable

__all__ = ["AttemptCompletionService"]

_log = logging.getLogger(__name__)

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
"""Outcomes of jobs for which no container could be started: the operator has to know, not only the job's owner."""


class AttemptCompletionService:
    """Ends attempts. If the task has stopped, the caller wakes the dispatcher afterwards: a slot is free, or a retry is due.

    Parameters
    ----------
    settings
        What the operator chose.
    jobs
        The jobs table.
    """

    def __init__(self, settings: SchedulerSettings, *, jobs: JobTable) -> None:
        self._settings = settings
        self._jobs = jobs

    def end(self, job: Job, outcome: Outcome, now: datetime, *, has_stopped: bool) -> Job | None:
        """End a live job's attempt with an outcome.

        Parameters
        ----------
        has_stopped
            Whether its task is known to have stopped, or never to have been launched. If not, the job stays watched: it keeps its slot,
            and a retry is not claimed, until the task has stopped.

        Returns
        -------
        Job | None
            The job after it, waiting for another attempt or ended; None if it had moved on meanwhile.
        """
        outcome = _overtime(job, outcome, now)
        if self._can_launch_on_demand(job, outcome):
            return self._launch_on_demand(job, now)
        step = next_step(job, outcome, self._settings.limits, now)
        retried = step.transition.name is TransitionName.RETRY
        if step.transition.name is TransitionName.END_STOP:
            outcome = make_outcome(OutcomeCode.STOPPED, stop_message(job.owner_id, job.stopped_by))
        changes = self._retry(job, outcome, step) if retried else self._final(job, outcome, now)
        changes["deadline"] = None if has_stopped else now + EXIT_TIMEOUT
        if retried and not has_stopped:
            changes["phase"] = Phase(PhaseCode.WAITING, f"{outcome.title}; trying again when its container has stopped")
        after = self._jobs.transition(job, step.transition, now, **changes)
        if after is not None:
            count("JobsRetried" if retried else "JobsEnded", outcome=outcome.code)
            if not retried and outcome.code in _FAILED_LAUNCHES:
                count_background_failure(BackgroundWork.LAUNCHES)
            _log.info(
                "attempt ended",
                extra={
                    "owner_id": job.owner_id,
                    "job_id": job.job_id,
                    "attempt": job.attempt,
                    "outcome": outcome.code,
                    "status": after.status,
                },
            )
        return after

    def _can_launch_on_demand(self, job: Job, outcome: Outcome) -> bool:
        """Whether this was a launch on Spot that found no capacity: the same attempt then goes on demand."""
        compute_type = self._settings.compute_types.get(job.spec.compute_type)
        no_capacity = outcome.code in (OutcomeCode.NO_CAPACITY, OutcomeCode.QUOTA)
        return (
            no_capacity
            and job.status is JobStatus.QUEUED
            and job.launch == 1
            and bool(compute_type and compute_type.spot)
        )

    def _launch_on_demand(self, job: Job, now: datetime) -> Job | None:
        phase = Phase(PhaseCode.LAUNCHING, "no Spot capacity; launching on demand")
        return self._jobs.change(job, now, launch=job.launch + 1, task_arn=None, phase=phase)

    def _final(self, job: Job, outcome: Outcome, now: datetime) -> dict[str, Any]:
        return {
            "outcome": outcome,
            "phase": Phase(PhaseCode.ENDED),
            "end_time": now,
            "expires_at": expiry(job.spec, self._settings.retention, now),
        }

    @staticmethod
    def _retry(job: Job, outcome: Outcome, step: NextStep) -> dict[str, Any]:
        capacity = outcome.fault is Fault.CAPACITY
        return {
            "outcome": None,
            "phase": Phase(PhaseCode.WAITING, f"{outcome.title}; trying again"),
            "not_before": step.not_before,
            "waiting_since": job.waiting_since if capacity else None,
            "notebook_retries": step.notebook_retries or job.notebook_retries,
            "infrastructure_retries": step.infrastructure_retries or job.infrastructure_retries,
        }


def _overtime(job: Job, outcome: Outcome, now: datetime) -> Outcome:
    """Call it a time-out when a container that was ended had run longer than its job may, whoever ended it."""
    is_over = job.start_time is not None and now > job.start_time + job.spec.timeout
    if is_over and outcome.fault is Fault.INFRASTRUCTURE:
        return make_outcome(OutcomeCode.TIMEOUT)
    return outcome
