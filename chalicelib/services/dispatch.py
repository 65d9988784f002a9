"""Dispatch: gives waiting jobs a slot and a container. It runs one at a time, behind the wake-up queue.

A run sends at most one wake-up, whatever it does: for what it had no time for, and for what its endings make possible.
"""

import logging
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Final, TypeVar

from chalicelib.config import SchedulerSettings
from chalicelib.domain.authorization.environment_access import Step, check_run
from chalicelib.domain.authorization.owner import Disabling
from chalicelib.domain.background_work import BackgroundWork
from chalicelib.domain.fairness import Load, round_robin
from chalicelib.domain.job import Job, JobStatus, LiveJob, Phase, PhaseCode, WaitingJob
from chalicelib.domain.outcome import Outcome, OutcomeCode, make_outcome
from chalicelib.domain.transitions import TRANSITIONS, TransitionName
from chalicelib.errors import LaunchError, RequestError
from chalicelib.observability import count, count_background_failure
from chalicelib.services.attempt_completion import AttemptCompletionService
from chalicelib.services.clock import Clock
from chalicelib.storage.job_lists import JobLists
from chalicelib.storage.job_table import JobTable
from chalicelib.storage.owner_table import OwnerTable
from chalicelib.storage.queues import WakeUpQueue
from chalicelib.storage.task_launcher import Launcher

__all__ = ["LAUNCHES_PER_SECOND", "DispatchService"]

_log = logging.getLogger(__name__)

LAUNCHES_PER_SECOND: Final = 18
"""A little under the 20 calls a second that RunTask takes (Amazon ECS service quotas)."""

_CLAIM_DEADLINE: Final = timedelta(minutes=2)
"""How long a claimed job may be without a task before the sweep sends another wake-up for it."""

_Row = TypeVar("_Row", LiveJob, WaitingJob)

_ROWS_PER_OWNER: Final = 50
"""How far down an owner's waiting jobs dispatch looks, should the first ones' definition be at its limit."""


