"""Task events: what ECS tells of the containers, at least once and in any order."""

import logging
from datetime import datetime, timedelta
from typing import Any, Final

from chalicelib.config import Limits
from chalicelib.domain.ecs_failure import classify_stopped_task
from chalicelib.domain.job import Job, JobStatus, Phase, PhaseCode
from chalicelib.domain.outcome import make_outcome
from chalicelib.domain.task_state import TaskState
from chalicelib.domain.task_watch import TaskMatch, match_task
from chalicelib.errors import ConflictError
from chalicelib.observability import count
from chalicelib.services.attempt_completion import AttemptCompletionService
from chalicelib.services.clock import Clock
from chalicelib.storage.job_table import JobTable
from chalicelib.storage.queues import WakeUpQueue
from chalicelib.storage.task_launcher import Launcher

__all__ = ["TaskEventService"]

_log = logging.getLogger(__name__)

_TRIES: Final = 3
"""How often an event is taken again whose job moved on between read and write."""

_PROVISIONING = {
    "PROVISIONING": "getting a place on Fargate",
    "PENDING": "pulling the image",
    "ACTIVATING": "starting the container",
    "RUNNING": "the container has started",
}
"""What a task's status means to whoever waits for it."""


class TaskEventService:
    """Follows tasks.

    Parameters
    ----------
    limits
        The operator's limits.
    jobs, launcher, wake_ups
        The stores.
    endings
        Ends attempts whose container is gone.
    clock
        Tells the time.
    """

    def __init__(
        self,
        limits: Limits,
        *,
        jobs: JobTable,
        launcher: Launcher,
        wake_ups: WakeUpQueue,
        endings: AttemptCompletionService,
        clock: Clock,
    ) -> None:
        self._limits = limits
        self._jobs = jobs
        self._launcher = launcher
        self._wake_ups = wake_ups
        self._completion = endings
        self._clock = clock

    def handle(self, task: TaskState) -> None:
        """Take one event. A task that runs and that no record names is stopped; tasks that are not ours are left alone.

        Raises
        ------
        ConflictError
            If the job kept changing state meanwhile: the event comes again.
        """
        run_id = task.run_id
        if run_id is None:
            return
        for _ in range(_TRIES):
            job = self._jobs.get(run_id.owner_id, run_id.job_id, self._clock())
            standing = match_task(job, task)
            if standing is TaskMatch.ORPHANED:
                self._stop_orphaned(task)
            if job is None or standing is not TaskMatch.CURRENT or self._take(job, task):
                return
        raise ConflictError(f"The job of task {task.task_arn} kept changing state.")

    def _stop_orphaned(self, task: TaskState) -> None:
        if task.is_stopping:
            return
        count("TasksStopped", outcome=TaskMatch.ORPHANED)
        _log.warning("task stopped that no job names", extra={"task_arn": task.task_arn, "run_id": str(task.run_id)})
        self._launcher.stop(task.task_arn, "no job names it")

    def _take(self, job: Job, task: TaskState) -> bool:
        """Follow the current task of a job; False if the job moved on meanwhile."""
        now = self._clock()
        if not task.has_stopped:
            return self._note_progress(job, task, now)
        if job.task_arn is None:
            recorded = self._jobs.note_task(job, task_arn=task.task_arn)
            return recorded is not None and self._take(recorded, task)
        if self._note_stop(job, task, now) is None:
            return False
        self._wake_ups.send("a task has stopped")
        return True

    def _note_stop(self, job: Job, task: TaskState, now: datetime) -> Job | None:
        """End the attempt, unless it has ended before its task."""
        if not job.status.is_live:
            return self._jobs.note_task(job, deadline=None)
        code, message = classify_stopped_task(task)
        return self._completion.end(job, make_outcome(code, message), now, has_stopped=True)

    def _note_progress(self, job: Job, task: TaskState, now: datetime) -> bool:
        """Note how far a start is, and the task itself, should its dispatch not have got to record it."""
        changes: dict[str, Any] = {}
        if job.status is JobStatus.QUEUED and task.last_status in _PROVISIONING:
            changes["phase"] = Phase(PhaseCode.PROVISIONING, _PROVISIONING[task.last_status])
        if job.task_arn is None:
            changes["task_arn"] = task.task_arn
            if job.status is JobStatus.QUEUED:
                changes["deadline"] = now + timedelta(minutes=self._limits.launch_deadline_minutes)
        return (
            not changes or self._jobs.change(job, now if job.status.is_live else job.update_time, **changes) is not None
        )
