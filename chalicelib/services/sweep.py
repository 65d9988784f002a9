"""The sweep of jobs: every minute, handles runs without heartbeats, tasks that outlive their jobs, and lost wake-ups."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from chalicelib.domain.background_work import BackgroundWork
from chalicelib.domain.ecs_failure import classify_stopped_task
from chalicelib.domain.job import Heartbeat, Job, JobStatus, LiveJob
from chalicelib.domain.outcome import OutcomeCode
from chalicelib.domain.retry_policy import CAPACITY_DEADLINE
from chalicelib.domain.task_state import TaskState
from chalicelib.domain.task_watch import (
    FINISH_TIMEOUT,
    HEARTBEAT_TIMEOUT,
    OUTAGE_TIMEOUT,
    STOP_TIMEOUT,
    UNRESPONSIVE_TIMEOUT,
    is_finishing,
    is_overtime,
)
from chalicelib.observability import count
from chalicelib.services.attempt_completion import AttemptCompletionService
from chalicelib.services.attempt_results import AttemptResultService
from chalicelib.services.background_work import OutOfTimeError, for_each, isolated
from chalicelib.services.clock import NEVER, Clock
from chalicelib.services.connectivity import ConnectivityService
from chalicelib.storage.job_lists import JobLists
from chalicelib.storage.job_table import JobTable
from chalicelib.storage.mark_table import MarkTable
from chalicelib.storage.queues import WakeUpQueue
from chalicelib.storage.task_launcher import Launcher

__all__ = ["SweepService"]

_log = logging.getLogger(__name__)

_RETRY_INTERVAL: Final = timedelta(minutes=1)
"""When a job whose check failed is checked again. Until then it is behind the others, so that jobs that always fail cannot use up all
the time of each sweep."""


@dataclass(frozen=True, kw_only=True)
class SweepService:
    """Handles jobs whose deadline has passed."""

    jobs: JobTable
    lists: JobLists
    marks: MarkTable
    launcher: Launcher
    wake_ups: WakeUpQueue
    completion: AttemptCompletionService
    results: AttemptResultService
    connectivity: ConnectivityService
    clock: Clock

    def run(self, until: datetime = NEVER) -> None:
        """Check every job with a task whose deadline has passed, the most overdue first; then wake the dispatcher if it may have work.

        Parameters
        ----------
        until
            When to start nothing new. The next sweep continues: a job that was checked has a later deadline, even if its check failed.
        """
        ended: list[LiveJob] = []

        def check(row: LiveJob) -> None:
            try:
                if self._check(row.owner_id, row.job_id):
                    ended.append(row)
            except Exception:
                self.jobs.postpone(row.owner_id, row.job_id, self.clock() + _RETRY_INTERVAL)
                raise

        with isolated(BackgroundWork.RUNS):
            overdue = self.lists.overdue(self.clock())
            if not for_each(BackgroundWork.RUNS, overdue, check, ids=_ids, until=until, clock=self.clock):
                raise OutOfTimeError
        with isolated(BackgroundWork.WAKE_UPS):
            if ended or any(self.lists.waiting(self.clock())):
                self.wake_ups.send("sweep")

    def _check(self, owner_id: str, job_id: str) -> bool:
        """Check one job; True if the dispatcher may have work now.

        The decision depends on the job's task. If ECS does not respond, nothing is decided and the next sweep asks again.
        """
        now = self.clock()
        job = self.jobs.get(owner_id, job_id, now)
        if job is None or job.deadline is None or job.deadline > now:
            return False
        if _waits_for_launch(job, now):
            return self.jobs.change(job, now, deadline=now + STOP_TIMEOUT) is not None
        elapsed = self._time_since_heartbeat(job, now)
        if elapsed is not None and elapsed < HEARTBEAT_TIMEOUT:
            self.jobs.note_task(job, deadline=now - elapsed + HEARTBEAT_TIMEOUT)
            return False
        if job.task_arn is None:
            return self._find_task(job, now)
        task = self.launcher.describe(job.task_arn)
        if task is None or task.has_stopped:
            return self._end(job, task, now)
        if elapsed is not None and self._may_be_working(job, elapsed, now):
            left = max(UNRESPONSIVE_TIMEOUT - elapsed, timedelta(0)) or HEARTBEAT_TIMEOUT
            self.jobs.note_task(job, deadline=now + min(HEARTBEAT_TIMEOUT, left))
            return False
        self._stop(job, task, now)
        return False

    def _time_since_heartbeat(self, job: Job, now: datetime) -> timedelta | None:
        """Return the time since a run's last heartbeat; None for a job that heartbeats cannot keep alive.

        A run that was told to stop has a few minutes to end its cells, and as long as any other for its outputs.
        """
        if job.status not in (JobStatus.IN_PROGRESS, JobStatus.STOPPING):
            return None
        heartbeat = self.marks.last_heartbeat(job.run_id)
        if is_overtime(job, heartbeat, now) or (
            job.status is JobStatus.STOPPING and not _ends_a_stop(job, heartbeat, now)
        ):
            return None
        return now - (heartbeat.time if heartbeat else job.run_start or job.update_time)

    def _may_be_working(self, job: Job, elapsed: timedelta, now: datetime) -> bool:
        """Check whether a silent runner, whose task is running, may be healthy: for longer if the service may be unreachable for all."""
        if elapsed < UNRESPONSIVE_TIMEOUT:
            return True
        return elapsed < OUTAGE_TIMEOUT and not self.connectivity.is_proven(job, now)

    def _find_task(self, job: Job, now: datetime) -> bool:
        """Find a task that was not recorded, and record it for the next sweep; without one, end the attempt."""
        task_arns = self.launcher.find(job.run_id)
        if not task_arns:
            return self._end(job, None, now)
        self.jobs.note_task(job, task_arn=task_arns[0])
        for task_arn in task_arns[1:]:
            self.launcher.stop(task_arn, "a second task of one launch")
        return False

    def _end(self, job: Job, task: TaskState | None, now: datetime) -> bool:
        """End the attempt whose task has stopped or was not found; if it has ended already, stop watching it.

        If no task is recorded, dispatch may be launching one now: the job then stays watched until the next check.
        """
        if not job.status.is_live:
            return self.jobs.note_task(job, deadline=None) is not None
        code, message = _classify(task)
        result = self.results.find(job, code or _reason(job, now), message, now)
        return self.completion.end(job, result, now, has_stopped=job.task_arn is not None) is not None

    def _stop(self, job: Job, task: TaskState, now: datetime) -> None:
        """Request that ECS stops a task, and check again later."""
        reason = _reason(job, now)
        if not task.is_stopping:
            count("TasksStopped", outcome=reason)
            ids = {"owner_id": job.owner_id, "job_id": job.job_id, "task_arn": task.task_arn}
            _log.warning("task stopped by the sweep", extra={**ids, "reason": reason})
        self.launcher.stop(task.task_arn, f"sweep: {reason}")
        self.jobs.note_task(job, deadline=now + STOP_TIMEOUT)


def _ids(row: LiveJob) -> dict[str, str]:
    return {"owner_id": row.owner_id, "job_id": row.job_id}


def _waits_for_launch(job: Job, now: datetime) -> bool:
    """Check whether a claimed job has no task yet and can still be launched: as long as jobs wait for capacity."""
    is_claimed = job.status is JobStatus.QUEUED and job.task_arn is None
    return is_claimed and now - (job.waiting_since or now) < CAPACITY_DEADLINE


def _ends_a_stop(job: Job, heartbeat: Heartbeat | None, now: datetime) -> bool:
    """Check whether a run that was told to stop has ended its cells and is uploading its outputs."""
    stopped_at = job.stopped_by.time if job.stopped_by else job.update_time
    return heartbeat is not None and is_finishing(heartbeat) and now - stopped_at < FINISH_TIMEOUT


def _reason(job: Job, now: datetime) -> str:
    """Return why a task is stopped or, as the code of an outcome, why an attempt ends whose task has stopped without a report."""
    if not job.status.is_live:
        return "outlived its attempt"
    if job.status is JobStatus.QUEUED:
        return OutcomeCode.NEVER_STARTED if job.task_arn else OutcomeCode.THROTTLED
    is_over = job.run_start is not None and now > job.run_start + job.spec.timeout
    return OutcomeCode.TIMEOUT if is_over else OutcomeCode.HEARTBEAT_TIMEOUT


def _classify(task: TaskState | None) -> tuple[str, str]:
    """Return outcome code and message of a stopped task; empty if ECS does not know it, or we have stopped it."""
    if task is None or task.stop_code == "UserInitiated":
        return "", ""
    return classify_stopped_task(task)
