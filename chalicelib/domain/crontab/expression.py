"""Crontabs: what they mean, when they are due, and how EventBridge Scheduler is told. docs/schedules.md has the rules.

Pure: no clock, no AWS. What a crontab means on the local clock is what croniter 1.4.1 takes it to mean, the stock
scheduler's library; what happens when the clocks change is what Debian's cron does.
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
"""Characters: more than every value of every field takes, each written once."""

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
"""Two times the 28 years after which dates fall on the same weekdays again, from 1901 to 2099."""


@dataclass(frozen=True)
class Crontab:
    """A crontab that was understood.

    Parameters
    ----------
    text
        As it was typed.
    minutes
        0 to 59.
    hours
        0 to 23.
    day_rule
        Which dates.
    is_fixed_time
        Whether it names times of the day: neither minute nor hour begins with `*`. A fixed time happens once on a day when
        the clocks change; otherwise every real minute counts.
    """

    text: str
    minutes: frozenset[int]
    hours: frozenset[int]
    day_rule: DayRule
    is_fixed_time: bool

    @classmethod
    def parse(cls, text: str) -> Self:
        """Understand a crontab: five fields, or a macro such as `@daily`.

        Raises
        ------
        CrontabError
            If it is not understood or never fires; the message names the field and says what to do.
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
        """Say whether the crontab names a local minute; seconds do not count.

        Raises
        ------
        ValueError
            If `local` has a time zone: it must be what the local clock shows.
        """
        if local.tzinfo is not None:
            raise ValueError(f"{local} has a time zone; a local time is needed")
        return local.minute in self.minutes and local.hour in self.hours and self.day_rule.includes(local.date())

    def ticks(self, after: datetime, before: datetime, timezone: str | ZoneInfo) -> Iterator[datetime]:
        """Go through the due instants (UTC) with `after` < tick <= `before`, in order, each once.

        Raises
        ------
        CrontabError
            If there is no such zone.
        ValueError
            If `after` or `before` is naive: it names no instant.
        """
        zone = _zone(timezone)
        _require_instants(after, before)
        walk = self._fixed_ticks if self.is_fixed_time else self._real_ticks
        return takewhile(lambda tick: tick <= before, walk(after.astimezone(UTC), zone))

    def next_tick(self, after: datetime, timezone: str | ZoneInfo) -> datetime:
        """Find the first due instant (UTC) after another. The rarest (29 February on one weekday) may be 40 years away.

        Raises
        ------
        CrontabError
            If there is no such zone.
        ValueError
            If `after` is naive.
        """
        return next(self.ticks(after, datetime.max.replace(tzinfo=UTC), timezone))

    def is_due(self, instant: datetime, timezone: str | ZoneInfo) -> bool:
        """Say whether an instant is one of `ticks`.

        Raises
        ------
        CrontabError
            If there is no such zone.
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
        """Each local time that is due, once: at its first passing, or right after the gap that skips it."""
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
        """Each real minute whose local time is due; days that are not are leapt over."""
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
    """Say a crontab with cron expressions of EventBridge Scheduler, each at most 256 characters, its limit.

    Together they name exactly the local minutes that the crontab does; two of them may name the same minute.

    Raises
    ------
    CrontabError
        As `Crontab.parse` does.
    """
    crontab = Crontab.parse(text)
    return expressions(crontab.minutes, crontab.hours, crontab.day_rule)


def minimum_interval(crontab: Crontab) -> timedelta:
    """Measure the shortest time between two ticks on the local clock, in any year from 1901 to 2099.

    Within a day it is the least difference of two times; over night, the one from a day's last time to the next due day's
    first. When the clocks change, two ticks may come nearer to each other by as much as the clocks move.
    """
    times = [
        timedelta(hours=hour, minutes=minute) for hour in sorted(crontab.hours) for minute in sorted(crontab.minutes)
    ]
    over_night = _fewest_days(crontab.day_rule) + times[0] - times[-1]
    return min([over_night, *(later - earlier for earlier, later in pairwise(times))])


def check_interval(crontab: Crontab, at_least: timedelta) -> None:
    """Hold a crontab against the operator's minimum interval.

    Raises
    ------
    CrontabError
        If two of its ticks are nearer to each other.
    """
    interval = minimum_interval(crontab)
    if interval < at_least:
        raise CrontabError.for_field(
            "schedule",
            f"{crontab.text!r} runs {interval} after another run; the operator allows a run every {at_least} [h:mm:ss] at most",
        )


def _split(text: str) -> list[str]:
    if len(text) > _MAX_TEXT:
        raise CrontabError.for_field("schedule", f"it has {len(text)} characters; the limit is {_MAX_TEXT}")
    fields = (_macro(text.strip()) if text.strip().startswith("@") else text).split()
    if len(fields) != len(FIELDS):
        names = ", ".join(field.name for field in FIELDS)
        hint = "; leave out fields for seconds or the year" if len(fields) > len(FIELDS) else ""
        raise CrontabError.for_field(
            "schedule", f"{text!r} has {len(fields)} fields; a crontab has {len(FIELDS)}: {names}{hint}"
        )
    return fields


def _macro(text: str) -> str:
    name = text.lower()
    if name == "@reboot":
        raise CrontabError.for_field("schedule", "@reboot has no meaning here: no machine starts; name times instead")
    if name not in _MACROS:
        raise CrontabError.for_field("schedule", f"{text!r} is not known; macros are {', '.join(_MACROS)}")
    return _MACROS[name]


def _fewest_days(rule: DayRule) -> timedelta:
    """Between two dates of a rule."""
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
    for each in instants:
        if each.tzinfo is None:
            raise ValueError(f"{each} has no time zone, so it is no instant")
