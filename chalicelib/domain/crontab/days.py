"""The dates that a crontab matches: day of month, month and day of week together."""

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import MAXYEAR, date
from typing import Final, Self

from chalicelib.domain.crontab.fields import DAY_OF_MONTH, DAY_OF_WEEK, LAST, MONTH, parse_weekday_item

__all__ = ["DayRule"]

_WEEK: Final = 7
_DAYS_OF_MONTH: Final = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
"""Days of each month, in leap years."""


@dataclass(frozen=True)
class DayRule:
    """Dates in one of `months` that are in at least one of the other sets.

    If a field allows every day and the other one does not, the sets of the first are empty. If both allow every day, `days` contains all days.

    Parameters
    ----------
    months
        1 to 12.
    days
        Days of the month, 1 to 31.
    last_day
        Whether the last day of each month matches.
    weekdays
        0 (Sunday) to 6.
    nth_weekdays
        Pairs of a weekday and 1 to 5, or `LAST`.
    """

    months: frozenset[int]
    days: frozenset[int]
    last_day: bool
    weekdays: frozenset[int]
    nth_weekdays: frozenset[tuple[int, int]]

    @classmethod
    def parse(cls, day_of_month: str, month: str, day_of_week: str) -> Self:
        """Parse three fields.

        A field that contains `*` as an item, or lists every value, allows every day. If neither field does, a date matches if one of them contains it.

        Raises
        ------
        CrontabError
            If a field cannot be parsed, or no date ever matches.
        """
        months = MONTH.parse(month)
        days, last_day = _parse_days(day_of_month)
        weekdays, nth_weekdays = _parse_weekdays(day_of_week)
        allows_all_days = days == DAY_OF_MONTH.all_values
        allows_all_weekdays = weekdays == DAY_OF_WEEK.all_values
        if allows_all_days and not allows_all_weekdays:
            return cls(months, frozenset(), last_day=False, weekdays=weekdays, nth_weekdays=nth_weekdays)
        if allows_all_weekdays:
            weekdays = frozenset()
        rule = cls(months, days, last_day=last_day, weekdays=weekdays, nth_weekdays=nth_weekdays)
        if not (rule.has_existing_days or last_day or weekdays or nth_weekdays):
            raise DAY_OF_MONTH.error(
                f"no month of {month!r} has a day {day_of_month!r}, so the schedule never fires; use L for the last day of every month"
            )
        return rule

    @property
    def has_existing_days(self) -> bool:
        """Whether any of `days` exists in any of `months`, including leap years."""
        return any(min(self.days) <= _DAYS_OF_MONTH[month - 1] for month in self.months) if self.days else False

    def includes(self, day: date) -> bool:
        """Check whether a date matches."""
        weekday = day.isoweekday() % _WEEK
        return day.month in self.months and (
            day.day in self.days
            or weekday in self.weekdays
            or (weekday, (day.day - 1) // _WEEK + 1) in self.nth_weekdays
            or (self._uses_last and self._is_last(day, weekday))
        )

    def dates(self, start: date) -> Iterator[date]:
        """Yield the matching dates from `start` on, in order, until the year 9999."""
        for number in range(start.year * 12 + start.month - 1, MAXYEAR * 12):
            year, month = number // 12, number % 12 + 1
            if month not in self.months:
                continue
            for day in range(1, monthrange(year, month)[1] + 1):
                candidate = date(year, month, day)
                if candidate >= start and self.includes(candidate):
                    yield candidate

    @property
    def _uses_last(self) -> bool:
        return self.last_day or any(nth == LAST for _, nth in self.nth_weekdays)

    def _is_last(self, day: date, weekday: int) -> bool:
        length = monthrange(day.year, day.month)[1]
        return (self.last_day and day.day == length) or (
            day.day + _WEEK > length and (weekday, LAST) in self.nth_weekdays
        )


def _parse_days(text: str) -> tuple[frozenset[int], bool]:
    items = list(DAY_OF_MONTH.split(text))
    numbers = [item for item in items if item.lower() != "l"]
    days = frozenset(value for item in numbers for value in DAY_OF_MONTH.expand(item))
    last_day = len(numbers) < len(items)
    if last_day and days >= DAY_OF_MONTH.all_values - {DAY_OF_MONTH.high}:
        return DAY_OF_MONTH.all_values, False
    return days, last_day


def _parse_weekdays(text: str) -> tuple[frozenset[int], frozenset[tuple[int, int]]]:
    weekdays: set[int] = set()
    nth_weekdays: set[tuple[int, int]] = set()
    for item in DAY_OF_WEEK.split(text):
        pairs = parse_weekday_item(item)
        if pairs is None:
            weekdays.update(DAY_OF_WEEK.expand(item))
        else:
            nth_weekdays.update(pairs)
    if weekdays and nth_weekdays:
        raise DAY_OF_WEEK.error(f"{text!r} mixes plain weekdays with # or L; create one schedule for each")
    return frozenset(weekdays), frozenset(nth_weekdays)
