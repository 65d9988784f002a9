"""Crontabs: what they mean, when they are due, and the equivalent EventBridge expressions. docs/schedules.md lists the rules.

On the local clock, a crontab means what it means to croniter 1.4.1, the library of the stock scheduler. When the clocks change,
schedules behave as in Debian's cron.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise, takewhile
from typing import Final, Self
from zoneinfo import ZoneInfo

from chalicelib.domain.crontab.days import DayRule
from chalicelib.domain.crontab.eventbridge import expressions
from chalicelib.domain.crontab.fields import FIELDS, HOUR, MINUTE
from chalicelib.domain.crontab.time_zones import first_instant, parse_timezone, skipped_minutes, to_local
from chalicelib.errors import CrontabError

__all__ = ["Crontab", "check_interval", "minimum_interval", "parse_timezone", "to_eventbridge"]

_MAX_TEXT: Final = 1000
"""Characters. A crontab that lists every value of every field once is shorter."""

_MACROS: Final = {
    "@annually": "0 0 1 1 *",
    "@daily": "0 0 * * *",
    "@hourly": "0 * * * *",
    "@midnight": "0 0 * * *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@yearly": "0 0 1 1 *",
}
_ONE_MINUTE: Final = timedelta(minutes=1)
_ONE_DAY: Final = timedelta(days=1)
_CALENDAR: Final = (2001, 2057)
"""Years to search: twice the 28 years after which dates fall on the same weekdays again (from 1901 to 2099)."""


@dataclass(frozen=True)
class Crontab:
    """A parsed crontab.

    Parameters
    ----------
    text
        As the user typed it.
    minutes
        0 to 59.
    hours
        0 to 23.
    day_rule
        The dates.
    is_fixed_time
        Whether it lists times of the day: neither minute nor hour starts with `*`. When the clocks change, a fixed time fires once
        on that day; any other crontab fires at each real minute that matches.
    """

    text: str
    minutes: frozenset[int]
    hours: frozenset[int]
    day_rule: DayRule
    is_fixed_time: bool

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse a crontab: five fields, or a macro such as `@daily`.

        Raises
        ------
        CrontabError
            If it cannot be parsed or never fires. The message names the field and explains what to do.
        """
        minute, hour, day_of_month, month, day_of_week = _split(text)
        return cls(
            text=text,
            minutes=MINUTE.parse(minute),
            hours=HOUR.parse(hour),
            day_rule=DayRule.parse(day_of_month, month, day_of_week),
            is_fixed_time=not minute.startswith("*") and not hour.startswith("*"),
        )

    def matches(self, local: datetime) -> bool:
        """Check whether the crontab matches a local minute. Seconds do not count.

        Raises
        ------
        ValueError
            If `local` has a time zone. It must be what the local clock shows.
        """
        if local.tzinfo is not None:
            raise ValueError(f"{local} has a time zone; a local time is needed")
        return local.minute in self.minutes and local.hour in self.hours and self.day_rule.includes(local.date())

    def ticks(self, after: datetime, before: datetime, timezone: str | ZoneInfo) -> Iterator[datetime]:
        """Yield the due times (UTC) with `after` < tick <= `before`, in order, each once.

        Raises
        ------
        CrontabError
            If the time zone does not exist.
        ValueError
            If `after` or `before` is naive.
        """
        zone = _zone(timezone)
        _require_instants(after, before)
        walk = self._fixed_ticks if self.is_fixed_time else self._real_ticks
        return takewhile(lambda tick: tick <= before, walk(after.astimezone(UTC), zone))

    def next_tick(self, after: datetime, timezone: str | ZoneInfo) -> datetime:
        """Return the first due time (UTC) after an instant. The rarest (29 February on one weekday) may be 40 years away.

        Raises
        ------
        CrontabError
            If the time zone does not exist.
        ValueError
            If `after` is naive.
        """
        return next(self.ticks(after, datetime.max.replace(tzinfo=UTC), timezone))

    def is_due(self, instant: datetime, timezone: str | ZoneInfo) -> bool:
        """Check whether an instant is a due time.

        Raises
        ------
        CrontabError
            If the time zone does not exist.
        ValueError
            If `instant` is naive.
        """
        zone = _zone(timezone)
        _require_instants(instant)
        here = instant.astimezone(zone)
        if here.second or here.microsecond:
            return False
        if not self.is_fixed_time:
            return self.matches(here.replace(tzinfo=None))
        is_first_time = not here.fold
        return (is_first_time and self.matches(here.replace(tzinfo=None))) or any(
            self.matches(skipped) for skipped in skipped_minutes(instant.astimezone(UTC), zone)
        )

    def _fixed_ticks(self, after: datetime, zone: ZoneInfo) -> Iterator[datetime]:
        """Yield each due local time once: when it first occurs, or right after the gap that skips it."""
        passed = to_local(after, zone)
        for local in self._local_times(passed.date()):
            if local <= passed:
                continue
            instant = first_instant(local, zone)
            yield instant
            passed = to_local(instant, zone)

    def _local_times(self, start: date) -> Iterator[datetime]:
        hours, minutes = sorted(self.hours), sorted(self.minutes)
        for day in self.day_rule.dates(start):
            for hour in hours:
                for minute in minutes:
                    yield datetime(day.year, day.month, day.day, hour, minute)  # noqa: DTZ001 - a local time

    def _real_ticks(self, after: datetime, zone: ZoneInfo) -> Iterator[datetime]:
        """Yield each real minute whose local time is due. Skip days that do not match."""
        instant = after.replace(second=0, microsecond=0) + _ONE_MINUTE
        while True:
            local = to_local(instant, zone)
            if not self.day_rule.includes(local.date()):
                day = next(self.day_rule.dates(local.date() + _ONE_DAY))
                instant = max(instant + _ONE_MINUTE, first_instant(datetime.combine(day, time()), zone))
                continue
            if local.minute in self.minutes and local.hour in self.hours:
                yield instant
            instant += _ONE_MINUTE


