"""Cron expressions of EventBridge Scheduler: `cron(minutes hours day-of-month month day-of-week year)`.

This module uses only syntax that the User Guide documents, and only what is necessary: lists, ranges, `*`, `?`, `L`, `6L` and `2#1`.
It writes out all sets, so that nothing depends on how EventBridge interprets steps, wrapping ranges or names.
"""

from collections.abc import Iterable
from itertools import groupby
from typing import Final

from chalicelib.domain.crontab.days import DayRule
from chalicelib.domain.crontab.fields import DAY_OF_MONTH, DAY_OF_WEEK, HOUR, LAST, MINUTE, MONTH, Field

__all__ = ["expressions"]

_SUNDAY: Final = 1
"""EventBridge counts weekdays from 1, a crontab from 0; both from Sunday."""


def expressions(minutes: frozenset[int], hours: frozenset[int], rule: DayRule) -> tuple[str, ...]:
    """Convert a crontab to expressions of at most 240 characters each. Together they fire exactly when the crontab does.

    Each way to select days gets its own expression, because an expression can contain days of the month or of the week but not both,
    `L` only alone, and one `#`. Days that do not exist (31 February) get none.
    """
    times = f"{_encode(MINUTE, minutes)} {_encode(HOUR, hours)}"
    months = _encode(MONTH, rule.months)
    by_month = ([_encode(DAY_OF_MONTH, rule.days)] if rule.has_existing_days else []) + ["L"] * rule.last_day
    by_week = [_encode(DAY_OF_WEEK, rule.weekdays, _SUNDAY)] if rule.weekdays else []
    by_week += [_encode_nth(weekday, nth) for weekday, nth in sorted(rule.nth_weekdays)]
    return (
        *(f"cron({times} {days} {months} ? *)" for days in by_month),
        *(f"cron({times} ? {months} {weekdays} *)" for weekdays in by_week),
    )


def _encode(field: Field, values: frozenset[int], shift: int = 0) -> str:
    if values == field.all_values:
        return "*"
    return ",".join(f"{run[0]}" if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in _runs(v + shift for v in values))


def _runs(values: Iterable[int]) -> list[list[int]]:
    """Group consecutive numbers."""
    numbered = enumerate(sorted(values))
    return [[value for _, value in run] for _, run in groupby(numbered, key=lambda pair: pair[1] - pair[0])]


def _encode_nth(weekday: int, nth: int) -> str:
    return f"{weekday + _SUNDAY}L" if nth == LAST else f"{weekday + _SUNDAY}#{nth}"
