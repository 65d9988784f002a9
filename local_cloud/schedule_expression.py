"""Evaluate the schedule expressions of EventBridge Scheduler: `cron(...)`, `rate(...)` and `at(...)`.

https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html. Whatever is not documented is refused, and so is
`W`. A local time that daylight saving skips never comes; one that it repeats counts the first time.

Shares no code with the service: the tests use it as the oracle for the expressions that the service writes.
"""

import calendar
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Final, Protocol
from zoneinfo import ZoneInfo

__all__ = ["CronExpression", "InvalidExpressionError", "ScheduleExpression", "parse_expression"]

_MINUTE: Final = timedelta(minutes=1)
_MONTHS: Final = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_WEEKDAYS: Final = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_UNITS: Final = {"minute": _MINUTE, "hour": timedelta(hours=1), "day": timedelta(days=1)}
_YEARS: Final = (1970, 2199)

_ITEM: Final = re.compile(r"(?:\*|(?P<first>[0-9]+|[A-Z]{3})(?:-(?P<last>[0-9]+|[A-Z]{3}))?)(?:/(?P<step>[0-9]+))?")
_NTH: Final = re.compile(r"(?P<weekday>[1-7]|[A-Z]{3})#(?P<nth>[1-5])")
_LAST: Final = re.compile(r"(?P<weekday>[1-7]|[A-Z]{3})L")
_RATE: Final = re.compile(r"rate\((?P<count>[1-9][0-9]*) (?P<unit>minute|hour|day)s?\)")
_AT: Final = re.compile(r"at\((?P<local>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\)")

_IsDay = Callable[[date], bool]


class InvalidExpressionError(ValueError):
    """EventBridge Scheduler refuses the expression or the time zone; the message says why."""


class ScheduleExpression(Protocol):
    """When a schedule is due."""

    def due_times(self, after: datetime, until: datetime) -> Iterator[datetime]:
        """Yield the times in UTC, `after` < time <= `until`."""


def parse_expression(text: str, timezone: str, *, anchor: datetime) -> ScheduleExpression:
    """Parse an expression.

    Parameters
    ----------
    text
        `cron(...)`, `rate(...)` or `at(...)`.
    timezone
        IANA name of the time zone of `cron` and `at`.
    anchor
        When the first interval of a `rate` starts.

    Raises
    ------
    InvalidExpressionError
        If EventBridge Scheduler would refuse it.
    """
    zone = _zone(timezone)
    try:
        if found := _RATE.fullmatch(text):
            return _Rate(int(found["count"]) * _UNITS[found["unit"]], anchor)
        if found := _AT.fullmatch(text):
            return _At(datetime.fromisoformat(found["local"]).replace(tzinfo=zone).astimezone(UTC))
        return _parse_cron(text, zone)
    except ValueError as error:
        raise InvalidExpressionError(f"Invalid Schedule Expression {text}: {error}.") from error


