"""Watch a task until ECS says that it has stopped, whatever happens to its job in the meantime."""

from datetime import timedelta
from enum import StrEnum
from typing import Final

from chalicelib.domain.job import Job
from chalicelib.domain.task_state import TaskState

__all__ = [
    "EXIT_TIMEOUT",
    "LAUNCH_SETTLING_TIME",
    "STOP_TIMEOUT",
    "UNRESPONSIVE_TIMEOUT",
    "TaskMatch",
    "match_task",
]

EXIT_TIMEOUT: Final = timedelta(minutes=3)
"""How long a task may run after its attempt has ended. A runner exits within seconds of its report, and ECS reports a stop within
its stop timeout of 2 minutes (`stopTimeout` on Fargate: at most 120 s, Amazon ECS developer guide). A task that runs longer hangs."""

STOP_TIMEOUT: Final = timedelta(minutes=3)
"""How long ECS may take to stop a task: the same stop timeout, and a margin. After that, ECS is asked again."""

LAUNCH_SETTLING_TIME: Final = timedelta(minutes=2)
"""How long a launch may stay invisible: dispatch runs for at most 60 s (`infra/queues.py`), and ECS may list an accepted task only
after a delay (Amazon ECS API reference, `RunTask`: the API is eventually consistent)."""

UNRESPONSIVE_TIMEOUT: Final = timedelta(minutes=15)
"""How long a runner may send no heartbeat while ECS says that its task runs. Heartbeats may be throttled or the API unreachable, and
the runner may still finish. After that, the task is stopped."""


class TaskMatch(StrEnum):
    """How a task relates to the job that its run id names."""

    CURRENT = "current"
    """The task belongs to the job: the record names it, or waits for it."""
    ORPHANED = "orphaned"
    """No record names the task, and none ever will. If it runs, it must be stopped."""
    UNKNOWN = "unknown"
    """The task does not contain its launch number, and the job's record does not name a task yet. A later event decides."""


def match_task(job: Job | None, task: TaskState) -> TaskMatch:
    """Compare a task with its job: with the recorded task or, before one is recorded, with the current launch.

    Parameters
    ----------
    job
        The job that the task's run id names; None if it no longer exists.
    task
        The task. It has a run id.
    """
    if job is None or not job.is_watched or task.run_id is None or job.attempt != task.run_id.attempt:
        return TaskMatch.ORPHANED
    if job.task_arn is not None:
        return TaskMatch.CURRENT if job.task_arn == task.task_arn else TaskMatch.ORPHANED
    if task.launch is None:
        return TaskMatch.UNKNOWN
    return TaskMatch.CURRENT if job.launch == task.launch else TaskMatch.ORPHANED
