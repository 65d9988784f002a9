"""Watch a task until ECS says that it has stopped, whatever happens to its job in the meantime."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from chalicelib.domain.job import Heartbeat, Job, PhaseCode
from chalicelib.domain.outcome import OUTCOMES, Fault, Outcome, OutcomeCode, make_outcome
from chalicelib.domain.task_state import TaskState

__all__ = [
    "EXIT_TIMEOUT",
    "FINISH_TIMEOUT",
    "HEARTBEAT_TIMEOUT",
    "LAUNCH_SETTLING_TIME",
    "OUTAGE_TIMEOUT",
    "STOP_TIMEOUT",
    "UNRESPONSIVE_TIMEOUT",
    "TaskMatch",
    "is_finishing",
    "is_overtime",
    "match_task",
    "outcome_without_result",
]

EXIT_TIMEOUT: Final = timedelta(minutes=3)
"""How long a task may run after its attempt has ended. A runner exits within seconds of its report, and ECS reports a stop within
its stop timeout of 2 minutes (`stopTimeout` on Fargate: at most 120 s, Amazon ECS developer guide). A task that runs longer hangs."""

STOP_TIMEOUT: Final = timedelta(minutes=3)
"""How long ECS may take to stop a task: the same stop timeout, and a margin. After that, ECS is asked again."""

LAUNCH_SETTLING_TIME: Final = timedelta(minutes=2)
"""How long a launch may stay invisible: dispatch runs for at most 60 s (`infra/queues.py`), and ECS may list an accepted task only
after a delay (Amazon ECS API reference, `RunTask`: the API is eventually consistent)."""

HEARTBEAT_TIMEOUT: Final = timedelta(minutes=5)
"""How long a run may go without a heartbeat before the sweep checks it: 20 heartbeats. Of another runner, how long the service must have
answered its heartbeats to prove that it can be reached: a runner that is cut off tries again every 5 s."""

UNRESPONSIVE_TIMEOUT: Final = timedelta(minutes=15)
"""How long a runner may send no heartbeat while ECS says that its task runs and the service answers another runner. Heartbeats may be
throttled, and the runner may still finish. After that, the task is stopped."""

OUTAGE_TIMEOUT: Final = timedelta(hours=2)
"""The same if no other runner is answered: the service itself may be unreachable, which is no reason to stop a healthy run. Longer than
an outage of an hour and what follows it; a runner that hangs alone costs at most this."""

FINISH_TIMEOUT: Final = timedelta(hours=1)
"""How long a runner may convert, upload and report after its maximum run time, or after it was told to stop: 2 GiB of outputs (the
default limit) take a minute on Fargate, so this is the time to wait for a service or a store that is unreachable."""

_OVERTIME: Final = timedelta(minutes=10)
"""When a run is stopped whose runner does not enforce the maximum run time, counted from that time …"""

_LATE_CELL: Final = timedelta(minutes=2)
"""… which a heartbeat shows that comes so long after it and says that cells still run: a runner ends them within a minute."""


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


def is_finishing(heartbeat: Heartbeat) -> bool:
    """Check whether a run has executed its cells and is making and uploading outputs."""
    return heartbeat.phase.code in (PhaseCode.CONVERTING, PhaseCode.UPLOADING)


def is_overtime(job: Job, heartbeat: Heartbeat | None, now: datetime) -> bool:
    """Check whether a run has exceeded its maximum run time by so much that its runner cannot be working as it should.

    Parameters
    ----------
    job
        The job. The time of each attempt counts by itself.
    heartbeat
        The last heartbeat of the attempt.
    """
    if job.run_start is None:
        return False
    over = now - (job.run_start + job.spec.timeout)
    return over > FINISH_TIMEOUT or (over > _OVERTIME and _executes_late(job.run_start + job.spec.timeout, heartbeat))


def _executes_late(end: datetime, heartbeat: Heartbeat | None) -> bool:
    return heartbeat is not None and not is_finishing(heartbeat) and heartbeat.time > end + _LATE_CELL


def outcome_without_result(job: Job, code: str, message: str, now: datetime, heartbeat: Heartbeat | None) -> Outcome:
    """Make the outcome of an attempt that has ended without a word of its runner: a timeout if it had run longer than its job may.

    Parameters
    ----------
    job
        The job.
    code, message
        What ECS or the sweep says about the end.
    heartbeat
        The last heartbeat of the attempt. The message begins with its cell; that is not necessarily the cell in which the attempt
        ended, so the outcome itself has none.
    """
    is_over = job.run_start is not None and now > job.run_start + job.spec.timeout
    if is_over and OUTCOMES[OutcomeCode(code)].fault is Fault.INFRASTRUCTURE:
        code, message = OutcomeCode.TIMEOUT, ""
    last, rest = _last_cell(heartbeat), message or OUTCOMES[OutcomeCode(code)].advice
    return make_outcome(code, f"{last} {rest}" if last else rest)


def _last_cell(heartbeat: Heartbeat | None) -> str:
    """Return a sentence that names the last cell that an attempt reported; empty if it did not report any."""
    if heartbeat is None or heartbeat.phase.cell is None:
        return ""
    phase = heartbeat.phase
    return f"Last reported: cell {phase.cell}" + (f" of {phase.cells}." if phase.cells else ".")
