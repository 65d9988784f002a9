"""Which due minutes a definition has, and what becomes of one."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import islice
from typing import Final

from chalicelib.domain.crontab.expression import Crontab, parse_timezone, to_eventbridge
from chalicelib.domain.definitions.definition import Definition, LastRun
from chalicelib.domain.definitions.problem import Problem
from chalicelib.domain.job import Job

__all__ = [
    "SWEPT_WITHIN",
    "TickVerdict",
    "after_tick",
    "due_minutes",
    "expected_run",
    "explain",
    "judge_tick",
    "moved_on",
    "next_due_after",
]

_HORIZON: Final = timedelta(days=366 * 41)
"""How far ahead the next due minute is looked for: the rarest, 29 February on one weekday, may be 40 years away."""

SWEPT_WITHIN: Final = timedelta(minutes=3)
"""How late a due minute runs at most that EventBridge Scheduler does not deliver and the sweep takes instead: 90 s of grace, 60 s until
the next sweep, and 30 s in the queue."""


class TickVerdict(StrEnum):
    """What becomes of a due minute."""

    RUN = "run"
    MISSED = "missed"
    """It came later than the catch-up window: recorded, not run."""
    REFUSED = "refused"
    """The service creates no job: the settings do not allow it, or the owner is disabled or has too many waiting jobs."""
    SKIPPED = "skipped"
    """The last scheduled job has not ended, and the definition does not allow overlaps."""
    NOT_DUE = "not due"
    """It is none of this definition's minutes, or no longer."""


def due_minutes(definition: Definition, after: datetime, until: datetime) -> Iterator[datetime]:
    """Yield the due minutes of an active definition, `after` < minute <= `until`, since it holds and inside its start and end."""
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
    """Find the next due minute; None if none will come."""
    return next(due_minutes(definition, after, after + _HORIZON), None)


def expected_run(definition: Definition) -> datetime | None:
    """Find the next due minute that can be expected to run; None if none will come, or a problem keeps it from running.

    Without its EventBridge schedules a definition depends on the sweep, which takes a due minute up to `SWEPT_WITHIN` late: too late
    for a shorter catch-up window.
    """
    ticks, schedules = definition.tick_problem, definition.schedule_problem
    if not definition.active or (ticks and ticks.is_lasting):
        return None
    return None if schedules and definition.options.catch_up < SWEPT_WITHIN else definition.next_due


def explain(schedule: str, timezone: str, now: datetime, times: int = 5) -> tuple[tuple[str, ...], list[datetime]]:
    """Give the EventBridge expressions of a crontab, and the next times that it fires.

    Raises
    ------
    CrontabError
        If the crontab or the zone cannot be followed.
    """
    ticks = Crontab.parse(schedule).ticks(now, now + _HORIZON * times, parse_timezone(timezone))
    return to_eventbridge(schedule), list(islice(ticks, times))


def judge_tick(definition: Definition, due: datetime, now: datetime) -> TickVerdict:
    """Decide whether a due minute that was delivered now is to run."""
    is_due = next(due_minutes(definition, due - timedelta(microseconds=1), due), None) == due
    if not is_due:
        return TickVerdict.NOT_DUE
    return TickVerdict.RUN if now - due <= definition.options.catch_up else TickVerdict.MISSED


def after_tick(
    definition: Definition, due: datetime, verdict: TickVerdict, job: Job | None, problem: Problem | None = None
) -> Definition:
    """Give the definition after a tick: its earliest unmarked minute moves on if this was it, or if no run is left.

    A minute that was neither missed nor refused ends the problem that ticks had before.

    Parameters
    ----------
    definition
        The definition before it.
    due, verdict, job
        The due minute, what becomes of it, and the job that it makes.
    problem
        Why it was refused.
    """
    is_missed = verdict in (TickVerdict.MISSED, TickVerdict.REFUSED)
    problem = problem or (definition.tick_problem if is_missed else None)
    after = replace(definition, missed_count=definition.missed_count + is_missed, tick_problem=problem)
    if job is not None:
        after = replace(after, run_count=definition.run_count + 1, last_run=LastRun(job.job_id, due))
    return moved_on(after, due) if due == definition.next_due or _has_run_out(after) else after


def moved_on(definition: Definition, due: datetime) -> Definition:
    """Give the definition with the next due minute after another; without one, its schedules are to be switched off."""
    next_due = next_due_after(definition, due)
    return replace(definition, next_due=next_due, synced_revision=definition.synced_revision if next_due else 0)


def _has_run_out(definition: Definition) -> bool:
    most = definition.options.max_runs
    return most is not None and definition.run_count >= most
