"""When schedule expressions are due. The expected values were written by hand from a calendar."""

import calendar
from datetime import UTC, datetime, timedelta

import pytest

from local_cloud.schedule_expression import InvalidExpressionError, parse_expression

ANY_TIME = datetime(2026, 1, 1, tzinfo=UTC)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def due(expression: str, after: str, until: str, timezone: str = "UTC") -> list[str]:
    found = parse_expression(expression, timezone, anchor=ANY_TIME).due_times(utc(after), utc(until))
    return [f"{time:%Y-%m-%d %H:%M}" for time in found]


def days(fields: str, month: str) -> list[int]:
    """Return the days of a month on which `cron(0 12 <fields>)` is due."""
    first = utc(f"{month}-01")
    last = first + timedelta(days=calendar.monthrange(first.year, first.month)[1])
    found = parse_expression(f"cron(0 12 {fields})", "UTC", anchor=ANY_TIME).due_times(first, last)
    return [time.day for time in found]


def test_minutes_and_hours() -> None:
    assert due("cron(5,50-52,58/1 3 * * ? *)", "2026-03-01", "2026-03-02") == [
        f"2026-03-01 03:{minute}" for minute in ("05", "50", "51", "52", "58", "59")
    ]
    assert due("cron(0/20 */12 * * ? *)", "2026-03-01", "2026-03-02") == [
        f"2026-03-{text}" for text in ("01 00:20", "01 00:40", "01 12:00", "01 12:20", "01 12:40", "02 00:00")
    ]


def test_a_window_includes_its_end_but_not_its_start() -> None:
    expression = parse_expression("cron(* * * * ? *)", "UTC", anchor=ANY_TIME)
    first, second = utc("2026-03-01T10:00:00.5"), utc("2026-03-01T10:02:00")
    assert [time.minute for time in expression.due_times(first, second)] == [1, 2]
    assert [time.minute for time in expression.due_times(second, second + timedelta(seconds=59))] == []


@pytest.mark.parametrize(
    ("fields", "month", "expected"),
    [
        ("L * ? *", "2026-02", [28]),
        ("L * ? *", "2028-02", [29]),
        ("1,15-17 * ? *", "2026-02", [1, 15, 16, 17]),
        ("31 * ? *", "2026-04", []),
        ("1 FEB,APR-JUN ? *", "2026-05", [1]),
        ("1 FEB,APR-JUN ? *", "2026-03", []),
        ("1 * ? 2027", "2026-05", []),
        ("1 * ? 2020-2026", "2026-05", [1]),
        ("? * 1 *", "2026-03", [1, 8, 15, 22, 29]),  # Sundays
        ("? * SUN *", "2026-03", [1, 8, 15, 22, 29]),
        ("? * 2-3 *", "2026-03", [2, 3, 9, 10, 16, 17, 23, 24, 30, 31]),
        ("? * L *", "2026-03", [7, 14, 21, 28]),  # the week's last day
        ("? * 6L *", "2026-03", [27]),
        ("? * FRIL *", "2026-02", [27]),
        ("? * 7L *", "2026-02", [28]),
        ("? * 1L *", "2026-02", [22]),
        ("? * 3#2 *", "2026-03", [10]),
        ("? * TUE#5 *", "2026-03", [31]),
        ("? * TUE#5 *", "2026-02", []),
    ],
)
def test_days(fields: str, month: str, expected: list[int]) -> None:
    assert days(fields, month) == expected


def test_local_times_are_in_the_time_zone_of_the_schedule() -> None:
    assert due("cron(15 0 1 1 ? 2026)", "2025-12-30", "2026-01-02", "Asia/Kathmandu") == ["2025-12-31 18:30"]
    assert due("cron(0 8 * * ? *)", "2026-07-01", "2026-07-02", "Pacific/Auckland") == ["2026-07-01 20:00"]


