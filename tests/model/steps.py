"""The possible next steps in a world: by people, runners, ECS, running functions and the table's stream."""

from collections.abc import Iterator
from typing import Final, NamedTuple

from chalicelib.domain.outcome import OUTCOMES, OutcomeCode
from tests.model.bounds import Bounds
from tests.model.calls import responses
from tests.model.record import Record
from tests.model.scheduler import Scheduler
from tests.model.world import Operation, Task, World, alone, has_ended, replace_task, simplify, task_of

__all__ = ["Step", "Steps"]


class Step(NamedTuple):
    """One step."""

    name: str
    world: World
    is_sure: bool
    """Whether the step happens eventually without help: running functions continue, sweep and dispatch run,
    ECS stops tasks as requested."""


_EFFECTS: Final = ("update", "delete", "run task", "stop task")
_ENDS: Final = ("succeeded", "notebook_error")


class Steps:
    """Generates the next steps."""

    def __init__(self, scheduler: Scheduler, bounds: Bounds) -> None:
        self._scheduler = scheduler
        self._bounds = bounds

    def after(self, world: World) -> Iterator[Step]:
        """Yield every step that is possible in a world; if the job has ended, only those that can still change something.

        What runners and people have in flight when the job ends is then looked at by itself: it may not change the record any more,
        and it does nothing to tasks. Where functions may be cut off, each of several in flight when an attempt ends is looked at as
        if the others were.
        """
        for step in self._after(world):
            if self._bounds.faults and _is_attempt_over(step.world) and len(step.world.operations) > 1:
                for operation in step.world.operations:
                    only = step.world._replace(operations=(operation,))
                    yield Step(f"{step.name} (only {operation.kind} continues)", simplify(only), step.is_sure)
                continue
            for operation in alone(step.world):
                only = World(step.world.record, operations=(operation,))
                yield Step(f"{step.name} (only {operation.kind})", only, step.is_sure)
            yield step._replace(world=simplify(step.world))

    def _after(self, world: World) -> Iterator[Step]:
        yield from self._running(world)
        for task in world.running:
            yield from self._task_steps(world, task)
        if world.record is not None:
            for _, following in self.finish(world, Operation("delete")):
                yield Step("delete", following, is_sure=False)
        if len(world.operations) < (1 if _is_attempt_over(world) else self._bounds.operations):
            for operation, is_sure in self._new_operations(world):
                for name, following in self._advance(world, operation):
                    yield Step(name, following, is_sure=is_sure)

    def _running(self, world: World) -> Iterator[Step]:
        """Yield the steps that continue running functions."""
        for operation in world.operations:
            without = _without(world, operation)
            for name, following in self._advance(without, operation):
                yield Step(name, following, is_sure=True)
            if operation.has_effects and self._bounds.faults:
                yield Step(f"{operation.kind} is interrupted", without, is_sure=False)
        for kind, attempt, arn in world.stream:
            if kind == "second_cleanup" and world.operations:
                continue  # it comes a quarter of an hour later: whatever was in flight is over by then
            left = tuple(each for each in world.stream if each != (kind, attempt, arn))
            more = (("second_cleanup", attempt, arn),) if kind == "cleanup" else ()
            taken = world._replace(stream=tuple(sorted((*left, *more))))
            for _, following in self.finish(taken, Operation(kind, arn, attempt)):
                yield Step(kind, following, is_sure=True)

    def _new_operations(self, world: World) -> Iterator[tuple[Operation, bool]]:
        """Yield the operations that can start now: one of a kind at a time, and one for each task."""
        record, kinds = world.record, {each.kind for each in world.operations}
        if record is not None and not record.is_terminal:
            if "dispatch" not in kinds:
                yield Operation("dispatch"), True
            if "stop" not in kinds:
                yield Operation("stop"), False
        if (
            record is not None
            and "sweep" not in kinds
            and record.live_shard
            and not self._is_just_launched(world, record)
        ):
            yield Operation("sweep", self._mode(world, record)), True
            if record.status == "QUEUED" and record.task_arn is None and self._bounds.faults:
                yield Operation("sweep", "hours later"), True
        recorded = record.task_arn if record and record.live_shard else None
        if "search" not in kinds and any(task.arn != recorded and not task.stopping for task in world.running):
            yield Operation("search"), True
        yield from self._events(world)

    def _events(self, world: World) -> Iterator[tuple[Operation, bool]]:
        """Yield the events that can arrive; each can also be lost."""
        running = {each.subject for each in world.operations if each.kind == "event"}
        recorded = world.record.task_arn if world.record else None
        for task in world.tasks:
            if task.arn not in running and (task.stopped or (task.arn != recorded and not task.stopping)):
                yield Operation("event", task.arn, task.stopped), False

    @staticmethod
    def _mode(world: World, record: Record) -> str:
        """Return what a sweep learns about the attempt's runner: its heartbeats arrive, nobody's do, or only those of others."""
        task = task_of(world, record.instance_id or "")
        if record.status != "IN_PROGRESS" or task is None:
            return "heartbeat_timeout"
        return {"run": "overtime", "told": "overtime", "cut": "outage"}.get(task.runner, "heartbeat_timeout")

    @staticmethod
    def _is_just_launched(world: World, record: Record) -> bool:
        """Check whether a dispatch that can launch the job still runs: it ends before a container counts as slow to start or to stop, before a
        runner exceeds the heartbeat timeout, and before the task of a job that has ended is looked for.
        """
        dispatches = [each for each in world.operations if each.kind == "dispatch"]
        if record.is_live:
            is_launched = record.status != "QUEUED" or record.task_arn is not None
            return is_launched and any(each.has_effects for each in dispatches)
        return bool(dispatches)

    def _task_steps(self, world: World, task: Task) -> Iterator[Step]:
        if task.stopping:
            yield Step("ECS kills a task", replace_task(world, task, stopped="killed"), is_sure=True)
        if has_ended(world):
            return  # what its runner still may do is refused; that it runs on for ever is what matters
        if task.runner == "boot":
            yield from self._begin(world, Operation("check_in", task.arn))
            yield Step("a container fails to start", replace_task(world, task, stopped="exit 1"), is_sure=False)
            if task.attempt <= self._bounds.last_attempt_without_capacity:
                yield Step("a task finds no capacity", replace_task(world, task, stopped="no capacity"), is_sure=False)
        elif task.runner in ("run", "told"):
            yield from self._run_steps(world, task)
        elif task.runner == "cut":
            yield Step("the service is reachable again", replace_task(world, task, runner="run"), is_sure=True)
            yield Step("a container is lost", replace_task(world, task, stopped="exit 137"), is_sure=False)
            for code in _ENDS:
                yield Step(
                    f"a notebook ends in an outage: {code}", self._end_notebook(world, task, code), is_sure=False
                )
        elif task.runner.startswith("report"):
            code = task.runner.removeprefix("report ")
            yield from self._begin(world, Operation("report", task.arn, code))
            if not task.result:
                yield Step(f"a result is stored: {code}", replace_task(world, task, result=code), is_sure=False)
            else:
                yield Step("a container is lost", replace_task(world, task, stopped="exit 137"), is_sure=False)
            lost = replace_task(world, task, stopped=_exit(code))
            yield Step(f"a runner cannot report {code}", lost, is_sure=False)

    def _run_steps(self, world: World, task: Task) -> Iterator[Step]:
        for name, following in self.finish(world, Operation("heartbeat", task.arn)):
            yield Step(name, following, is_sure=False)
        codes = ("stopped",) if task.runner == "told" else _ENDS
        for code in (*codes, *(("terminated",) if task.stopping else ())):
            yield Step(f"a notebook ends: {code}", self._end_notebook(world, task, code), is_sure=False)
        yield Step("a runner stops sending heartbeats", replace_task(world, task, runner="hung"), is_sure=False)
        yield Step("a container is lost", replace_task(world, task, stopped="exit 1"), is_sure=False)
        if task.runner == "run" and self._bounds.outages:
            yield Step("the service is unreachable", replace_task(world, task, runner="cut"), is_sure=False)

    def _end_notebook(self, world: World, task: Task, code: str) -> World:
        """End a notebook; unless results may be late, its runner stores the result at once."""
        return replace_task(world, task, runner=f"report {code}", result="" if self._bounds.late_results else code)

    def _begin(self, world: World, operation: Operation) -> Iterator[Step]:
        """Start a runner's request, unless the same request is in flight."""
        known = {(each.kind, each.subject) for each in world.operations}
        if len(world.operations) < self._bounds.operations and (operation.kind, operation.subject) not in known:
            for name, following in self._advance(world, operation):
                yield Step(name, following, is_sure=False)

    def finish(self, world: World, operation: Operation) -> Iterator[tuple[str, World]]:
        """Run an operation through all its calls, with nothing between them."""
        for name, following in self._advance(world, operation):
            inside = [each for each in following.operations if each not in world.operations]
            if inside:
                yield from self.finish(_without(following, inside[0]), inside[0])
            else:
                yield name, following

    def _advance(self, world: World, operation: Operation) -> Iterator[tuple[str, World]]:
        """Run an operation through its next call, which can have several responses."""
        result = self._scheduler.run(operation)
        if result.call is None:
            yield from self._conclude(world, operation)
            return
        for response, after in responses(world, result.call, self._bounds):
            changed = operation.has_effects or result.call.name in _EFFECTS
            further = operation._replace(responses=(*operation.responses, response), has_effects=changed)
            if result.call.name == "index":
                yield from self._advance(after, further)  # an index may lag, but the record is read again anyway
            elif self._scheduler.run(further).call is None or (operation.kind == "stop" and response is None):
                yield from self._conclude(after, further)
            else:
                operations = tuple(sorted((*after.operations, further), key=_order))
                yield f"{operation.kind} {operation.subject}: {result.call.name}", after._replace(operations=operations)

    def _conclude(self, world: World, operation: Operation) -> Iterator[tuple[str, World]]:
        """End an operation: a runner receives the response, or the response is lost."""
        name = f"{operation.kind} {operation.subject} {operation.detail}: end"
        task = task_of(world, operation.subject)
        if operation.kind not in ("check_in", "heartbeat", "report") or task is None or task.stopped:
            yield name, world
            return
        result = self._scheduler.run(operation)
        if operation.kind != "heartbeat":
            yield f"{name}, response lost", world
        if result.refused:
            yield f"{name}, refused", replace_task(world, task, stopped="exit 1")
        elif operation.kind == "check_in":
            yield name, replace_task(world, task, runner="run") if task.runner == "boot" else world
        elif operation.kind == "heartbeat":
            yield name, replace_task(world, task, runner="told") if result.value else world
        else:
            yield name, replace_task(world, task, stopped=_exit(operation.detail))
            yield f"{name}, and the runner hangs", replace_task(world, task, runner="hung")


def _is_attempt_over(world: World) -> bool:
    """Check whether only the task of the last attempt is left. From then on, one new function at a time is explored."""
    record = world.record
    return has_ended(world) or (record is not None and record.live_shard and not record.is_live)


def _order(operation: Operation) -> tuple[str, str, str]:
    """Return what to sort operations by: only one of a kind and a task is in flight."""
    return operation[:3]


def _exit(code: str) -> str:
    """Return how a container exits. Exit code 0 is replaced by 1, because ECS reports no more about it."""
    return f"exit {OUTCOMES[OutcomeCode(code)].exit_code or 1}"


def _without(world: World, operation: Operation) -> World:
    return world._replace(operations=tuple(each for each in world.operations if each != operation))
