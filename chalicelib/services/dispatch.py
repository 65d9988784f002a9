"""Dispatch: assigns a slot to waiting jobs and starts their containers. Behind the wake-up queue, one dispatch runs at a time.

Each dispatch sends at most one wake-up: if it ran out of time, or if an attempt that it ended has freed a slot.
"""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, TypeVar

from chalicelib.config import SchedulerSettings
from chalicelib.domain.attempt_result import AttemptResult
from chalicelib.domain.authorization.environment_access import Step, check_run
from chalicelib.domain.authorization.owner import Disabling
from chalicelib.domain.background_work import BackgroundWork
from chalicelib.domain.fairness import Load, round_robin
from chalicelib.domain.job import Job, JobStatus, LiveJob, Phase, PhaseCode, WaitingJob
from chalicelib.domain.outcome import Outcome, OutcomeCode, make_outcome
from chalicelib.domain.task_tags import task_tags
from chalicelib.domain.transitions import TRANSITIONS, TransitionName
from chalicelib.errors import LaunchError, RequestError
from chalicelib.observability import count, measure, measure_oldest_waiting
from chalicelib.services.attempt_completion import AttemptCompletionService
from chalicelib.services.background_work import Duty, for_each, run_duties
from chalicelib.services.clock import Clock
from chalicelib.storage.job_lists import JobLists
from chalicelib.storage.job_table import JobTable
from chalicelib.storage.owner_table import OwnerTable
from chalicelib.storage.queues import WakeUpQueue
from chalicelib.storage.task_launcher import Launcher

__all__ = ["LAUNCHES_PER_SECOND", "DispatchService"]

_log = logging.getLogger(__name__)

LAUNCHES_PER_SECOND: Final = 18
"""A little below the limit of RunTask, 20 calls a second (Amazon ECS service quotas)."""

_CLAIM_DEADLINE: Final = timedelta(minutes=2)
"""How long a claimed job may be without a task before the sweep sends another wake-up for it."""

_Row = TypeVar("_Row", LiveJob, WaitingJob)


@dataclass
class _More:
    """Whether another dispatch may have work immediately."""

    is_left: bool = False