def test_a_local_time_that_daylight_saving_skips_is_not_due() -> None:
    assert due("cron(30 2 * * ? *)", "2026-03-28", "2026-03-31", "Europe/Berlin") == [
        "2026-03-28 01:30",
        "2026-03-30 00:30",
    ]


def test_a_local_time_that_daylight_saving_repeats_is_due_the_first_time() -> None:
    assert due("cron(30 2 * * ? *)", "2026-10-24T12:00", "2026-10-25T12:00", "Europe/Berlin") == ["2026-10-25 00:30"]
    assert due("cron(0 * * * ? *)", "2026-10-24T23:00", "2026-10-25T02:00", "Europe/Berlin") == [
        "2026-10-25 00:00",
        "2026-10-25 02:00",
    ]


def test_the_intervals_of_a_rate_start_at_its_anchor() -> None:
    anchor = utc("2026-03-01T10:00:10")
    expression = parse_expression("rate(5 minutes)", "UTC", anchor=anchor)
    found = list(expression.due_times(anchor - timedelta(days=1), anchor + timedelta(minutes=10)))
    assert found == [anchor + timedelta(minutes=5), anchor + timedelta(minutes=10)]
    assert list(expression.due_times(found[-1], found[-1] + timedelta(minutes=4))) == []


def test_at_is_due_once_in_local_time() -> None:
    assert due("at(2026-07-01T08:00:00)", "2026-06-30", "2026-07-02", "Pacific/Auckland") == ["2026-06-30 20:00"]
    assert due("at(2026-07-01T08:00:00)", "2026-07-01", "2026-07-02", "Pacific/Auckland") == []


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("", "neither"),
        ("0 12 * * ? *", "neither"),
        ("cron(0 12 * * ?)", "six fields"),
        ("cron(0 0 12 * * ? *)", "six fields"),
        ("cron(0 12 * * * *)", "must be ?"),
        ("cron(0 12 ? * ? *)", "must be ?"),
        ("cron(60 12 * * ? *)", "minutes 60"),
        ("cron(0 24 * * ? *)", "hours 24"),
        ("cron(0 12 0 * ? *)", "day-of-month 0"),
        ("cron(0 12 32 * ? *)", "day-of-month 32"),
        ("cron(0 12 1 13 ? *)", "month 13"),
        ("cron(0 12 1 * ? 1969)", "year 1969"),
        ("cron(0 12 ? * 0 *)", "day-of-week 0"),
        ("cron(0 12 ? * 8 *)", "day-of-week 8"),
        ("cron(0 12 ? * 2/2 *)", "has a step"),
        ("cron(0 12 ? * 2#6 *)", "day-of-week 2#6"),
        ("cron(0 12 ? * 2#1,3#1 *)", "day-of-week 2#1"),
        ("cron(0 22-2 * * ? *)", "hours 22-2"),
        ("cron(*/0 * * * ? *)", r"minutes \*/0"),
        ("cron(0 12 15W * ? *)", "day-of-month 15W"),
        ("cron(0 12 1 JUNE ? *)", "month JUNE"),
        ("cron(0 12 JAN * ? *)", "JAN is not a number"),
        ("cron(- 12 * * ? *)", "minutes -"),
        ("rate(0 minutes)", "neither"),
        ("rate(5 seconds)", "neither"),
        ("at(2026-02-30T00:00:00)", "day is out of range"),
    ],
)
def test_an_invalid_expression_is_refused_with_the_reason(expression: str, reason: str) -> None:
    with pytest.raises(InvalidExpressionError, match=reason):
        parse_expression(expression, "UTC", anchor=ANY_TIME)


@pytest.mark.parametrize("timezone", ["Mars/Olympus", "Europe", "../UTC", ""])
def test_an_unknown_time_zone_is_refused(timezone: str) -> None:
    with pytest.raises(InvalidExpressionError, match="Invalid ScheduleExpressionTimezone"):
        parse_expression("cron(0 12 * * ? *)", timezone, anchor=ANY_TIME)
