"""An evaluator of EventBridge Scheduler's cron expressions, written from its User Guide and from nothing of ours.

https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html: six fields, minutes (0-59), hours (0-23), day of
month (1-31), month (1-12), day of week (1-7, Sunday first) and year; one of the two day fields is `?` and the other is not;
`,` lists, `-` ranges, `*` all values; `L` the last day of the month, `6L` its last Friday; `3#2` its second Tuesday, the
only value of its field then. Strict: names, steps, `W`, ranges that wrap, signs and leading zeros are refused, documented
or not, because the service has no need of them.
"""

import calendar
import re
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Final

__all__ = ["MAX_LENGTH", "EventBridgeCron", "UndocumentedExpressionError"]

MAX_LENGTH: Final = 256
"""Longest `ScheduleExpression` of the API."""

_EXPRESSION: Final = re.compile(r"cron\((\S+) (\S+) (\S+) (\S+) (\S+) \*\)")
_ITEM: Final = re.compile(r"(0|[1-9][0-9]?)(?:-(0|[1-9][0-9]?))?")
_NTH: Final = re.compile(r"([1-7])#([1-5])")
_LAST: Final = re.compile(r"([1-7])L")


class UndocumentedExpressionError(ValueError):
    """An expression that the User Guide does not allow, or that this project should not write."""


@dataclass(frozen=True)
class EventBridgeCron:
    """One expression, evaluated on local time."""

    minutes: frozenset[int]
    hours: frozenset[int]
    day_of_month: str
    months: frozenset[int]
    day_of_week: str

    @classmethod
    def parse(cls, expression: str) -> "EventBridgeCron":
        found = _EXPRESSION.fullmatch(expression)
        if not found or len(expression) > MAX_LENGTH:
            raise UndocumentedExpressionError(f"{expression} is not cron(<five fields> *) in {MAX_LENGTH} characters")
        minutes, hours, day_of_month, months, day_of_week = found.groups()
        if (day_of_month == "?") == (day_of_week == "?"):
            raise UndocumentedExpressionError(f"{expression}: exactly one of the day fields must be ?")
        parsed = cls(_values(minutes, 0, 59), _values(hours, 0, 23), day_of_month, _values(months, 1, 12), day_of_week)
        parsed.names_day(date(2001, 1, 1))  # reads the day fields
        return parsed

    def matches(self, local: datetime) -> bool:
        return local.minute in self.minutes and local.hour in self.hours and self.names_day(local.date())

    def names_day(self, day: date) -> bool:
        named = self._names_day_of_month(day) if self.day_of_week == "?" else self._names_day_of_week(day)
        return named and day.month in self.months

    def _names_day_of_month(self, day: date) -> bool:
        if self.day_of_month == "L":
            return day.day == calendar.monthrange(day.year, day.month)[1]
        return day.day in _values(self.day_of_month, 1, 31)

    def _names_day_of_week(self, day: date) -> bool:
        weekday = (day.weekday() + 1) % 7 + 1
        same_weekday = [each for week in calendar.monthcalendar(day.year, day.month) if (each := week[day.weekday()])]
        if found := _NTH.fullmatch(self.day_of_week):
            return weekday == int(found[1]) and same_weekday[int(found[2]) - 1 : int(found[2])] == [day.day]
        if found := _LAST.fullmatch(self.day_of_week):
            return weekday == int(found[1]) and same_weekday[-1] == day.day
        return weekday in _values(self.day_of_week, 1, 7)


@cache
def _values(text: str, low: int, high: int) -> frozenset[int]:
    if text == "*":
        return frozenset(range(low, high + 1))
    values: set[int] = set()
    for item in text.split(","):
        found = _ITEM.fullmatch(item)
        if not found:
            raise UndocumentedExpressionError(f"{item!r} in {text!r} is neither a number nor a range")
        first, last = int(found[1]), int(found[2] or found[1])
        if not low <= first <= last <= high:
            raise UndocumentedExpressionError(
                f"{item!r} in {text!r} is not within {low}-{high}, or ends before it starts"
            )
        values.update(range(first, last + 1))
    return frozenset(values)
