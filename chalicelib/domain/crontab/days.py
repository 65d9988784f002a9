"""Which dates a crontab names: day of month, month and day of week together."""

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import MAXYEAR, date
from typing import Final, Self

from chalicelib.domain.crontab.fields import DAY_OF_MONTH, DAY_OF_WEEK, LAST, MONTH, parse_weekday_item

__all__ = ["DayRule"]

_WEEK: Final = 7
_LONGEST: Final = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
"""Days of each month in the years that give it most."""


@dataclass(frozen=True)
class DayRule:
    """Dates in one of `months` that are in at least one of the other sets.

    The sets of a field that leaves every day open are empty when the other one decides; `days` is full when neither does.

    Parameters
    ----------
    months
        1 to 12.
    days
        Days of the month, 1 to 31.
    last_day
        Whether each month's last day is one of them.
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
        """Read three fields.

        A field that contains `*` as an item, or names every value, leaves every day open; if neither does, a date needs to be in just one of them.

        Raises
        ------
        CrontabError
            If one is not understood, or no date is ever named.
        """
        months = MONTH.parse(month)
        days, last_day = _parse_days(day_of_month)
        weekdays, nth_weekdays = _parse_weekdays(day_of_week)
        open_days = days == DAY_OF_MONTH.all_values
        open_weekdays = weekdays == DAY_OF_WEEK.all_values
        if open_days and not open_weekdays:
            return cls(months, frozenset(), last_day=False, weekdays=weekdays, nth_weekdays=nth_weekdays)
        if open_weekdays:
            weekdays = frozenset()
        rule = cls(months, days, last_day=last_day, weekdays=weekdays, nth_weekdays=nth_weekdays)
        if not (rule.days_happen or last_day or weekdays or nth_weekdays):
            raise DAY_OF_MONTH.refusal(
                f"no month of {month!r} ever has a day {day_of_month!r}, so it never fires; L is the last day of every month"
            )
        return rule

    @property
    def days_happen(self) -> bool:
        """Whether any of `days` exists in any of `months`, leap years included."""
        return any(min(self.days) <= _LONGEST[month - 1] for month in self.months) if self.days else False

    def includes(self, day: date) -> bool:
        """Say whether the date is one of them."""
        weekday = day.isoweekday() % _WEEK
        return day.month in self.months and (
            day.day in self.days
            or weekday in self.weekdays
            or (weekday, (day.day - 1) // _WEEK + 1) in self.nth_weekdays
            or (self._asks_for_last and self._is_last(day, weekday))
        )

    def dates(self, start: date) -> Iterator[date]:
        """Go through the dates from `start` on, in order; there is always a next one until the year 9999."""
        for number in range(start.year * 12 + start.month - 1, MAXYEAR * 12):
            year, month = number // 12, number % 12 + 1
            if month not in self.months:
                continue
            for day in range(1, monthrange(year, month)[1] + 1):
                candidate = date(year, month, day)
                if candidate >= start and self.includes(candidate):
                    yield candidate

    @property
    def _asks_for_last(self) -> bool:
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
        raise DAY_OF_WEEK.refusal(f"{text!r} mixes days of every week with # or L; make a schedule for each")
    return frozenset(weekdays), frozenset(nth_weekdays)
