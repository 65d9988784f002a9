"""Sweep: every minute, looks after what has fallen silent and what was never woken."""

from datetime import datetime, timedelta
from typing import Final

from chalicelib.domain.duty import Duty
from chalicelib.domain.ecs_failure import classify_stopped_task
from chalicelib.domain.job import Job, JobStatus
from chalicelib.domain.outcome import make_outcome
from chalicelib.domain.retrying import CAPACITY_DEADLINE
from chalicelib.domain.task_state import TaskState
from chalicelib.observability import count
from chalicelib.services.clock import Clock
from chalicelib.services.duties import isolated
from chalicelib.services.endings import EndingService
from chalicelib.services.runs import SILENCE
from chalicelib.storage.job_lists import JobLists
from chalicelib.storage.job_table import JobTable
from chalicelib.storage.launcher import Launcher
from chalicelib.storage.mark_table import MarkTable
from chalicelib.storage.queues import WakeUpQueue

__all__ = ["SweepService"]

_STOP_TIME: Final = timedelta(minutes=3)
"""How long ECS may take to stop a task: its stop time-out of 2 minutes, and some."""

_OVERTIME: Final = timedelta(minutes=10)
"""How much longer than its maximum run time a run may take, to save and upload."""


class SweepService:
    """Looks after overdue jobs.

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
        endings: EndingService,
        clock: Clock,
    ) -> None:
        self._jobs = jobs
        self._lists = lists
        self._marks = marks
        self._launcher = launcher
        self._wake_ups = wake_ups
        self._endings = endings
        self._clock = clock

    def run(self) -> None:
        """Look at every live job whose deadline has passed, then wake the dispatcher if it may have something to do.

        What fails holds up nothing else.
        """
        more = False
        with isolated(Duty.RUNS):
            for row in self._lists.overdue(self._clock()):
                with isolated(Duty.RUNS, owner_id=row.owner_id, job_id=row.job_id):
                    more |= self._look_after(row.owner_id, row.job_id)
        with isolated(Duty.WAKE_UPS):
            if more or next(self._lists.waiting(self._clock(), per_owner=1), None):
                self._wake_ups.send("sweep")

    def _look_after(self, owner_id: str, job_id: str) -> bool:
        """Look after one job; True if the dispatcher may have something to do now."""
        now = self._clock()
        job = self._jobs.get(owner_id, job_id, now)
        if job is None or not job.status.is_live or job.deadline is None or job.deadline > now:
            return False
        if job.status is JobStatus.QUEUED and job.task_arn is None:
            self._launch_again(job, now)
            return True
        if job.status is JobStatus.IN_PROGRESS and (last := self._last_sign(job)) > now - SILENCE:
            return self._go_on(job, last, now)
        return self._end_or_stop(job, self._outcome_code(job), now)

    def _launch_again(self, job: Job, now: datetime) -> None:
        """Have a claimed job without a task launched again, as long as jobs wait for capacity; then it ends."""
        if now - (job.waiting_since or now) >= CAPACITY_DEADLINE:
            self._endings.end(job, make_outcome("throttled"), now)
        else:
            self._jobs.change(job, now, deadline=now + _STOP_TIME)

    def _last_sign(self, job: Job) -> datetime:
        beat = self._marks.last_beat(job.run_id)
        return beat.time if beat else job.start_time or job.update_time

    def _go_on(self, job: Job, last: datetime, now: datetime) -> bool:
        """Set the deadline of a run that is alive anew, unless it has run far too long."""
        if job.start_time and now > job.start_time + job.spec.timeout + _OVERTIME:
            return self._end_or_stop(job, "timeout", now)
        self._jobs.change(job, now, deadline=last + SILENCE)
        return False

    @staticmethod
    def _outcome_code(job: Job) -> str:
        return "never_started" if job.status is JobStatus.QUEUED else "silent"

    def _end_or_stop(self, job: Job, code: str, now: datetime) -> bool:
        """End the attempt if its task has stopped (True); stop the task otherwise, and look again."""
        task = self._launcher.describe(job.task_arn) if job.task_arn else None
        if job.task_arn and task and not task.has_stopped:
            count("TasksStoppedBySweep")
            self._launcher.stop(job.task_arn, f"sweep: {code}")
            self._jobs.change(job, now, deadline=now + _STOP_TIME)
            return False
        known, message = _what_ecs_knows(task)
        return self._endings.end(job, make_outcome(known or code, message), now) is not None


def _what_ecs_knows(task: TaskState | None) -> tuple[str, str]:
    """Give the outcome code of a stopped task where ECS tells more than that it is gone or that we stopped it."""
    if task is None or task.stop_code == "UserInitiated":
        return "", ""
    return classify_stopped_task(
        stop_code=task.stop_code,
        reason=task.stopped_reason,
        exit_code=task.exit_code,
        container_reason=task.container_reason,
    )
