"""Task events: what ECS tells of the containers, at least once and in any order."""

import logging

from chalicelib.domain.job import Job, JobStatus, Phase, PhaseCode
from chalicelib.domain.outcome import classify_stopped_task, make_outcome
from chalicelib.domain.task_state import TaskState
from chalicelib.services.clock import Clock
from chalicelib.services.endings import EndingService
from chalicelib.storage.job_table import JobTable

__all__ = ["TaskEventService", "is_of_current_launch"]

_log = logging.getLogger(__name__)

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
    jobs
        The jobs table.
    endings
        Ends attempts whose container is gone.
    clock
        Tells the time.
    """

    def __init__(self, *, jobs: JobTable, endings: EndingService, clock: Clock) -> None:
        self._jobs = jobs
        self._endings = endings
        self._clock = clock

    def handle(self, task: TaskState) -> None:
        """Take one event; those of earlier launches and of ended jobs change nothing."""
        run_id, now = task.run_id, self._clock()
        job = self._jobs.get(run_id.owner_id, run_id.job_id, now) if run_id else None
        if job is None or run_id is None or job.attempt != run_id.attempt or not job.status.is_live:
            return
        if not is_of_current_launch(job, task):
            return
        if task.has_stopped:
            code, message = classify_stopped_task(
                stop_code=task.stop_code,
                reason=task.stopped_reason,
                exit_code=task.exit_code,
                container_reason=task.container_reason,
            )
            self._endings.end(job, make_outcome(code, message), now)
        elif job.status is JobStatus.QUEUED and task.last_status in _PROVISIONING:
            self._jobs.change(job, now, phase=Phase(PhaseCode.PROVISIONING, _PROVISIONING[task.last_status]))