@dataclass(frozen=True)
class _Rate:
    interval: timedelta
    anchor: datetime

    def due_times(self, after: datetime, until: datetime) -> Iterator[datetime]:
        count = max(1, (after - self.anchor) // self.interval + 1)
        while (time := self.anchor + count * self.interval) <= until:
            yield time
            count += 1


@dataclass(frozen=True)
class _At:
    time: datetime

    def due_times(self, after: datetime, until: datetime) -> Iterator[datetime]:
        if after < self.time <= until:
            yield self.time


@dataclass(frozen=True)
class CronExpression:
    """A `cron` expression."""

    minutes: frozenset[int]
    hours: frozenset[int]
    months: frozenset[int]
    years: frozenset[int]
    is_day: _IsDay
    """Whether the fields for the day of the month and of the week include a date."""

    zone: ZoneInfo

    def due_times(self, after: datetime, until: datetime) -> Iterator[datetime]:
        """Yield the times in UTC, `after` < time <= `until`."""
        minute = after.replace(second=0, microsecond=0) + _MINUTE
        while minute <= until:
            local = minute.astimezone(self.zone)
            if local.fold == 0 and self.matches(local):
                yield minute
            minute += _MINUTE

    def matches(self, local: datetime) -> bool:
        """Check whether the expression includes a local minute."""
        return local.minute in self.minutes and local.hour in self.hours and self.matches_date(local.date())

    def matches_date(self, day: date) -> bool:
        """Check whether the expression includes a minute of a day."""
        return day.month in self.months and day.year in self.years and self.is_day(day)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (LookupError, OSError, ValueError) as error:  # OSError: a folder of the database, such as `Europe`
        raise InvalidExpressionError(f"Invalid ScheduleExpressionTimezone {name}.") from error


@lru_cache(maxsize=4096)  # every schedule is checked every second
def _parse_cron(text: str, zone: ZoneInfo) -> CronExpression:
    fields = text.removeprefix("cron(").removesuffix(")").split()
    if not text.startswith("cron(") or not text.endswith(")") or len(fields) != 6:  # noqa: PLR2004
        raise ValueError("it is neither cron(<six fields>), rate(<number> <unit>) nor at(<time>)")
    minutes, hours, day_of_month, months, day_of_week, years = fields
    if (day_of_month == "?") == (day_of_week == "?"):
        raise ValueError("exactly one of day-of-month and day-of-week must be ?")
    return CronExpression(
        minutes=_values(minutes, "minutes", 0, 59),
        hours=_values(hours, "hours", 0, 23),
        months=_values(months, "month", 1, 12, names=_MONTHS),
        years=_values(years, "year", *_YEARS),
        is_day=_days_of_month(day_of_month) if day_of_week == "?" else _days_of_week(day_of_week),
        zone=zone,
    )


def _days_of_month(text: str) -> _IsDay:
    if text == "L":
        return lambda day: day.day == _days_in_month(day)
    days = _values(text, "day-of-month", 1, 31)
    return lambda day: day.day in days


def _days_of_week(text: str) -> _IsDay:
    if found := _NTH.fullmatch(text):
        weekday, nth = _number(found["weekday"], _WEEKDAYS), int(found["nth"])
        return lambda day: _weekday(day) == weekday and (day.day - 1) // 7 + 1 == nth
    if found := _LAST.fullmatch(text):
        weekday = _number(found["weekday"], _WEEKDAYS)
        return lambda day: _weekday(day) == weekday and day.day + 7 > _days_in_month(day)
    if "/" in text:
        raise ValueError(f"day-of-week {text} has a step")
    weekdays = _values("7" if text == "L" else text, "day-of-week", 1, 7, names=_WEEKDAYS)
    return lambda day: _weekday(day) in weekdays


def _values(text: str, field: str, low: int, high: int, *, names: Sequence[str] = ()) -> frozenset[int]:
    values: set[int] = set()
    for item in text.split(","):
        found = _ITEM.fullmatch(item)
        if found is None:
            raise ValueError(f"{field} {item} is not understood")
        first = low if found["first"] is None else _number(found["first"], names)
        alone = found["first"] is not None and found["step"] is None
        last = _number(found["last"], names) if found["last"] else first if alone else high
        step = int(found["step"] or 1)
        if not low <= first <= last <= high or step < 1:
            raise ValueError(f"{field} {item} is not within {low}-{high}, or ends before it starts")
        values.update(range(first, last + 1, step))
    return frozenset(values)


def _number(text: str, names: Sequence[str]) -> int:
    """Return a number, or the position of a name, counted from 1."""
    if text in names:
        return names.index(text) + 1
    if not text.isdecimal():
        raise ValueError(f"{text} is not a number")
    return int(text)


def _weekday(day: date) -> int:
    """Return the day of the week: Sunday is 1, Saturday 7."""
    return day.isoweekday() % 7 + 1


def _days_in_month(day: date) -> int:
    return calendar.monthrange(day.year, day.month)[1]
