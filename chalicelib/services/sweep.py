"""Sweep: every minute, looks after what has fallen silent, what runs on after its job, and what was never woken."""

import logging
from datetime import datetime, timedelta
from typing import Final

from chalicelib.domain.background_work import BackgroundWork
from chalicelib.domain.ecs_failure import classify_stopped_task
from chalicelib.domain.job import Job, JobStatus
from chalicelib.domain.outcome import OutcomeCode, make_outcome
from chalicelib.domain.retry_policy import CAPACITY_DEADLINE
from chalicelib.domain.task_state import TaskState
from chalicelib.domain.task_watch import STOP_TIMEOUT, UNRESPONSIVE_TIMEOUT
from chalicelib.observability import count
from chalicelib.services.attempt_completion import AttemptCompletionService
from chalicelib.services.background_work import isolated
from chalicelib.services.clock import Clock
from chalicelib.services.runs import HEARTBEAT_TIMEOUT
from chalicelib.storage.job_lists import JobLists
from chalicelib.storage.job_table import JobTable
from chalicelib.storage.mark_table import MarkTable
from chalicelib.storage.queues import WakeUpQueue
from chalicelib.storage.task_launcher import Launcher

__all__ = ["SweepService"]

_log = logging.getLogger(__name__)

_OVERTIME: Final = timedelta(minutes=10)
"""How much longer than its maximum run time a run may take, to save and upload."""


class SweepService:
    """Looks after jobs whose deadline has passed.

    Parameters
    ----------
    jobs, lists, marks, launcher, wake_ups
        The stores.
    endings
        Ends attempts whose container is gone.
    clock
        Tells the time.
    """

    def __init__(
        self,
        *,
        jobs: JobTable,
        lists: JobLists,
        marks: MarkTable,
        launcher: Launcher,
        wake_ups: WakeUpQueue,
        endings: AttemptCompletionService,
        clock: Clock,
    ) -> None:
        self._jobs = jobs
        self._lists = lists
        self._marks = marks
        self._launcher = launcher
        self._wake_ups = wake_ups
        self._completion = endings
        self._clock = clock

    def run(self) -> None:
        """Look at every job with a task whose deadline has passed, then wake the dispatcher if it may have something to do.

        What fails holds up nothing else.
        """
        more = False
        with isolated(BackgroundWork.RUNS):
            for row in self._lists.overdue(self._clock()):
                with isolated(BackgroundWork.RUNS, owner_id=row.owner_id, job_id=row.job_id):
                    more |= self._look_after(row.owner_id, row.job_id)
        with isolated(BackgroundWork.WAKE_UPS):
            if more or next(self._lists.waiting(self._clock(), per_owner=1), None):
                self._wake_ups.send("sweep")

    def _look_after(self, owner_id: str, job_id: str) -> bool:
        """Look after one job; True if the dispatcher may have something to do now.

        What becomes of a job depends on its task, so ECS is asked: if it does not answer, nothing is decided and the next sweep asks again.
        """
        now = self._clock()
        job = self._jobs.get(owner_id, job_id, now)
        if job is None or job.deadline is None or job.deadline > now:
            return False
        if _waits_for_launch(job, now):
            return self._jobs.change(job, now, deadline=now + STOP_TIMEOUT) is not None
        silent_for = self._silent_for(job, now)
        if silent_for is not None and silent_for < HEARTBEAT_TIMEOUT:
            self._jobs.change(job, now, deadline=now - silent_for + HEARTBEAT_TIMEOUT)
            return False
        if job.task_arn is None:
            return self._look_for_task(job, now)
        task = self._launcher.describe(job.task_arn)
        if task is None or task.has_stopped:
            return self._end(job, task, now)
        if silent_for is not None and silent_for < UNRESPONSIVE_TIMEOUT:
            self._jobs.change(job, now, deadline=now + min(HEARTBEAT_TIMEOUT, UNRESPONSIVE_TIMEOUT - silent_for))
            return False
        self._stop(job, task, now)
        return False

    def _silent_for(self, job: Job, now: datetime) -> timedelta | None:
        """Say how long nothing was heard from a run; None for a job whose runner cannot gain time by its heartbeats."""
        if job.status is not JobStatus.IN_PROGRESS or _is_overtime(job, now):
            return None
        heartbeat = self._marks.last_heartbeat(job.run_id)
        return now - (heartbeat.time if heartbeat else job.start_time or job.update_time)

    def _look_for_task(self, job: Job, now: datetime) -> bool:
        """Look for a task that was never recorded: it is recorded, and looked at by the next sweep; without one, the attempt is over."""
        found = self._launcher.find(job.run_id)
        if not found:
            return self._end(job, None, now)
        self._jobs.note_task(job, task_arn=found[0])
        for task_arn in found[1:]:
            self._launcher.stop(task_arn, "a second task of one launch")
        return False

    def _end(self, job: Job, task: TaskState | None, now: datetime) -> bool:
        """Draw the consequences of a task that has stopped, or is not found: end the attempt, or the watch over one that has ended.

        A dispatch may be launching a task just now of which no record tells: then the job stays watched until the next look.
        """
        if not job.status.is_live:
            return self._jobs.note_task(job, deadline=None) is not None
        code, message = _known_cause(task) or (_reason(job, now), "")
        outcome = make_outcome(code, message)
        return self._completion.end(job, outcome, now, has_stopped=job.task_arn is not None) is not None

    def _stop(self, job: Job, task: TaskState, now: datetime) -> None:
        """Ask ECS to stop a task, and look again later."""
        reason = _reason(job, now)
        if not task.is_stopping:
            count("TasksStopped", outcome=reason)
            ids = {"owner_id": job.owner_id, "job_id": job.job_id, "task_arn": task.task_arn}
            _log.warning("task stopped by the sweep", extra={**ids, "reason": reason})
        self._launcher.stop(task.task_arn, f"sweep: {reason}")
        self._jobs.note_task(job, deadline=now + STOP_TIMEOUT)


def _waits_for_launch(job: Job, now: datetime) -> bool:
    """Whether a claimed job has no task yet, and is to be launched again: as long as jobs wait for capacity."""
    is_claimed = job.status is JobStatus.QUEUED and job.task_arn is None
    return is_claimed and now - (job.waiting_since or now) < CAPACITY_DEADLINE


def _is_overtime(job: Job, now: datetime) -> bool:
    return job.start_time is not None and now > job.start_time + job.spec.timeout + _OVERTIME


def _reason(job: Job, now: datetime) -> str:
    """Say why a task is stopped, or why a live job's attempt ends whose task has stopped without a word: then it is an outcome's code."""
    if not job.status.is_live:
        return "outlived its attempt"
    if job.status is JobStatus.QUEUED:
        return OutcomeCode.NEVER_STARTED if job.task_arn else OutcomeCode.THROTTLED
    return OutcomeCode.TIMEOUT if _is_overtime(job, now) else OutcomeCode.HEARTBEAT_TIMEOUT


def _known_cause(task: TaskState | None) -> tuple[OutcomeCode, str] | None:
    """Return the outcome code and message of a stopped task; None if ECS has forgotten it, or this service stopped it."""
    return None if task is None or task.was_stopped_by_request else classify_stopped_task(task)
