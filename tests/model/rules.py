"""The invariants that every step must satisfy."""

from collections.abc import Callable
from itertools import pairwise
from typing import Final

from chalicelib.domain.job import JobStatus
from chalicelib.domain.transitions import TRANSITIONS
from tests.model.record import Record
from tests.model.steps import Step
from tests.model.world import World

__all__ = [
    "breaches",
    "contradicts_a_result",
    "ends_a_run_by_its_launch",
    "runs_twice",
    "stops_in_an_outage",
]

_ARROWS: Final = {(source, transition.target) for transition in TRANSITIONS.values() for source in transition.sources}
_WATCH_FIELDS: Final = ("task_arn", "deadline", "live_shard")
_CLAIM: Final = (JobStatus.CREATED, JobStatus.QUEUED)


def breaches(world: World, step: Step) -> str | None:
    """Return a message about the invariant that a step violates; None if it violates none."""
    before, after = world.record, step.world.record
    if before is None:
        return None if after is None else "a deleted job has come back"
    if after is not None and before != after:
        for rule in _RECORD_RULES:
            if message := rule(before, after):
                return message
    for step_rule in (contradicts_a_result, stops_in_an_outage):
        if message := step_rule(world, step):
            return message
    for world_rule in _WORLD_RULES:
        if message := world_rule(step.world):
            return message
    return None


def _follows_the_table(before: Record, after: Record) -> str | None:
    arrow = (JobStatus(before.status), JobStatus(after.status))
    if arrow[0] is arrow[1] or arrow in _ARROWS:
        return None
    return f"the table has no transition from {before.status} to {after.status}"


def _stays_terminal(before: Record, after: Record) -> str | None:
    changed = before != after._replace(**{name: getattr(before, name) for name in _WATCH_FIELDS})
    return "a job that has ended has changed" if before.is_terminal and changed else None


def _counts_attempts(before: Record, after: Record) -> str | None:
    claimed = (before.status, after.status) == _CLAIM
    if after.attempt == before.attempt + claimed:
        return None
    return "only a claim may increase the attempt number"


def _binds_once(before: Record, after: Record) -> str | None:
    if before.instance_id in (None, after.instance_id) or after.attempt != before.attempt:
        return None
    return "an attempt has passed from one instance to another"


def _completes_a_stop(before: Record, after: Record) -> str | None:
    if before.status == "STOPPING" and after.status != "STOPPING" and not after.is_terminal:
        return "a job that is being stopped continues"
    return None


def _is_indexed(world: World) -> str | None:
    record = world.record
    if record is None:
        return None
    if record.waiting != (record.status == "CREATED" and not record.live_shard):
        return "the index of waiting jobs does not match the waiting jobs"
    if record.is_live and not record.live_shard:
        return "the index of live jobs lacks a live job"
    if record.live_shard != record.deadline:
        return "the index of live jobs does not follow the deadline"
    return None


def _has_an_outcome(world: World) -> str | None:
    record = world.record
    if record is None or (record.outcome is not None) == record.is_terminal:
        return None
    return "a job has an outcome exactly when it has ended"


def _checks_in_once(world: World) -> str | None:
    checked_in = sorted(task.attempt for task in world.tasks if task.is_checked_in)
    if any(one == other for one, other in pairwise(checked_in)):
        return "two instances have checked in for one attempt"
    return None


def ends_a_run_by_its_launch(world: World, step: Step) -> str | None:
    """Check whether dispatch ends an attempt whose runner has checked in. A failed launch must not end a run."""
    before, after = world.record, step.world.record
    if before is None or after is None or not step.name.startswith("dispatch"):
        return None
    if before.status == "IN_PROGRESS" and after.status != "IN_PROGRESS":
        return "a failed launch has ended the run of a container"
    return None


def runs_twice(_before: World, step: Step) -> str | None:
    """Check whether two containers of one job run at the same time."""
    return "two containers of one job run at the same time" if len(step.world.running) > 1 else None


def contradicts_a_result(before: World, step: Step) -> str | None:
    """Check whether an attempt ends otherwise than the result says that its runner has stored."""
    record, after = before.record, step.world.record
    if record is None or after is None or not record.is_live or after.is_live:
        return None
    if record.instance_id and record.task_arn != record.instance_id:
        return None  # a launch has started two tasks, and the recorded one has stopped: a fault of ECS
    stored = {task.result for task in before.tasks if task.arn == record.instance_id and task.result}
    if stored and (after.status == "COMPLETED") is not ("succeeded" in stored):
        return f"an attempt with the result {', '.join(stored)} has become {after.status}"
    return None


def stops_in_an_outage(before: World, step: Step) -> str | None:
    """Check whether the sweep stops a healthy run because no runner can reach the service."""
    if not step.name.startswith("sweep outage") or before.record is None or before.record.status != "IN_PROGRESS":
        return None
    stopped = {task.arn for task in step.world.tasks if task.stopping} - {
        task.arn for task in before.tasks if task.stopping
    }
    return "a healthy run is stopped in an outage" if before.record.instance_id in stopped else None


_RECORD_RULES: Final[tuple[Callable[[Record, Record], str | None], ...]] = (
    _follows_the_table,
    _stays_terminal,
    _counts_attempts,
    _binds_once,
    _completes_a_stop,
)
_WORLD_RULES: Final[tuple[Callable[[World], str | None], ...]] = (_is_indexed, _has_an_outcome, _checks_in_once)
