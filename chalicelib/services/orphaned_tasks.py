"""Orphaned tasks: finds the running tasks that no job's record names, and handles each as if ECS had sent an event about it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from chalicelib.domain.background_work import BackgroundWork
from chalicelib.domain.task_state import TaskState
from chalicelib.observability import measure
from chalicelib.services.background_work import OutOfTimeError, for_each
from chalicelib.services.clock import Clock
from chalicelib.services.task_events import TaskEventService
from chalicelib.storage.job_lists import JobLists
from chalicelib.storage.task_launcher import Launcher

__all__ = ["OrphanedTaskService"]


@dataclass(frozen=True, kw_only=True)
class OrphanedTaskService:
    """Compares what runs in the cluster with what the records name."""

    lists: JobLists
    launcher: Launcher
    task_events: TaskEventService
    clock: Clock

    def run(self, until: datetime) -> None:
        """Handle each running task that no record names: stop it, or record it if its job waits for it.

        While nothing runs, this is one call. For each hundred running tasks, it is one more; the index of live jobs is read once, and
        only tasks that it lacks are described.

        Parameters
        ----------
        until
            When to start nothing new; the next sweep looks again.

        Raises
        ------
        OutOfTimeError
            If there was no time for all of them.
        """
        is_done = for_each(
            BackgroundWork.ORPHANED_TASKS,
            self._unrecorded(),
            self.task_events.handle,
            ids=lambda task: {"task_arn": task.task_arn},
            until=until,
            clock=self.clock,
        )
        if not is_done:
            raise OutOfTimeError

    def _unrecorded(self) -> Iterator[TaskState]:
        """Yield the running tasks that the index does not name. It may lag: who handles a task reads its job consistently.

        A job is claimed before its task is launched, and tasks are listed before jobs are read. So a task that dispatch is launching is
        never mistaken for an orphan.
        """
        running = self.launcher.running()
        if not running:
            return
        live = self.lists.live()
        recorded = {job.task_arn for job in live}
        unrecorded = [task_arn for task_arn in running if task_arn not in recorded]
        measure(
            "tasks running",
            running_tasks=len(running),
            unrecorded_tasks=len(unrecorded),
            slots_in_use=len(live),
            max_running_jobs=self.task_events.limits.max_running_jobs,
        )
        yield from self.launcher.describe_all(unrecorded)
