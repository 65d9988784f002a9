"""The five fields of a crontab: their syntax, and the set of numbers that each one means."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from chalicelib.errors import CrontabError

__all__ = ["DAY_OF_MONTH", "DAY_OF_WEEK", "FIELDS", "HOUR", "LAST", "MINUTE", "MONTH", "Field", "parse_weekday_item"]

LAST: Final = -1
"""Stands for the last one, in place of the 1 to 5 that select, for example, one of a month's Mondays."""

_MAX_NTH: Final = 5
_NUMBER: Final = re.compile(r"[0-9]+")
_QUARTZ_LAST: Final = re.compile(r"([0-7]|[a-z]{3})l")
_NEAREST_WORKDAY: Final = re.compile(r"(l|[0-9]+)w")
_HASHED: Final = re.compile(r"[hr](\(.*\))?(/.*)?")


@dataclass(frozen=True)
class Field:
    """One of the five fields.

    Parameters
    ----------
    name
        Its name in messages and documents.
    low
        The smallest number that is allowed.
    high
        The largest number that is allowed; 7 in day of week, where it means Sunday, like 0.
    size
        The number of distinct values. A range that wraps, and the 7, continue at `low` after this many.
    names
        Names of three letters each; the first one stands for `first_named`.
    first_named
        The number of the first name.
    """

    name: str
    low: int
    high: int
    size: int
    names: tuple[str, ...] = ()
    first_named: int = 0

    @property
    def all_values(self) -> frozenset[int]:
        """The values that `*` means."""
        return frozenset(range(self.low, self.low + self.size))

    def parse(self, text: str) -> frozenset[int]:
        """Parse a list of `*`, numbers, names, ranges and steps. Return the set of values.

        Raises
        ------
        CrontabError
            If an item is empty, unknown or out of range. The message names the field and the item.
        """
        return frozenset(value for item in self.split(text) for value in self.expand(item))

    def split(self, text: str) -> Iterator[str]:
        """Split a list into its items.

        Raises
        ------
        CrontabError
            If an item is empty.
        """
        for item in text.split(","):
            if not item:
                raise self.error(f"{text!r} has an empty item; write a value on both sides of each comma")
            yield item

    def expand(self, item: str) -> Iterator[int]:
        """Yield the values of one item: `*`, `a` or `a-b`, with or without a step.

        A range that ends before it starts continues at the field's lowest value.

        Raises
        ------
        CrontabError
            If the item is none of these, a number is out of range, or the step is zero.
        """
        span, slash, step = item.partition("/")
        start, dash, end = span.partition("-")
        if start == "*" and not dash:
            low, high = self.low, self.high
        else:
            low = self.number(start, item)
            high = self.number(end, item) if dash else self.high if slash else low
        last = high + self.size if high < low else high
        for value in range(low, last + 1, self._step(step, item) if slash else 1):
            yield self.low + (value - self.low) % self.size

    def number(self, text: str, item: str) -> int:
        """Parse a number or a name that is part of `item`.

        Raises
        ------
        CrontabError
            If it is neither, or out of range.
        """
        if text.lower() in self.names:
            return self.first_named + self.names.index(text.lower())
        if not _NUMBER.fullmatch(text):
            raise self.error(self._explain(item))
        if not self.low <= int(text) <= self.high:
            raise self.error(f"{text} in {item!r} is out of range; it must be from {self.low} to {self.high}")
        return int(text)

    def error(self, problem: str) -> CrontabError:
        """Make an error that names this field."""
        return CrontabError.for_field(self.name, problem)

    def _step(self, text: str, item: str) -> int:
        if not _NUMBER.fullmatch(text) or not int(text):
            raise self.error(f"the step of {item!r} must be a number from 1, as in */15")
        return int(text)

    def _explain(self, item: str) -> str:
        lowered = item.lower()
        if "?" in item:
            return "'?' is not crontab syntax; write * for any value"
        if _HASHED.fullmatch(lowered):
            return f"{item!r} stands for a value that each server chooses for itself; write a number"
        if _NEAREST_WORKDAY.fullmatch(lowered):
            return f"{item!r} (the working day nearest to a date) is not supported; list dates, or use MON-FRI in day of week"
        if self is DAY_OF_WEEK and (found := _QUARTZ_LAST.fullmatch(lowered)):
            return f"{item!r} is not crontab syntax; write L{found[1].upper()} for the last such day of the month"
        if "#" in item:
            return f"{item!r} is not valid; use # only in day of week, after one day or range, as in MON#1"
        if lowered.startswith("l"):
            return f"{item!r} is not valid; use L alone as a day of month, or L5 in day of week for the last Friday"
        values = f"numbers from {self.low} to {self.high}" + (
            f", names such as {self.names[1].upper()}" if self.names else ""
        )
        return f"{item!r} is not valid; write *, {values}, lists a,b, ranges a-b or steps */n"


class _DayOfMonth(Field):
    def number(self, text: str, item: str) -> int:
        """Parse a number. `L` as the end of a range means the 31st, if the month has one."""
        return self.high if text in ("l", "L") and re.match(r"[0-9]+-[lL]\b", item) else super().number(text, item)


def parse_weekday_item(item: str) -> frozenset[tuple[int, int]] | None:
    """Parse `5#2` (second Friday), `MON-WED#1` or `L5` (last Friday) as pairs of a weekday and 1 to 5 or `LAST`.

    Return None if the item contains plain weekdays.

    Raises
    ------
    CrontabError
        If a weekday is unknown, or the number after `#` is not from 1 to 5.
    """
    if item.lower().startswith("l"):
        return frozenset({(DAY_OF_WEEK.number(item[1:], item) % DAY_OF_WEEK.size, LAST)})
    days, sign, nth = item.partition("#")
    if not sign:
        return None
    if not _NUMBER.fullmatch(nth) or not 1 <= int(nth) <= _MAX_NTH:
        raise DAY_OF_WEEK.error(f"{item!r} must have a number from 1 to {_MAX_NTH} after #, as in MON#1")
    if not days or "*" in days or "/" in days:
        raise DAY_OF_WEEK.error(f"{item!r} must have one day or a range before #, as in MON#1 or MON-FRI#1")
    return frozenset((weekday, int(nth)) for weekday in DAY_OF_WEEK.expand(days))


_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAYS: Final = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")

MINUTE: Final = Field("minute", 0, 59, 60)
HOUR: Final = Field("hour", 0, 23, 24)
DAY_OF_MONTH: Final = _DayOfMonth("day of month", 1, 31, 31)
MONTH: Final = Field("month", 1, 12, 12, _MONTHS, 1)
DAY_OF_WEEK: Final = Field("day of week", 0, 7, 7, _WEEKDAYS)
FIELDS: Final = (MINUTE, HOUR, DAY_OF_MONTH, MONTH, DAY_OF_WEEK)
