"""Task events of ECS, which are delivered at least once and in any order."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from chalicelib.config import Limits
from chalicelib.domain.ecs_failure import classify_stopped_task
from chalicelib.domain.job import Job, JobStatus, Phase, PhaseCode
from chalicelib.domain.task_state import TaskState
from chalicelib.domain.task_watch import TaskMatch, match_task
from chalicelib.errors import ConflictError
from chalicelib.observability import count
from chalicelib.services.attempt_completion import AttemptCompletionService
from chalicelib.services.attempt_results import AttemptResultService
from chalicelib.services.clock import Clock
from chalicelib.storage.job_table import JobTable
from chalicelib.storage.queues import WakeUpQueue
from chalicelib.storage.task_launcher import Launcher

__all__ = ["TaskEventService"]

_log = logging.getLogger(__name__)

_TRIES: Final = 3
"""How often an event is tried if the job changes between read and write."""

_PROVISIONING = {
    "PROVISIONING": "getting a place on Fargate",
    "PENDING": "pulling the image",
    "ACTIVATING": "starting the container",
    "RUNNING": "the container has started",
}
"""Messages for the user, by a task's status."""


@dataclass(frozen=True, kw_only=True)
class TaskEventService:
    """Handles the events of tasks."""

    limits: Limits
    jobs: JobTable
    launcher: Launcher
    wake_ups: WakeUpQueue
    completion: AttemptCompletionService
    results: AttemptResultService
    clock: Clock

    def handle(self, task: TaskState) -> None:
        """Handle one event. An orphaned task is stopped; tasks that are not ours are ignored.

        Raises
        ------
        ConflictError
            If the job kept changing state: the event is delivered again.
        """
        run_id = task.run_id
        if run_id is None:
            return
        for _ in range(_TRIES):
            job = self.jobs.get(run_id.owner_id, run_id.job_id, self.clock())
            standing = match_task(job, task)
            if standing is TaskMatch.ORPHANED:
                self._stop_orphaned(task)
            if job is None or standing is not TaskMatch.CURRENT or self._follow(job, task):
                return
        raise ConflictError(f"The job of task {task.task_arn} kept changing state.")

    def _stop_orphaned(self, task: TaskState) -> None:
        if task.is_stopping:
            return
        count("TasksStopped", outcome="orphaned")
        _log.warning("orphaned task stopped", extra={"task_arn": task.task_arn, "run_id": str(task.run_id)})
        self.launcher.stop(task.task_arn, "no job names it")

    def _follow(self, job: Job, task: TaskState) -> bool:
        """Update a job from its current task; False if the job has changed meanwhile."""
        now = self.clock()
        if not task.has_stopped:
            return self._note_progress(job, task, now)
        if job.task_arn is None:
            recorded = self.jobs.note_task(job, task_arn=task.task_arn)
            return recorded is not None and self._follow(recorded, task)
        if self._note_stop(job, task, now) is None:
            return False
        self.wake_ups.send("a task has stopped")
        return True

    def _note_stop(self, job: Job, task: TaskState, now: datetime) -> Job | None:
        """End the attempt, unless it has ended already."""
        if not job.status.is_live:
            return self.jobs.note_task(job, deadline=None)
        result = self.results.find(job, *classify_stopped_task(task), now)
        return self.completion.end(job, result, now, has_stopped=True)

    def _note_progress(self, job: Job, task: TaskState, now: datetime) -> bool:
        """Store the progress of a start, and the task itself if dispatch has not recorded it."""
        changes: dict[str, Any] = {}
        if job.status is JobStatus.QUEUED and task.last_status in _PROVISIONING:
            changes["phase"] = Phase(PhaseCode.PROVISIONING, _PROVISIONING[task.last_status])
        if job.task_arn is None:
            changes["task_arn"] = task.task_arn
            if job.status is JobStatus.QUEUED:
                changes["deadline"] = now + timedelta(minutes=self.limits.launch_deadline_minutes)
        return (
            not changes or self.jobs.change(job, now if job.status.is_live else job.update_time, **changes) is not None
        )