def to_eventbridge(text: str) -> tuple[str, ...]:
    """Convert a crontab to cron expressions of EventBridge Scheduler, each within its limit of 256 characters.

    Together they match exactly the local minutes that the crontab matches. Two of them may match the same minute.

    Raises
    ------
    CrontabError
        If `Crontab.parse` raises it.
    """
    crontab = Crontab.parse(text)
    return expressions(crontab.minutes, crontab.hours, crontab.day_rule)


def minimum_interval(crontab: Crontab) -> timedelta:
    """Return the shortest time between two ticks on the local clock, in any year from 1901 to 2099.

    Within a day, this is the smallest difference between two times; overnight, the one between a day's last time and the first time of
    the next matching day. When the clocks change, two ticks may come closer together by the amount that the clocks move.
    """
    times = [
        timedelta(hours=hour, minutes=minute) for hour in sorted(crontab.hours) for minute in sorted(crontab.minutes)
    ]
    overnight = _fewest_days(crontab.day_rule) + times[0] - times[-1]
    return min([overnight, *(later - earlier for earlier, later in pairwise(times))])


def check_interval(crontab: Crontab, at_least: timedelta) -> None:
    """Check a crontab against the operator's minimum interval.

    Raises
    ------
    CrontabError
        If two of its ticks are closer together.
    """
    interval = minimum_interval(crontab)
    if interval < at_least:
        raise CrontabError.for_field(
            "schedule",
            f"{crontab.text!r} fires every {interval} [h:mm:ss] at its most frequent; the operator allows one run every {at_least}",
        )


def _split(text: str) -> list[str]:
    if len(text) > _MAX_TEXT:
        raise CrontabError.for_field("schedule", f"it has {len(text)} characters; the limit is {_MAX_TEXT}")
    fields = (_macro(text.strip()) if text.strip().startswith("@") else text).split()
    if len(fields) != len(FIELDS):
        names = ", ".join(field.name for field in FIELDS)
        number = "1 field" if len(fields) == 1 else f"{len(fields)} fields"
        hint = "; remove fields for seconds or years" if len(fields) > len(FIELDS) else ""
        raise CrontabError.for_field("schedule", f"{text!r} has {number}; a crontab has {len(FIELDS)}: {names}{hint}")
    return fields


def _macro(text: str) -> str:
    name = text.lower()
    if name == "@reboot":
        raise CrontabError.for_field(
            "schedule", "@reboot has no meaning here, because no machine starts; use a time instead"
        )
    if name not in _MACROS:
        raise CrontabError.for_field("schedule", f"{text!r} is not a macro; choose one of {', '.join(_MACROS)}")
    return _MACROS[name]


def _fewest_days(rule: DayRule) -> timedelta:
    """Return the shortest time between two dates of a rule."""
    first, last = _CALENDAR
    fewest = timedelta.max
    for earlier, later in pairwise(rule.dates(date(first, 1, 1))):
        fewest = min(fewest, later - earlier)
        if fewest == _ONE_DAY or later.year > last:
            break
    return fewest


def _zone(timezone: str | ZoneInfo) -> ZoneInfo:
    return timezone if isinstance(timezone, ZoneInfo) else parse_timezone(timezone)


def _require_instants(*instants: datetime) -> None:
    for instant in instants:
        if instant.tzinfo is None:
            raise ValueError(f"{instant} has no time zone, so it is not an instant")