class DispatchService:
    """Launches waiting jobs.

    Parameters
    ----------
    settings
        What the operator chose.
    jobs, lists, launcher, wake_ups
        The stores.
    endings
        Ends attempts that could not be launched.
    owners
        The owners table: jobs of disabled owners end instead of being launched.
    clock
        Tells the time.
    sleep
        Waits for so many seconds, to keep the launch rate.
    make_code
        Makes a launch code: random, and never the same twice.
    """

    def __init__(
        self,
        settings: SchedulerSettings,
        *,
        jobs: JobTable,
        lists: JobLists,
        launcher: Launcher,
        wake_ups: WakeUpQueue,
        endings: AttemptCompletionService,
        owners: OwnerTable,
        clock: Clock,
        sleep: Callable[[float], None],
        make_code: Callable[[], str],
    ) -> None:
        self._settings = settings
        self._jobs = jobs
        self._lists = lists
        self._launcher = launcher
        self._wake_ups = wake_ups
        self._completion = endings
        self._owners = owners
        self._clock = clock
        self._sleep = sleep
        self._make_code = make_code

    def run(self, until: datetime) -> None:
        """Launch what waits, as far as the limits allow; what is left at `until` gets another wake-up."""
        if self._launch_all(until):
            self._wake_ups.send("dispatch has more to do")

    def _launch_all(self, until: datetime) -> bool:
        """Launch claimed jobs, then waiting ones; True if another dispatch may have something to do at once."""
        live = self._lists.live()
        load = Load.of(live)
        claimed = [row for row in live if row.status is JobStatus.QUEUED and row.task_arn is None]
        more = self._each(claimed, self._resume, until)
        if self._clock() >= until:
            return True
        waiting = list(self._lists.waiting(self._clock(), per_owner=_ROWS_PER_OWNER))
        disabled = self._owners.disabled() if waiting else {}
        barred = [job for jobs in waiting for job in jobs if job.owner_id in disabled]
        more |= self._each(barred, lambda job: self._end_disabled(job, disabled[job.owner_id]), until)
        allowed = (jobs for jobs in waiting if jobs[0].owner_id not in disabled)
        return self._each(round_robin(allowed, load, self._settings.limits), self._dispatch, until) or more

    def _each(self, rows: Iterable[_Row], act: Callable[[_Row], bool], until: datetime) -> bool:
        """Act on one job after another at the launch rate; True if time ran out, or an attempt ended."""
        more = False
        for row in rows:
            if self._clock() >= until:
                return True
            more |= self._try(row, act)
            self._sleep(1 / LAUNCHES_PER_SECOND)
        return more

    def _try(self, row: _Row, act: Callable[[_Row], bool]) -> bool:
        """Act on one job. Whatever fails is counted and left to the sweep, so that one job does not hold up the others."""
        try:
            return act(row)
        except Exception:  # noqa: BLE001 - one bad record holds up no other
            count_background_failure(BackgroundWork.LAUNCHES)
            _log.exception("launch failed", extra={"owner_id": row.owner_id, "job_id": row.job_id})
            return False

    def _resume(self, row: LiveJob) -> bool:
        """Launch a job that was claimed by a dispatch that did not get to record its task: the identical call again."""
        job = self._jobs.get(row.owner_id, row.job_id, self._clock())
        if job is None or job.status is not JobStatus.QUEUED or job.task_arn is not None:
            return False
        return self._launch(job)

    def _end_disabled(self, row: WaitingJob, disabling: Disabling) -> bool:
        """End a waiting job of a disabled owner; True if it ended."""
        now = self._clock()
        job = self._still_waiting(row, now)
        outcome = make_outcome(OutcomeCode.OWNER_DISABLED, f"The owner of this job is {disabling.text}.")
        return job is not None and self._completion.end(job, outcome, now, has_stopped=True) is not None

    def _still_waiting(self, row: WaitingJob, now: datetime) -> Job | None:
        job = self._jobs.get(row.owner_id, row.job_id, now)
        if job is None or job.status is not JobStatus.CREATED or job.is_watched:
            return None
        if job.not_before and job.not_before > now:
            return None
        return job

    def _dispatch(self, row: WaitingJob) -> bool:
        """Claim a waiting job and launch it; True if its attempt ended."""
        now = self._clock()
        job = self._still_waiting(row, now)
        if job is None:
            return False
        claimed = self._jobs.transition(
            job,
            TRANSITIONS[TransitionName.CLAIM],
            now,
            attempt=job.attempt + 1,
            launch=1,
            launch_code=self._make_code(),
            deadline=now + _CLAIM_DEADLINE,
            not_before=None,
            waiting_since=job.waiting_since or now,
            task_arn=None,
            instance_id=None,
            phase=Phase(PhaseCode.LAUNCHING),
        )
        return claimed is not None and self._launch(claimed)

    def _launch(self, job: Job) -> bool:
        """Start a claimed job's container; True if nothing was started and the attempt ended."""
        try:
            compute_type = check_run(Step.LAUNCH, job.spec, self._settings)
        except RequestError as error:
            return self._end(job, make_outcome(OutcomeCode.NOT_ALLOWED, error.message))
        try:
            task_arn = self._launcher.run(
                job.run_id,
                job.launch,
                environment=job.spec.runtime_environment_name,
                compute_type=compute_type,
                on_spot=compute_type.spot and job.launch == 1,
                launch_code=job.launch_code or "",
            )
        except LaunchError as error:
            _log.warning(
                "not launched", extra={"job_id": job.job_id, "outcome": error.outcome_code, "detail": error.detail}
            )
            return self._end(job, make_outcome(error.outcome_code, error.detail))
        self._record(job, task_arn)
        return False

    def _end(self, job: Job, outcome: Outcome) -> bool:
        """End an attempt that is not launched, unless an earlier call of this launch has started a task after all: it is recorded then."""
        if started := self._launcher.find(job.run_id):
            self._record(job, started[0])
            return False
        return self._completion.end(job, outcome, self._clock(), has_stopped=True) is not None

    def _record(self, job: Job, task_arn: str) -> None:
        deadline = self._clock() + timedelta(minutes=self._settings.limits.launch_deadline_minutes)
        recorded = self._jobs.record_task(job, task_arn, deadline)
        if recorded is None or not recorded.status.is_live:
            self._launcher.stop(task_arn, "its job has moved on")
        else:
            count("JobsLaunched")
