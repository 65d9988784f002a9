"""The calls that services make of the table, ECS and S3: the responses that each may get, and the world after it."""

from collections.abc import Iterator
from typing import Any

from tests.model.bounds import Bounds
from tests.model.record import Record, write
from tests.model.tape import NO_RESPONSE, Call, Refused
from tests.model.world import Task, World, replace_task, task_arn, task_of

__all__ = ["responses"]


def responses(world: World, call: Call, bounds: Bounds) -> Iterator[tuple[Any, World]]:
    """Yield the possible responses to a call, each with the world after it."""
    if call.name in ("get", "index"):
        yield world.record, world
    elif call.name == "update":
        updates, condition = call.arguments
        after = write(world.record, updates, condition)  # type: ignore[arg-type] # as the fake model makes them
        yield after, world if after is None else _changed(world, after)
    elif call.name == "delete":
        yield True, _changed(world, None)
    elif call.name == "describe":
        task = task_of(world, str(call.arguments[0]))
        yield task, world
        if task and task.stopped:
            yield None, world  # ECS forgets
    elif call.name == "read result":
        results = (each.result for each in world.tasks if each.attempt == call.arguments[0] and each.result)
        yield next(results, None), world
    elif call.name == "list cluster":
        yield tuple(task.arn for task in world.running if not task.stopping), world
    elif call.name == "list tasks":
        wanted = (each for each in world.running if each.attempt == call.arguments[0] and not each.stopping)
        yield tuple(each.arn for each in wanted), world
    elif call.name == "stop task":
        task = task_of(world, str(call.arguments[0]))
        yield None, replace_task(world, task, stopping=True) if task else world
    else:
        yield from _launch(world, call, bounds)


def _launch(world: World, call: Call, bounds: Bounds) -> Iterator[tuple[Any, World]]:
    """Launch a task: a repeated launch returns the same task; if the response is lost, the caller does not know the result."""
    attempt, launch, _ = call.arguments
    arn = task_arn(int(str(attempt)), int(str(launch)))
    known = task_of(world, arn)
    launched = world if known else world._replace(tasks=tuple(sorted((*world.tasks, Task(arn)))))
    yield arn, launched
    if bounds.faults:
        yield NO_RESPONSE, launched
        yield NO_RESPONSE, world
    if int(str(attempt)) <= bounds.last_attempt_without_capacity:
        if bounds.faults:
            yield Refused("throttled"), launched  # of a call that was sent twice, and heeded the first time
        if not known:
            yield Refused("no_capacity"), world
    if not known:
        yield Refused("permission_problem"), world
        yield Refused("configuration_problem"), world
    if bounds.double and not known and arn == task_arn(1, 1):
        second = Task(task_arn(1, 1, copy=1))
        yield arn, launched._replace(tasks=tuple(sorted((*launched.tasks, second))))


def _changed(world: World, after: Record | None) -> World:
    """Store the record. If it is deleted, the table's stream triggers the cleanup function (infra/triggers.py)."""
    before = world.record
    assert before is not None
    if after is not None:
        return world._replace(record=after)
    attempt = str(before.attempt) if before.live_shard else ""
    return world._replace(record=None, stream=(*world.stream, ("cleanup", attempt, before.task_arn or "")))
