"""The events of a changed definition: what differs between two images of its record."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any, Final, TypeGuard

from chalicelib.domain.definitions.definition import Definition
from chalicelib.domain.definitions.health import EndedRun
from chalicelib.domain.definitions.problem import Problem, Reason
from chalicelib.domain.events.event import Event, EventKind, iso_time

__all__ = ["definition_events", "run_of"]

_REFUSALS: Final = frozenset({Reason.NOT_ALLOWED, Reason.OWNER_DISABLED, Reason.LIMIT_REACHED})
"""Why a due time makes no job although nothing is broken."""


def definition_events(old: Definition | None, new: Definition | None, now: datetime) -> Iterator[Event]:
    """Yield the events of a change.

    Parameters
    ----------
    old, new
        The definition before and after the change; None if it did not exist.
    now
        When the change was made.
    """
    if old is None or new is None:
        return
    yield from _ticks(old, new, now)
    yield from _problems(old, new, now)
    yield from _runs(old, new, now)


def run_of(kind: EventKind, definition: Definition) -> EndedRun | None:
    """Return the run that an event about a definition is about; None if it is about no run."""
    if kind in (EventKind.DEFINITION_FAILING, EventKind.DEFINITION_PAUSED):
        return definition.health.last_failure
    return definition.health.last_success if kind is EventKind.DEFINITION_RECOVERED else None


def _ticks(old: Definition, new: Definition, now: datetime) -> Iterator[Event]:
    number = new.missed_count - old.missed_count
    missed, refused = new.missed_problem, new.tick_problem
    if number > 0 and missed and missed != old.missed_problem:
        ticks = {"count": number, "last_due": iso_time(missed.last)}
        event = _event(EventKind.TICK_MISSED, new, now, new.missed_count, ticks=ticks, problem=_describe(missed))
        yield replace(event, is_repeated=missed.attempts > number)
    elif number > 0 and refused and refused.reason in _REFUSALS:
        ticks = {"count": number, "last_due": None}
        event = _event(EventKind.TICK_REFUSED, new, now, new.missed_count, ticks=ticks, problem=_describe(refused))
        yield replace(event, is_repeated=refused.attempts > 1)
    if new.skipped_count > old.skipped_count:
        ticks = {"count": new.skipped_count - old.skipped_count, "last_due": iso_time(new.last_skipped)}
        yield _event(EventKind.TICK_SKIPPED, new, now, new.skipped_count, ticks=ticks)


def _problems(old: Definition, new: Definition, now: datetime) -> Iterator[Event]:
    for before, after in ((old.schedule_problem, new.schedule_problem), (old.tick_problem, new.tick_problem)):
        if _is_broken(after) and not _is_broken(before):
            discriminator = f"{after.work}-{iso_time(after.since)}"
            yield _event(EventKind.DEFINITION_UNSCHEDULABLE, new, now, discriminator, problem=_describe(after))
    if new.pause_problem and not old.pause_problem:
        yield _event(EventKind.DEFINITION_PAUSED, new, now, new.revision, problem=_describe(new.pause_problem))


def _runs(old: Definition, new: Definition, now: datetime) -> Iterator[Event]:
    before, after = old.health, new.health
    if after.last_failure and after.reminded_at and after.reminded_at != before.reminded_at:
        yield _event(EventKind.DEFINITION_FAILING, new, now, after.last_failure.job_id)
    if after.late_since and after.late_since != before.late_since:
        yield _event(EventKind.DEFINITION_LATE, new, now, iso_time(after.late_since))
    was_failing = before.failures or before.late_since
    if was_failing and after.last_success and after.last_success != before.last_success and not after.failures:
        yield _event(EventKind.DEFINITION_RECOVERED, new, now, after.last_success.job_id)


def _is_broken(problem: Problem | None) -> TypeGuard[Problem]:
    return problem is not None and problem.is_lasting and problem.reason not in _REFUSALS


def _event(
    kind: EventKind,
    definition: Definition,
    time: datetime,
    discriminator: object,
    *,
    ticks: dict[str, Any] | None = None,
    problem: dict[str, Any] | None = None,
) -> Event:
    """Make an event. The discriminator tells it from other events of the same kind of the same definition."""
    health = definition.health
    detail = {
        "owner_id": definition.owner_id,
        "owner": definition.spec.owner_arn,
        "job_definition_id": definition.definition_id,
        "name": definition.name,
        "tags": list(definition.spec.tags),
        "input_filename": definition.input_filename,
        "runtime_environment_name": definition.spec.runtime_environment_name,
        "schedule": definition.schedule,
        "timezone": definition.timezone,
        "active": definition.active,
        "consecutive_failures": health.failures,
        "failing_since": iso_time(health.failing_since),
        "late_since": iso_time(health.late_since),
        "last_failure": _describe_run(health.last_failure),
        "last_success": _describe_run(health.last_success),
        "ticks": ticks,
        "problem": problem,
    }
    event_id = f"{definition.definition_id}/{kind.name.lower()}/{discriminator}"
    return Event(event_id=event_id, kind=kind, time=time, detail=detail)


def _describe(problem: Problem) -> dict[str, Any]:
    return {
        "work": problem.work.value,
        "code": problem.reason.value,
        "title": problem.title,
        "message": problem.message,
        "since": iso_time(problem.since),
        "attempts": problem.attempts,
    }


def _describe_run(run: EndedRun | None) -> dict[str, Any] | None:
    if run is None:
        return None
    return {
        "job_id": run.job_id,
        "scheduled_time": iso_time(run.scheduled_time),
        "end_time": iso_time(run.end_time),
    }
