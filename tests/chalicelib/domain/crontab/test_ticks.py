"""Due times in a time zone whose clocks change: as in Debian's cron, compared with cronsim and a simple minute-by-minute count."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import takewhile
from zoneinfo import ZoneInfo

import pytest
from cronsim import CronSim
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from chalicelib.domain.crontab.expression import Crontab
from chalicelib.errors import CrontabError
from tests.chalicelib.domain.crontab.strategies import crontabs, debian_crontabs, night_crontabs

MINUTE = timedelta(minutes=1)

WHOLE_HOURS = [
    ("America/New_York", date(2026, 3, 8)),
    ("America/New_York", date(2026, 11, 1)),
    ("Africa/Casablanca", date(2026, 2, 15)),
    ("Africa/Casablanca", date(2026, 3, 22)),
    ("America/St_Johns", date(2026, 3, 8)),
    ("Europe/Berlin", date(2026, 3, 29)),
    ("Europe/Berlin", date(2026, 10, 25)),
    ("US/Pacific", date(2026, 3, 8)),
    ("US/Pacific", date(2026, 11, 1)),
    ("Asia/Kathmandu", date(2026, 3, 29)),  # never changes
]
"""Time zones whose clocks move by an hour at a full hour other than midnight, or not at all."""

OTHERS = [
    ("America/Sao_Paulo", date(2018, 11, 4)),  # midnight is skipped
    ("America/Sao_Paulo", date(2018, 2, 18)),  # 23:00 to 24:00 comes twice
    ("America/St_Johns", date(2010, 3, 14)),  # at one minute past midnight
    ("America/St_Johns", date(2010, 11, 7)),  # 23:01 to 00:01 comes twice
    ("Asia/Kathmandu", date(1986, 1, 1)),  # by a quarter of an hour
    ("Australia/Lord_Howe", date(2026, 4, 5)),  # by half an hour
    ("Australia/Lord_Howe", date(2026, 10, 4)),
    ("Pacific/Apia", date(2011, 12, 30)),  # the whole day is skipped
]


def window(zone: str, day: date) -> tuple[datetime, datetime]:
    """From six hours before the day to the middle of the next one."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).astimezone(UTC)
    return midnight - timedelta(hours=6), midnight + timedelta(hours=36)


def read(text: str) -> Crontab:
    try:
        return Crontab.parse(text)
    except CrontabError:
        assume(False)
        raise


def by_cronsim(text: str, after: datetime, before: datetime, zone: ZoneInfo) -> list[datetime]:
    ticks = (tick.astimezone(UTC) for tick in CronSim(text, after.astimezone(zone)))
    return list(takewhile(lambda tick: tick <= before, ticks))


def clock(instant: datetime, zone: ZoneInfo) -> datetime:
    return instant.astimezone(zone).replace(tzinfo=None)


