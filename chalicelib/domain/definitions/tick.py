"""Ticks: the due times of a definition, and the decision about each."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from chalicelib.domain.crontab.expression import Crontab
from chalicelib.domain.definitions.definition import Definition, LastRun
from chalicelib.domain.definitions.problem import MISSED_MEMORY, Problem, note_missed
from chalicelib.domain.job import Job

__all__ = [
    "MAX_SWEEP_DELAY",
    "TickVerdict",
    "advance_next_due",
    "after_missed",
    "after_tick",
    "decide_tick",
    "due_times",
    "expected_run",
    "late_at",
    "next_due_after",
]

_HORIZON: Final = timedelta(days=366 * 41)
"""How far ahead to search for the next due time. The rarest, 29 February on one weekday, may be 40 years away."""

MAX_SWEEP_DELAY: Final = timedelta(minutes=3)
"""How late a tick runs at most if EventBridge Scheduler does not deliver it and the sweep handles it: 90 s grace period, 60 s until
the next sweep, and 30 s in the queue."""


class TickVerdict(StrEnum):
    """The decision about a due time."""

    RUN = "run"
    MISSED = "missed"
    """It was delivered after the catch-up window. It is recorded but does not run."""
    REFUSED = "refused"
    """The service creates no job: the settings do not allow it, or the owner is disabled or has too many waiting jobs."""
    SKIPPED = "skipped"
    """The last scheduled job has not ended, and the definition does not allow overlaps."""
    NOT_DUE = "not due"
    """It is not, or no longer, a due time of this definition."""


def due_times(definition: Definition, after: datetime, until: datetime) -> Iterator[datetime]:
    """Yield the due times of an active definition, `after` < due time <= `until`, within its `effective_from`, start and end."""
    options = definition.options
    if not definition.schedule or not definition.active or _has_run_out(definition):
        return
    first = max(after, definition.effective_from)
    if options.start:
        first = max(first, options.start - timedelta(microseconds=1))
    last = min(until, options.end) if options.end else until
    if first < last:
        yield from Crontab.parse(definition.schedule).ticks(first, last, definition.timezone or "UTC")


def next_due_after(definition: Definition, after: datetime) -> datetime | None:
    """Return the next due time; None if there is none."""
    return next(due_times(definition, after, after + _HORIZON), None)


def late_at(definition: Definition) -> datetime | None:
    """Return when people are told that no run has succeeded in time: `success_within` after the first due time since the last success.

    None if the definition does not ask for it, has no such due time, or people were told since the last success.
    """
    within, health = definition.options.success_within, definition.health
    if within is None or health.late_since:
        return None
    first = definition.effective_from - timedelta(microseconds=1)
    if health.last_success:
        first = max(first, health.last_success.scheduled_time)
    due = next_due_after(definition, first)
    return due and due + within


def expected_run(definition: Definition) -> datetime | None:
    """Return the next due time that is expected to run; None if there is none, or a problem prevents it.

    Without its EventBridge schedules, a definition depends on the sweep, which handles a due time up to `MAX_SWEEP_DELAY` late: too late
    for a shorter catch-up window.
    """
    tick_problem, schedule_problem = definition.tick_problem, definition.schedule_problem
    if not definition.active or (tick_problem and tick_problem.is_lasting):
        return None
    return None if schedule_problem and definition.options.catch_up < MAX_SWEEP_DELAY else definition.next_due


def decide_tick(definition: Definition, due: datetime, now: datetime) -> TickVerdict:
    """Decide whether a due time without a mark that is delivered now runs.

    A due time that is too late and before the definition's next one was recorded as missed with others, without a mark.
    """
    is_due = next(due_times(definition, due - timedelta(microseconds=1), due), None) == due
    if not is_due:
        return TickVerdict.NOT_DUE
    if now - due <= definition.options.catch_up:
        return TickVerdict.RUN
    is_recorded = definition.next_due is None or due < definition.next_due
    return TickVerdict.NOT_DUE if is_recorded else TickVerdict.MISSED


def after_tick(
    definition: Definition, due: datetime, verdict: TickVerdict, job: Job | None, problem: Problem | None = None
) -> Definition:
    """Return the definition after a tick. Its `next_due` advances if this was the earliest due time, or if no run is left.

    A tick that was neither missed nor refused clears the problem of earlier ticks.

    Parameters
    ----------
    definition
        The definition before it.
    due, verdict, job
        The due time, the decision about it, and the job that it creates.
    problem
        Why the tick was refused.
    """
    is_missed = verdict in (TickVerdict.MISSED, TickVerdict.REFUSED)
    problem = problem or (definition.tick_problem if is_missed else None)
    after = replace(definition, missed_count=definition.missed_count + is_missed, tick_problem=problem)
    if verdict is TickVerdict.SKIPPED:
        after = replace(after, skipped_count=definition.skipped_count + 1, last_skipped=due)
    if verdict is TickVerdict.MISSED:
        after = replace(after, missed_problem=_missed_problem(definition, due, due, 1))
    if job is not None:
        missed = definition.missed_problem
        if missed and due - missed.last > MISSED_MEMORY:
            after = replace(after, missed_problem=None)
        after = replace(after, run_count=definition.run_count + 1, last_run=LastRun(job.job_id, due))
    return advance_next_due(after, due) if due == definition.next_due or _has_run_out(after) else after


def after_missed(definition: Definition, first: datetime, last: datetime, number: int) -> Definition:
    """Return the definition after all its due times up to `last` are over: `number` of them, the first one `first`, were missed."""
    problem = _missed_problem(definition, first, last, number) if number else definition.missed_problem
    after = replace(definition, missed_count=definition.missed_count + number, missed_problem=problem)
    return advance_next_due(after, last)


def _missed_problem(definition: Definition, first: datetime, last: datetime, number: int) -> Problem:
    return note_missed(definition.missed_problem, first, last, number=number, window=definition.options.catch_up)


def advance_next_due(definition: Definition, due: datetime) -> Definition:
    """Return the definition with the due time that follows another one. If there is none, mark its schedules to be switched off."""
    next_due = next_due_after(definition, due)
    return replace(definition, next_due=next_due, synced_revision=definition.synced_revision if next_due else 0)


def _has_run_out(definition: Definition) -> bool:
    max_runs = definition.options.max_runs
    return max_runs is not None and definition.run_count >= max_runs
