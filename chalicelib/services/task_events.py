"""Task events: what ECS tells of the containers, at least once and in any order."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from chalicelib.config import Limits
from chalicelib.domain.ecs_failure import classify_stopped_task
from chalicelib.domain.job import Job, JobStatus, Phase, PhaseCode
from chalicelib.domain.outcome import make_outcome
from chalicelib.domain.task_state import TaskState
from chalicelib.errors import ConflictError
from chalicelib.services.clock import Clock
from chalicelib.services.endings import EndingService
from chalicelib.storage.job_table import JobTable
from chalicelib.storage.queues import WakeUpQueue

__all__ = ["TaskEventService", "is_of_current_launch"]

_TRIES: Final = 3
"""How often an event is taken again whose job moved on between read and write."""

_PROVISIONING = {
    "PROVISIONING": "getting a place on Fargate",
    "PENDING": "pulling the image",
    "ACTIVATING": "starting the container",
    "RUNNING": "the container has started",
}
"""What a task's status means to whoever waits for it."""


def is_of_current_launch(job: Job, task: TaskState) -> bool:
    """Whether a task is the current launch's: the recorded one, or before it is recorded, the one that says so."""
    if job.task_arn is not None:
        return job.task_arn == task.task_arn
    return task.launch == job.launch


class TaskEventService:
    """Follows tasks.

    Parameters
    ----------
    limits
        The operator's limits.
    jobs, wake_ups
        The stores.
    endings
        Ends attempts whose container is gone.
    clock
        Tells the time.
    """

    def __init__(
        self, limits: Limits, *, jobs: JobTable, wake_ups: WakeUpQueue, endings: EndingService, clock: Clock
    ) -> None:
        self._limits = limits
        self._jobs = jobs
        self._wake_ups = wake_ups
        self._endings = endings
        self._clock = clock

    def handle(self, task: TaskState) -> None:
        """Take one event; those of earlier launches and of ended jobs change nothing.

        Raises
        ------
        ConflictError
            If the job kept changing state meanwhile: the event comes again.
        """
        for _ in range(_TRIES):
            job = self._current_job(task)
            if job is None or self._take(job, task):
                return
        raise ConflictError(f"The job of task {task.task_arn} kept changing state.")

    def _current_job(self, task: TaskState) -> Job | None:
        """Find the live job whose current launch this task is."""
        run_id = task.run_id
        job = self._jobs.get(run_id.owner_id, run_id.job_id, self._clock()) if run_id else None
        if job is None or run_id is None or job.attempt != run_id.attempt or not job.status.is_live:
            return None
        return job if is_of_current_launch(job, task) else None

    def _take(self, job: Job, task: TaskState) -> bool:
        """Follow the task; False if the job moved on meanwhile."""
        now = self._clock()
        if not task.has_stopped:
            return self._note_progress(job, task, now)
        code, message = classify_stopped_task(
            stop_code=task.stop_code,
            reason=task.stopped_reason,
            exit_code=task.exit_code,
            container_reason=task.container_reason,
        )
        # With its task, so that a launch that follows on demand does not keep this one's.
        if self._endings.end(replace(job, task_arn=task.task_arn), make_outcome(code, message), now) is None:
            return False
        self._wake_ups.send("a task has stopped")
        return True

    def _note_progress(self, job: Job, task: TaskState, now: datetime) -> bool:
        """Note how far a start is, and the task itself, should its dispatch not have got to record it."""
        changes: dict[str, Any] = {}
        if job.status is JobStatus.QUEUED and task.last_status in _PROVISIONING:
            changes["phase"] = Phase(PhaseCode.PROVISIONING, _PROVISIONING[task.last_status])
        if job.task_arn is None:
            changes["task_arn"] = task.task_arn
            if job.status is JobStatus.QUEUED:
                changes["deadline"] = now + timedelta(minutes=self._limits.launch_deadline_minutes)
        return not changes or self._jobs.change(job, now, **changes) is not None
