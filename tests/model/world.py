"""The world that the services act on: the record, ECS's tasks with their runners, operations in flight, and the table's stream."""

from typing import Any, Final, NamedTuple

from tests.model.record import Record

__all__ = [
    "Operation",
    "Task",
    "World",
    "has_ended",
    "is_settled",
    "is_unwatched",
    "may_launch",
    "replace_task",
    "simplify",
    "task_arn",
    "task_of",
]


class Task(NamedTuple):
    """A task of ECS, with the runner in it."""

    arn: str
    """Attempt, launch and copy: one launch may by mistake have two tasks."""
    runner: str = "boot"
    """boot, run, cut (healthy, but no runner can reach the service), hung (running without heartbeats), told (to stop), or
    `report <code>`."""
    stopping: bool = False
    """Whether ECS was asked to stop it."""
    stopped: str = ""
    """How it ended: `exit <code>`, `killed` after it was asked to stop, or `no capacity`."""
    result: str = ""
    """The code in the result object that its runner has stored."""

    @property
    def attempt(self) -> int:
        return int(self.arn.split(".")[0])

    @property
    def launch(self) -> int:
        return int(self.arn.split(".")[1])

    @property
    def is_checked_in(self) -> bool:
        """Whether its runner has a session token and has not ended."""
        return not self.stopped and self.runner != "boot"


class Operation(NamedTuple):
    """A running function of the service, with its progress."""

    kind: str
    subject: str = ""
    """The task, or the mode, that it is about."""
    detail: str = ""
    responses: tuple[Any, ...] = ()
    has_effects: bool = False
    """Whether it has changed anything. If not, the world is the same as if it had not started."""


class World(NamedTuple):
    """The state of everything."""

    record: Record | None = Record()
    """None after it is deleted."""
    tasks: tuple[Task, ...] = ()
    operations: tuple[Operation, ...] = ()
    stream: tuple[tuple[str, str, str], ...] = ()
    """What waits for the cleanup function: the first or the second cleanup; the attempt that was watched, and its task."""

    @property
    def running(self) -> tuple[Task, ...]:
        """The tasks that have not stopped."""
        return tuple(task for task in self.tasks if not task.stopped)


def task_arn(attempt: int, launch: int, copy: int = 0) -> str:
    """Return the ARN of a task."""
    return f"{attempt}.{launch}.{copy}"


def task_of(world: World, arn: str) -> Task | None:
    """Return a task; None if there is no such task."""
    return next((task for task in world.tasks if task.arn == arn), None)


def has_ended(world: World) -> bool:
    """Check whether the job has ended or is deleted."""
    return world.record is None or world.record.is_terminal


def is_unwatched(world: World) -> bool:
    """Check whether the job has ended and none of its tasks is watched."""
    return has_ended(world) and (world.record is None or not world.record.live_shard)


def is_settled(world: World) -> bool:
    """Check whether nothing is left to do: the job has ended, no task is watched, and none runs."""
    return is_unwatched(world) and not world.running


def may_launch(world: World) -> bool:
    """Check whether a dispatch is in flight."""
    return any(each.kind == "dispatch" for each in world.operations)


def replace_task(world: World, task: Task, **changes: Any) -> World:
    """Return the world with a changed task; a task that has stopped does not change."""
    after = task if task.stopped else task._replace(**changes)
    if after.stopped:
        after = after._replace(runner="", stopping=False)
    return world._replace(tasks=tuple(sorted(after if each.arn == task.arn else each for each in world.tasks)))


_FOR_TASKS: Final = ("dispatch", "sweep", "search", "event")
"""Operations that can still start, stop or read a task after the job has ended."""


def alone(world: World) -> tuple[Operation, ...]:
    """Return the operations in flight that, after the end of the job, run beside others and do nothing to tasks."""
    if not has_ended(world) or len(world.operations) < 2:
        return ()
    return tuple(each for each in world.operations if each.kind not in _FOR_TASKS)


def simplify(world: World) -> World:
    """Remove what no later step depends on, so that worlds that differ only in it become one.

    What containers of earlier attempts and of ended jobs can do to a record is checked for every record by itself.
    """
    if has_ended(world):
        left = tuple(each for each in world.operations if each not in alone(world))
        world = world._replace(operations=left)
    kept = {_simplify_task(world, task) for task in world.tasks if not task.stopped or _may_matter(world, task)}
    return world._replace(tasks=tuple(sorted(kept)))


def _may_matter(world: World, task: Task) -> bool:
    """Check whether a task that has stopped can still be read: by an operation that watches it, or by a repeated launch, which returns the same task."""
    record = world.record
    if record is None:
        return may_launch(world)
    return task.attempt == record.attempt and (record.live_shard or may_launch(world))


def _simplify_task(world: World, task: Task) -> Task:
    """Remove how a task of an ended attempt stopped, and, if the job has ended, what its runner was doing."""
    is_live = world.record is not None and world.record.is_live
    if task.stopped and not is_live:
        return task._replace(stopped="exit 1", result="")
    return task._replace(runner="boot", result="") if has_ended(world) and not task.stopped else task
