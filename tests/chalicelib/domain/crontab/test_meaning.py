"""What a crontab means on the local clock: the same as in croniter 1.4.1, with the exceptions in docs/schedules.md.

A crontab's local minutes are its days times its times of day, for croniter too: it moves on month, day, hour and minute
one after another, each by its own field. So every day of years is compared at one of its times, and every hour and minute
on one of its days, instead of each minute of years.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from importlib.metadata import version
from itertools import takewhile

import pytest
from croniter import croniter  # type: ignore[import-untyped]
from croniter.croniter import CroniterBadDateError  # type: ignore[import-untyped]
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from chalicelib.domain.crontab.expression import Crontab
from chalicelib.errors import CrontabError
from tests.chalicelib.domain.crontab.strategies import MACROS, crontabs

pytestmark = pytest.mark.filterwarnings(
    "ignore:datetime.datetime.utcfromtimestamp:DeprecationWarning"
)  # croniter's own

MINUTE = timedelta(minutes=1)
FRIDAY_13 = datetime(2026, 2, 13, 9)  # noqa: DTZ001 - a local time


class Oracle:
    """A crontab matches a minute if croniter returns it as the next one after the minute before.

    It says what `croniter.match` says, but reads the crontab once, and can go past a February without a 29th.
    """

    def __init__(self, text: str) -> None:
        self.iterator = croniter(text, ret_type=datetime)

    def matches(self, local: datetime) -> bool:
        return bool(self.iterator.get_next(start_time=local - MINUTE) == local)


def days_of(year: int) -> Iterator[date]:
    return (date(year, 1, 1) + timedelta(days=number) for number in range(366 if year % 4 == 0 else 365))


def at(day: date, hour: int, minute: int) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute)  # noqa: DTZ001 - a local time


def probes(crontab: Crontab, year: int) -> Iterator[datetime]:
    """Each day at a due time, and each hour, each minute and many of both on a matching day."""
    hour, minute = max(crontab.hours), min(crontab.minutes)
    due_day = next(crontab.day_rule.dates(date(year, 1, 1)))
    yield from (at(day, hour, minute) for day in days_of(year))
    yield from (at(due_day, each, minute) for each in range(24))
    yield from (at(due_day, hour, each) for each in range(60))
    yield from (at(due_day, each % 24, each * 7 % 60) for each in range(60))


def happens(text: str) -> bool:
    try:
        Crontab.parse(text)
    except CrontabError:
        return False
    return True


def test_oracle_is_the_stock_schedulers_version() -> None:
    assert version("croniter") == "1.4.1"


def test_oracle_read_once_is_croniter_match() -> None:
    text = "*/20 9-17/4 L,1-7 * MON"
    for local in probes(Crontab.parse(text), 2028):
        assert Oracle(text).matches(local) == croniter.match(text, local)


@settings(max_examples=250, derandomize=True, deadline=None, database=None)
@given(crontabs(beyond_croniter=False), st.integers(2001, 2060))
def test_random_crontabs_mean_what_croniter_takes_them_to_mean(text: str, year: int) -> None:
    assume(happens(text))
    crontab, oracle = Crontab.parse(text), Oracle(text)
    assume(crontab.day_rule.has_existing_days or not crontab.day_rule.days)  # croniter stumbles over them: see below
    for local in probes(crontab, year):
        assert crontab.matches(local) == oracle.matches(local), local


@pytest.mark.parametrize(
    "text", [*MACROS, "@Daily", "0 0 29 2 *", "0 0 * 2 5#5", "*/5 0-23 1-31 1-12 0-7", "59 23 31 12 *"]
)
@pytest.mark.parametrize("year", [2027, 2028, 2036])
def test_chosen_crontabs_mean_what_croniter_takes_them_to_mean(text: str, year: int) -> None:
    crontab, oracle = Crontab.parse(text), Oracle(text)
    for local in probes(crontab, year):
        assert crontab.matches(local) == oracle.matches(local), local


@pytest.mark.parametrize(
    "text", ["*/20 * * * *", "0 9 13 * 5", "0,30 8-18/2 3-29/3 2,6 1-5", "7 3 L * *", "15 4 * * L5,MON#1"]
)
def test_every_minute_of_three_years(text: str) -> None:
    """Croniter walks from tick to tick, and nothing else is due in between."""
    crontab, walk = Crontab.parse(text), croniter(text, datetime(2023, 12, 31, 23, 59), ret_type=datetime)  # noqa: DTZ001
    end = datetime(2027, 1, 1)  # noqa: DTZ001
    hours, minutes = sorted(crontab.hours), sorted(crontab.minutes)
    due = [day for year in (2024, 2025, 2026) for day in days_of(year) if crontab.day_rule.includes(day)]
    ours = [at(day, hour, minute) for day in due for hour in hours for minute in minutes]
    assert ours == list(takewhile(lambda tick: tick < end, walk))


@pytest.mark.parametrize(
    ("day_of_month", "day_of_week", "is_or"),
    [
        ("13", "5", True),
        ("*/2", "5", True),
        ("13", "*/2", True),
        ("1-30", "5", True),
        ("1-30,L", "5", False),
        ("13", "1-5", True),
        ("*", "5", False),
        ("*/1", "5", False),
        ("1-31", "5", False),
        ("*,13", "5", False),
        ("13", "0-6", False),
        ("13", "1-7", False),
        ("13", "SUN-SAT", False),
        ("13", "mon-Sun", False),
    ],
)
def test_two_narrowed_day_fields_are_or_and_full_ones_are_open(
    day_of_month: str, day_of_week: str, is_or: bool
) -> None:
    text = f"0 9 {day_of_month} * {day_of_week}"
    rule = Crontab.parse(text).day_rule
    assert bool(rule.days and rule.weekdays) == is_or
    assert all(Crontab.parse(text).matches(local) == Oracle(text).matches(local) for local in map(nine, days_of(2026)))


def nine(day: date) -> datetime:
    return at(day, 9, 0)


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("0 22-2 * * *", "0 22,23,0,1,2 * * *"),
        ("0 22-2/2 * * *", "0 22,0,2 * * *"),
        ("50-10/10 * * * *", "50,0,10 * * * *"),
        ("0 0 28-3/2 * *", "0 0 28,30,1,3 * *"),
        ("0 0 1 NOV-FEB *", "0 0 1 11,12,1,2 *"),
        ("0 0 * * FRI-MON", "0 0 * * 5,6,0,1"),
        ("0 0 * * 5-1/2", "0 0 * * 5,0"),
        ("0 0 * * 7-2", "0 0 * * 0,1,2"),
        ("0 0 * * SAT-SUN", "0 0 * * 6,0"),
        ("0 0 * * FRI-MON#1", "0 0 * * 5#1,6#1,0#1,1#1"),
        ("0 0 * * 1-3#2", "0 0 * * MON-WED#2"),
        ("0 0 * * LFRI", "0 0 * * L5"),
        (" 0\t0  *  * * ", "0 0 * * *"),
        (" @Weekly ", "0 0 * * 0"),
    ],
)
def test_extensions(text: str, same: str) -> None:
    extended, plain = Crontab.parse(text), Crontab.parse(same)
    assert (extended.minutes, extended.hours, extended.day_rule) == (plain.minutes, plain.hours, plain.day_rule)
    assert extended.text == text


@pytest.mark.parametrize(
    ("text", "due", "not_due"),
    [
        ("0 9 13 * 5", FRIDAY_13 + timedelta(days=28), FRIDAY_13 + timedelta(days=1)),  # 13 March, a Friday
        ("0 9 13 * 5", FRIDAY_13 + timedelta(days=59), FRIDAY_13 + timedelta(days=60)),  # 13 April, a Monday
        ("0 9 * * */2", datetime(2026, 2, 12, 9), FRIDAY_13),  # noqa: DTZ001 - Thursday is 4
        ("0 9 * * 1-5/2", FRIDAY_13, datetime(2026, 2, 12, 9)),  # noqa: DTZ001
        ("0 9 * * 1#2", datetime(2026, 2, 9, 9), datetime(2026, 2, 16, 9)),  # noqa: DTZ001
        ("0 9 * * 6#3", datetime(2026, 2, 21, 9), datetime(2026, 2, 28, 9)),  # noqa: DTZ001
        ("0 9 * * MON#1", datetime(2026, 2, 2, 9), datetime(2026, 2, 9, 9)),  # noqa: DTZ001
        ("0 9 * * 0-7", FRIDAY_13, FRIDAY_13 + MINUTE),
        ("@daily", datetime(2026, 2, 13), FRIDAY_13),  # noqa: DTZ001
    ],
)
def test_kinds_that_converters_get_wrong(text: str, due: datetime, not_due: datetime) -> None:
    assert Crontab.parse(text).matches(due)
    assert not Crontab.parse(text).matches(not_due)


# Deliberate differences: each has its line in docs/schedules.md. The first assertion of each says what croniter does.


@pytest.mark.parametrize("text", ["0 9 13 * 5#1", "0 9 L * 1#2", "0 9 20 * MON#1"])
def test_day_of_month_beside_a_hash_counts(text: str) -> None:
    with pytest.raises(CroniterBadDateError):
        croniter(text, FRIDAY_13, ret_type=datetime).get_next()
    _, _, day_of_month, _, day_of_week = text.split()
    either = [Crontab.parse(f"0 9 {day_of_month} * *"), Crontab.parse(f"0 9 * * {day_of_week}")]
    for local in map(nine, days_of(2028)):
        assert Crontab.parse(text).matches(local) == any(each.matches(local) for each in either)


def test_day_of_month_beside_a_hash_is_dropped_by_croniter_at_best() -> None:
    the_13th = datetime(2026, 4, 13, 9)  # noqa: DTZ001 - a Monday
    assert not croniter.match("0 9 13 * 5#2", the_13th)
    assert Crontab.parse("0 9 13 * 5#2").matches(the_13th)


def test_days_that_do_not_exist_do_not_prevent_weekdays() -> None:
    with pytest.raises(CroniterBadDateError):
        croniter("0 9 31 2 1", FRIDAY_13, ret_type=datetime).get_next()
    mondays = Crontab.parse("0 9 * 2 1")
    for local in map(nine, days_of(2026)):
        assert Crontab.parse("0 9 31 2 1").matches(local) == mondays.matches(local)


def test_last_day_in_a_long_list_is_one_day_of_its_own_to_croniter() -> None:
    first, monday = datetime(2026, 4, 1, 9), datetime(2026, 4, 6, 9)  # noqa: DTZ001 - a Wednesday and a Monday
    assert croniter.match("0 9 2-31,L * *", first)
    assert not Crontab.parse("0 9 2-31,L * *").matches(first)
    assert croniter.match("0 9 1-31,L * 1", first)
    assert not Crontab.parse("0 9 1-31,L * 1").matches(first)
    assert Crontab.parse("0 9 1-31,L * 1").matches(monday)


def test_croniter_skips_dates_next_to_a_short_month() -> None:
    first_of_march = datetime(2026, 3, 1, 9)  # noqa: DTZ001
    assert croniter("0 9 1,30 * *", datetime(2026, 2, 2), ret_type=datetime).get_next() > first_of_march  # noqa: DTZ001
    assert croniter.match("0 9 1,30 * *", first_of_march)
    assert Crontab.parse("0 9 1,30 * *").matches(first_of_march)


@pytest.mark.parametrize("text", ["0 9 * * MON,MON#1", "0 9 * * *,MON#1", "0 9 * * 0-6,L1", "R 9 * * *", "٣ 9 * * *"])
def test_what_only_croniter_takes(text: str) -> None:
    assert croniter.is_valid(text)
    with pytest.raises(CrontabError):
        Crontab.parse(text)


def test_croniter_accepts_a_field_for_seconds() -> None:
    assert croniter.is_valid("0 9 * * * 30")
    with pytest.raises(CrontabError, match="6 fields"):
        Crontab.parse("0 9 * * * 30")


def test_matches_needs_a_local_time() -> None:
    with pytest.raises(ValueError, match="time zone"):
        Crontab.parse("* * * * *").matches(FRIDAY_13.astimezone())


def test_seconds_do_not_count() -> None:
    assert Crontab.parse("0 9 * * *").matches(FRIDAY_13.replace(second=59))
