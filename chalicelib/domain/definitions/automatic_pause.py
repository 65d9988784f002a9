"""The automatic pause of a schedule whose runs keep failing, so that nobody pays for failures that nobody looks at."""

from dataclasses import replace
from datetime import datetime

from chalicelib.domain.background_work import BackgroundWork
from chalicelib.domain.definitions.definition import Definition
from chalicelib.domain.definitions.health import EndedRun, health_after
from chalicelib.domain.definitions.problem import Problem, Reason

__all__ = ["after_run", "resumed"]


def after_run(definition: Definition, run: EndedRun, *, succeeded: bool, pause_after: int, now: datetime) -> Definition:
    """Return the definition after one of its runs has ended. Its schedule is paused if too many runs have failed in a row.

    Parameters
    ----------
    definition, run, succeeded
        The definition, its run, and whether that succeeded.
    pause_after
        The operator's number of failures in a row after which a schedule is paused, for definitions that set none; 0 never pauses.
    now
        When the pause begins.
    """
    health = health_after(definition.health, run, succeeded=succeeded)
    after = replace(definition, health=health, counted_runs=definition.counted_runs + 1)
    own = definition.options.pause_after_failures
    most = pause_after if own is None else own
    has_new_failure = health.failures > definition.health.failures
    if not (definition.schedule and definition.active and has_new_failure and 0 < most <= health.failures):
        return after
    return replace(
        after,
        active=False,
        update_time=now,
        effective_from=now,
        next_due=None,
        revision=definition.revision + 1,
        pause_problem=_pause(after, now),
    )


def resumed(definition: Definition) -> Definition:
    """Return a definition that a person has resumed: the failures before count no longer."""
    if definition.pause_problem is None:
        return definition
    return replace(definition, pause_problem=None, health=definition.health.resumed())


def _pause(definition: Definition, now: datetime) -> Problem:
    failures, since = definition.health.failures, definition.health.failing_since or now
    runs = "The last run failed" if failures == 1 else f"The last {failures:,} runs failed"
    message = (
        f"{runs}, the first of them at {since:%Y-%m-%d %H:%M} UTC, so the schedule was paused. Find out why the newest failed, run the"
        " definition by hand, and resume the schedule. pause_after_failures sets how many failures pause it."
    )
    return Problem(BackgroundWork.TICKS, Reason.FAILING, message, since, now, failures)