@dataclass(frozen=True, kw_only=True)
class DispatchService:
    """Launches waiting jobs."""

    settings: SchedulerSettings
    jobs: JobTable
    lists: JobLists
    launcher: Launcher
    wake_ups: WakeUpQueue
    completion: AttemptCompletionService
    owners: OwnerTable
    clock: Clock
    sleep: Callable[[float], None]
    """Waits for some seconds, to keep the launch rate."""
    make_code: Callable[[], str]
    """Makes a random launch code, never the same twice."""

    def run(self, until: datetime) -> None:
        """Launch jobs within the limits; if some are left at `until`, or an attempt ended, send another wake-up.

        Jobs whose launch was interrupted, waiting jobs of disabled owners, and other waiting jobs each have a share of the time.
        """
        live, more = self.lists.live(), _More()
        duties = (
            Duty(BackgroundWork.LAUNCHES, lambda end: self._resume_all(live, more, end)),
            Duty(BackgroundWork.LAUNCHES, lambda end: self._start_waiting(Load.of(live), more, end)),
        )
        run_duties(duties, until=until, clock=self.clock)
        if more.is_left:
            self.wake_ups.send("dispatch has more to do")

    def _resume_all(self, live: Iterable[LiveJob], more: _More, until: datetime) -> None:
        claimed = [row for row in live if row.status is JobStatus.QUEUED and row.task_arn is None]
        self._handle_all(claimed, self._resume, more, until)

    def _start_waiting(self, load: Load, more: _More, until: datetime) -> None:
        """Launch waiting jobs, and end those of disabled owners."""
        queues = list(self.lists.waiting(self.clock()))
        disabled = self.owners.disabled() if queues else {}
        of_disabled = (job for queue in queues if queue.owner_id in disabled for job in queue.jobs)
        next_jobs = round_robin(
            [queue for queue in queues if queue.owner_id not in disabled], load, self.settings.limits
        )
        end_disabled = lambda job: self._end_disabled(job, disabled[job.owner_id])  # noqa: E731 - an argument
        duties = (
            Duty(BackgroundWork.LAUNCHES, lambda end: self._handle_all(of_disabled, end_disabled, more, end)),
            Duty(BackgroundWork.LAUNCHES, lambda end: self._handle_all(next_jobs, self._dispatch, more, end)),
        )
        run_duties(duties, until=until, clock=self.clock)

    def _handle_all(self, rows: Iterable[_Row], handle: Callable[[_Row], bool], more: _More, until: datetime) -> None:
        """Handle one job after the other at the launch rate. One whose launch fails is left to the sweep."""

        def launch(row: _Row) -> None:
            try:
                if handle(row):
                    more.is_left = True
            finally:
                self.sleep(1 / LAUNCHES_PER_SECOND)

        # Not `|=`, which reads the flag before the jobs set it.
        if not for_each(BackgroundWork.LAUNCHES, rows, launch, ids=_ids, until=until, clock=self.clock):
            more.is_left = True

    def _resume(self, row: LiveJob) -> bool:
        """Launch a job again whose earlier dispatch did not record its task: with the identical call."""
        job = self.jobs.get(row.owner_id, row.job_id, self.clock())
        if job is None or job.status is not JobStatus.QUEUED or job.task_arn is not None:
            return False
        return self._launch(job)

    def _end_disabled(self, row: WaitingJob, disabling: Disabling) -> bool:
        """End a waiting job of a disabled owner; True if it ended."""
        now = self.clock()
        job = self._still_waiting(row, now)
        outcome = make_outcome(OutcomeCode.OWNER_DISABLED, f"The owner of this job is {disabling.text}.")
        return job is not None and self.completion.end(job, AttemptResult(outcome), now, has_stopped=True) is not None

    def _still_waiting(self, row: WaitingJob, now: datetime) -> Job | None:
        job = self.jobs.get(row.owner_id, row.job_id, now)
        if job is None or job.status is not JobStatus.CREATED or job.is_watched:
            return None
        if job.not_before and job.not_before > now:
            return None
        return job

    def _dispatch(self, row: WaitingJob) -> bool:
        """Claim a waiting job and launch it; True if its attempt ended."""
        now = self.clock()
        job = self._still_waiting(row, now)
        if job is None:
            return False
        claimed = self.jobs.transition(
            job,
            TRANSITIONS[TransitionName.CLAIM],
            now,
            attempt=job.attempt + 1,
            launch=1,
            on_spot=self._uses_spot(job),
            launch_code=self.make_code(),
            deadline=now + _CLAIM_DEADLINE,
            not_before=None,
            waiting_since=job.waiting_since or now,
            task_arn=None,
            instance_id=None,
            phase=Phase(PhaseCode.LAUNCHING),
        )
        if claimed is None:
            return False
        _measure_waiting(job, now)
        return self._launch(claimed)

    def _uses_spot(self, job: Job) -> bool:
        """Check whether the first launch of an attempt uses Spot capacity."""
        compute_type = self.settings.compute_types.get(job.spec.compute_type)
        return compute_type is not None and compute_type.spot

    def _launch(self, job: Job) -> bool:
        """Start the container of a claimed job; True if none was started and the attempt ended."""
        try:
            compute_type = check_run(Step.LAUNCH, job.spec, self.settings)
        except RequestError as error:
            return self._end(job, make_outcome(OutcomeCode.NOT_ALLOWED, error.message))
        try:
            task_arn = self.launcher.run(
                job.run_id,
                job.launch,
                environment=job.spec.runtime_environment_name,
                compute_type=compute_type,
                on_spot=compute_type.spot and job.launch == 1,
                launch_code=job.launch_code or "",
                tags=task_tags(job),
            )
        except LaunchError as error:
            _log.warning(
                "not launched", extra={"job_id": job.job_id, "outcome": error.outcome_code, "detail": error.detail}
            )
            return self._end(job, make_outcome(error.outcome_code, error.detail))
        self._record(job, task_arn)
        return False

    def _end(self, job: Job, outcome: Outcome) -> bool:
        """End an attempt that is not launched; if an earlier call has started a task after all, record it instead."""
        if task_arns := self.launcher.find(job.run_id):
            self._record(job, task_arns[0])
            return False
        return self.completion.end(job, AttemptResult(outcome), self.clock(), has_stopped=True) is not None

    def _record(self, job: Job, task_arn: str) -> None:
        deadline = self.clock() + timedelta(minutes=self.settings.limits.launch_deadline_minutes)
        recorded = self.jobs.record_task(job, task_arn, deadline)
        if recorded is None or not recorded.status.is_live:
            self.launcher.stop(task_arn, "its job has moved on")
        else:
            count("JobsLaunched")


def _measure_waiting(job: Job, now: datetime) -> None:
    """Measure how long a job has waited that is claimed now. One that AWS had no capacity for is not in the sweep's measurement."""
    seconds = job.waiting_time(now).total_seconds()
    measure("job claimed", owner_id=job.owner_id, job_id=job.job_id, waited_seconds=seconds)
    if job.waiting_since is not None:
        measure_oldest_waiting(seconds)


def _ids(row: LiveJob | WaitingJob) -> dict[str, str]:
    return {"owner_id": row.owner_id, "job_id": row.job_id}