def by_counting(crontab: Crontab, after: datetime, before: datetime, zone: ZoneInfo) -> list[datetime]:
    """Check the clock each minute.

    A fixed time is due at a minute if the clock shows it for the first time, or has gone past it for the first time without
    showing it.
    """
    due, instant = [], after - timedelta(days=1)
    latest = clock(instant, zone)
    while instant < before:
        instant += MINUTE
        shown = clock(instant, zone)
        passed = [latest + MINUTE * (each + 1) for each in range((shown - latest) // MINUTE)]
        latest = max(latest, shown)
        is_due = any(map(crontab.matches, passed)) if crontab.is_fixed_time else crontab.matches(shown)
        if is_due and instant > after:
            due.append(instant)
    return due


@settings(max_examples=200, derandomize=True, deadline=None, database=None)
@given(debian_crontabs(fixed=False), st.sampled_from(WHOLE_HOURS))
def test_random_crontabs_tick_as_cronsim_does(text: str, place: tuple[str, date]) -> None:
    crontab, zone = read(text), ZoneInfo(place[0])
    after, before = window(*place)
    assert list(crontab.ticks(after, before, zone)) == by_cronsim(text, after, before, zone)


@settings(max_examples=200, derandomize=True, deadline=None, database=None)
@given(debian_crontabs(fixed=True), st.sampled_from(OTHERS))
def test_fixed_times_tick_as_cronsim_does_everywhere(text: str, place: tuple[str, date]) -> None:
    """For other crontabs, cronsim loses ticks in these zones: it moves in steps of 60 minutes, and to midnights that do not exist."""
    crontab, zone = read(text), ZoneInfo(place[0])
    after, before = window(*place)
    assert list(crontab.ticks(after, before, zone)) == by_cronsim(text, after, before, zone)


@settings(max_examples=200, derandomize=True, deadline=None, database=None)
@given(st.one_of(night_crontabs(), crontabs(beyond_croniter=True)), st.sampled_from(WHOLE_HOURS + OTHERS))
def test_random_crontabs_tick_as_counted(text: str, place: tuple[str, date]) -> None:
    crontab, zone = read(text), ZoneInfo(place[0])
    after, before = window(*place)
    ticks = list(crontab.ticks(after, before, zone))
    assert ticks == by_counting(crontab, after, before, zone)
    minutes = [after + MINUTE * (number + 1) for number in range((before - after) // MINUTE)]
    assert ticks == [instant for instant in minutes if crontab.is_due(instant, zone)]


@settings(max_examples=200, derandomize=True, deadline=None, database=None)
@given(night_crontabs(), st.sampled_from(WHOLE_HOURS + OTHERS), st.integers(0, 42 * 60))
def test_handling_missed_ticks_can_be_interrupted_anywhere(text: str, place: tuple[str, date], minutes: int) -> None:
    crontab = read(text)
    after, before = window(*place)
    cut = after + MINUTE * minutes
    parts = [*crontab.ticks(after, cut, place[0]), *crontab.ticks(cut, before, place[0])]
    assert parts == list(crontab.ticks(after, before, place[0]))


def local_ticks(text: str, place: tuple[str, date]) -> list[str]:
    after, before = window(*place)
    zone = ZoneInfo(place[0])
    return [f"{tick.astimezone(zone):%d %H:%M %z}" for tick in Crontab.parse(text).ticks(after, before, zone)]


NEW_YORK_SPRING, NEW_YORK_AUTUMN = ("America/New_York", date(2026, 3, 8)), ("America/New_York", date(2026, 11, 1))
LORD_HOWE_SPRING, APIA = ("Australia/Lord_Howe", date(2026, 10, 4)), ("Pacific/Apia", date(2011, 12, 30))


@pytest.mark.parametrize(
    ("text", "place", "ticks"),
    [
        ("30 2 * * *", NEW_YORK_SPRING, ["08 03:00 -0400", "09 02:30 -0400"]),
        ("0,30 2 * * *", NEW_YORK_SPRING, ["08 03:00 -0400", "09 02:00 -0400", "09 02:30 -0400"]),
        ("30 2,3 * * *", NEW_YORK_SPRING, ["08 03:00 -0400", "08 03:30 -0400", "09 02:30 -0400", "09 03:30 -0400"]),
        ("0 2,3 * * SUN", NEW_YORK_SPRING, ["08 03:00 -0400"]),
        (
            "0 */2 * * SUN",
            NEW_YORK_SPRING,
            [f"08 {hour:02}:00 {'-0400' if hour else '-0500'}" for hour in range(0, 24, 2) if hour != 2],
        ),
        ("30 1 * * *", NEW_YORK_AUTUMN, ["01 01:30 -0400", "02 01:30 -0500"]),
        ("*/30 1 * * SUN", NEW_YORK_AUTUMN, ["01 01:00 -0400", "01 01:30 -0400", "01 01:00 -0500", "01 01:30 -0500"]),
        ("15 2 * * *", LORD_HOWE_SPRING, ["04 02:30 +1100", "05 02:15 +1100"]),
        ("0 9 * * *", APIA, ["31 00:00 +1400", "31 09:00 +1400", "01 09:00 +1400"]),
        ("0 0,9 30 * *", APIA, ["31 00:00 +1400"]),
        ("0 */9 30 * *", APIA, []),
    ],
)
def test_when_the_clocks_change(text: str, place: tuple[str, date], ticks: list[str]) -> None:
    assert local_ticks(text, place) == ticks
    after, before = window(*place)
    minutes = [after + MINUTE * (number + 1) for number in range((before - after) // MINUTE)]
    due = [instant for instant in minutes if Crontab.parse(text).is_due(instant, place[0])]
    assert due == list(Crontab.parse(text).ticks(after, before, place[0]))


def test_ticks_are_after_and_not_later_than() -> None:
    crontab, nine = Crontab.parse("0 9 * * *"), datetime(2026, 3, 1, 9, tzinfo=UTC)
    assert list(crontab.ticks(nine - MINUTE, nine, "UTC")) == [nine]
    assert list(crontab.ticks(nine, nine + timedelta(hours=23, minutes=59), "UTC")) == []
    assert list(crontab.ticks(nine + MINUTE, nine, "UTC")) == []
    assert list(crontab.ticks(nine - timedelta(seconds=1), nine, "UTC")) == [nine]


@pytest.mark.parametrize("text", ["0 9 * * *", "*/15 * * * *"])
def test_instants_may_have_any_time_zone_and_second(text: str) -> None:
    crontab = Crontab.parse(text)
    after, before = datetime(2026, 3, 1, 8, 59, 59, 999, tzinfo=UTC), datetime(2026, 3, 3, 9, 0, 1, tzinfo=UTC)
    kathmandu = ZoneInfo("Asia/Kathmandu")
    ticks = list(crontab.ticks(after.astimezone(kathmandu), before.astimezone(kathmandu), "UTC"))
    assert ticks == list(crontab.ticks(after, before, "UTC"))
    assert ticks[0] == datetime(2026, 3, 1, 9, tzinfo=UTC)
    assert all(tick.tzinfo is UTC for tick in ticks)


@pytest.mark.parametrize(
    ("text", "tick"),
    [
        ("0 0 29 2 *", datetime(2104, 2, 29, tzinfo=UTC)),
        ("*/5 * 29 2 *", datetime(2104, 2, 29, tzinfo=UTC)),
        ("0 0 * 2 5#5", datetime(2104, 2, 29, tzinfo=UTC)),
        ("0 0 * 2 6#5", datetime(2116, 2, 29, tzinfo=UTC)),
    ],
)
def test_rare_ticks_are_found_across_a_century_without_leap_day(text: str, tick: datetime) -> None:
    assert Crontab.parse(text).next_tick(datetime(2096, 3, 1, tzinfo=UTC), "UTC") == tick


def fires_rarely(text: str) -> Iterator[datetime]:
    return Crontab.parse(text).ticks(datetime(1980, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC), "UTC")


def test_the_fifth_friday_of_february_comes_every_28_years() -> None:
    assert [tick.year for tick in fires_rarely("0 0 * 2 5#5")] == [1980, 2008, 2036, 2064, 2092]


@pytest.mark.parametrize("seconds", [1, 30, 59])
def test_only_whole_minutes_are_due(seconds: int) -> None:
    nine = datetime(2026, 3, 1, 9, tzinfo=UTC)
    assert Crontab.parse("0 9 * * *").is_due(nine, "UTC")
    assert not Crontab.parse("0 9 * * *").is_due(nine + timedelta(seconds=seconds), "UTC")


def test_the_second_occurrence_of_a_fixed_time_is_not_due() -> None:
    first = datetime(2026, 11, 1, 5, 30, tzinfo=UTC)
    fixed, hourly = Crontab.parse("30 1 * * *"), Crontab.parse("30 * * * *")
    assert [fixed.is_due(each, "America/New_York") for each in (first, first + timedelta(hours=1))] == [True, False]
    assert [hourly.is_due(each, "America/New_York") for each in (first, first + timedelta(hours=1))] == [True, True]


@pytest.mark.parametrize("call", ["ticks", "next_tick", "is_due"])
def test_instants_need_a_zone(call: str) -> None:
    naive = datetime(2026, 3, 1, 9)  # noqa: DTZ001
    arguments = [naive] * (2 if call == "ticks" else 1)
    with pytest.raises(ValueError, match="no time zone"):
        getattr(Crontab.parse("0 9 * * *"), call)(*arguments, "UTC")


def test_an_unknown_time_zone_is_rejected_before_the_first_tick() -> None:
    now = datetime(2026, 3, 1, 9, tzinfo=UTC)
    with pytest.raises(CrontabError, match="timezone: 'Mars/Olympus'"):
        Crontab.parse("0 9 * * *").ticks(now, now, "Mars/Olympus")


@pytest.mark.parametrize(
    ("text", "is_fixed"),
    [
        ("0 9 * * *", True),
        ("@daily", True),
        ("0-59 0-23 * * *", True),
        ("5,* 9 * * *", True),
        ("@hourly", False),
        ("*/15 9 * * *", False),
        ("0 */2 * * *", False),
        ("*,5 9 * * *", False),
    ],
)
def test_times_are_fixed_unless_minute_or_hour_begins_with_a_star(text: str, is_fixed: bool) -> None:
    assert Crontab.parse(text).is_fixed_time == is_fixed
