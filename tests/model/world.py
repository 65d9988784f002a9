"""The world that the services act on: the record, ECS's tasks with their runners, operations in flight, and the table's stream."""

from typing import Any, NamedTuple

from tests.model.record import Record

__all__ = ["Operation", "Task", "World", "has_ended", "replace_task", "simplify", "task_arn", "task_of"]


class Task(NamedTuple):
    """A task of ECS, with the runner in it."""

    arn: str
    """Attempt, launch and copy: one launch may by mistake have two tasks."""
    runner: str = "boot"
    """boot, run, hung (alive, but silent), told (to stop), or `report <code>`."""
    stopping: bool = False
    """Whether ECS was asked to stop it."""
    stopped: str = ""
    """How it ended: `exit <code>`, `killed` after it was asked to stop, or `no capacity`."""

    @property
    def attempt(self) -> int:
        return int(self.arn.split(".")[0])

    @property
    def launch(self) -> int:
        return int(self.arn.split(".")[1])

    @property
    def is_checked_in(self) -> bool:
        """Whether its runner has a session token, and is still there."""
        return not self.stopped and self.runner != "boot"


class Operation(NamedTuple):
    """A function of the service that is being run, as far as it has come."""

    kind: str
    subject: str = ""
    """The task, or the mode, that it is about."""
    detail: str = ""
    answers: tuple[Any, ...] = ()
    has_effects: bool = False
    """Whether it has changed anything: if not, it might as well never have begun."""


class World(NamedTuple):
    """Everything there is."""

    record: Record | None = Record()
    """None once it is deleted."""
    tasks: tuple[Task, ...] = ()
    operations: tuple[Operation, ...] = ()
    stream: tuple[tuple[str, str, str | None], ...] = ()
    """Records of the stream that wait for the cleanup function: what happened, the old status, the old task."""


def task_arn(attempt: int, launch: int, copy: int = 0) -> str:
    """Name a task."""
    return f"{attempt}.{launch}.{copy}"


def task_of(world: World, arn: str) -> Task | None:
    """Find a task."""
    return next((task for task in world.tasks if task.arn == arn), None)


def has_ended(world: World) -> bool:
    """Whether the job is over, or deleted."""
    return world.record is None or world.record.is_terminal


def replace_task(world: World, task: Task, **changes: Any) -> World:
    """Change a task; one that has stopped stays as it is."""
    after = task if task.stopped else task._replace(**changes)
    if after.stopped:
        after = after._replace(runner="", stopping=False)
    return world._replace(tasks=tuple(sorted(after if each.arn == task.arn else each for each in world.tasks)))


def simplify(world: World) -> World:
    """Leave out the tasks that nothing can depend on any more, so that worlds which only differ in them are one.

    What containers of earlier attempts and of ended jobs can do to a record is checked for every record by itself.
    """
    record = world.record
    if record is None or record.is_terminal:
        kept = tuple(task for task in world.tasks if task.runner == "hung" and not task.stopping)
    else:
        over = record.attempt + (record.status == "CREATED")
        kept = tuple(task for task in world.tasks if task.attempt >= over or task.runner in ("run", "hung"))
    return world._replace(tasks=kept)
