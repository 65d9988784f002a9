"""How a task is watched until ECS says that it has stopped, whatever has become of its job meanwhile."""

from datetime import timedelta
from enum import StrEnum
from typing import Final

from chalicelib.domain.job import Job
from chalicelib.domain.task_state import TaskState

__all__ = ["EXIT_TIME", "PATIENCE", "SETTLING_TIME", "STOP_TIME", "Standing", "judge_standing"]

EXIT_TIME: Final = timedelta(minutes=3)
"""How long a task may run on after its attempt has ended. A runner exits within seconds of its report, and ECS reports a stop within
its stop time-out of 2 minutes (`stopTimeout` on Fargate: at most 120 s, Amazon ECS developer guide); what runs longer hangs."""

STOP_TIME: Final = timedelta(minutes=3)
"""How long ECS may take to stop a task: the same stop time-out, and a margin. Then it is asked once more."""

SETTLING_TIME: Final = timedelta(minutes=2)
"""How long a launch may be under way unseen: dispatch runs for at most 60 s (`infra/queues.py`), and what ECS has accepted may not
be listed for a while (Amazon ECS API reference, `RunTask`: the API is eventually consistent)."""

PATIENCE: Final = timedelta(minutes=15)
"""How long a runner may be silent while ECS says that its task runs: heartbeats may be throttled or the API unreachable, and the runner
may still finish. Then the task is stopped."""


class Standing(StrEnum):
    """What a task is to the job that its run id names."""

    CURRENT = "current"
    """The job's record names it, or waits for it."""
    STRAY = "stray"
    """No record names it, and none will: if it runs, it has to be stopped."""
    UNKNOWN = "unknown"
    """It does not say which launch it is, and the job's launch is not recorded yet: a later event tells."""


def judge_standing(job: Job | None, task: TaskState) -> Standing:
    """Say what a task is to its job: the recorded task or, before one is recorded, the one of the current launch.

    Parameters
    ----------
    job
        The job that the task's run id names; None if there is none any more.
    task
        The task. It has a run id.
    """
    if job is None or not job.is_watched or task.run_id is None or job.attempt != task.run_id.attempt:
        return Standing.STRAY
    if job.task_arn is not None:
        return Standing.CURRENT if job.task_arn == task.task_arn else Standing.STRAY
    if task.launch is None:
        return Standing.UNKNOWN
    return Standing.CURRENT if job.launch == task.launch else Standing.STRAY
