"""Expressions for EventBridge Scheduler match exactly the local minutes of their crontab, in the documented syntax."""

from datetime import date, datetime, timedelta
from functools import cache

import pytest
from hypothesis import assume, given, settings

from chalicelib.domain.crontab.expression import Crontab, to_eventbridge
from chalicelib.errors import CrontabError
from tests.chalicelib.domain.crontab.strategies import MACROS, crontabs
from tests.support.eventbridge_cron import MAX_LENGTH, EventBridgeCron, UndocumentedExpressionError

FOUR_YEARS = [date(2025, 1, 1) + timedelta(days=number) for number in range(1461)]


def at(day: date, minute_of_day: int) -> datetime:
    return datetime(day.year, day.month, day.day, minute_of_day // 60, minute_of_day % 60)  # noqa: DTZ001 - local


def assert_says_the_same(text: str) -> None:
    crontab, expressions = Crontab.parse(text), [EventBridgeCron.parse(each) for each in to_eventbridge(text)]
    due_time = min(crontab.hours) * 60 + max(crontab.minutes)
    for day in FOUR_YEARS:
        local = at(day, due_time)
        assert crontab.matches(local) == any(each.matches(local) for each in expressions), day
    due_day = next(crontab.day_rule.dates(date(2025, 1, 1)))
    for minute_of_day in range(24 * 60):
        local = at(due_day, minute_of_day)
        assert crontab.matches(local) == any(each.matches(local) for each in expressions), local


@settings(max_examples=250, derandomize=True, deadline=None, database=None)
@given(crontabs(beyond_croniter=True))
def test_random_crontabs(text: str) -> None:
    try:
        Crontab.parse(text)
    except CrontabError:
        assume(False)
    assert_says_the_same(text)


@pytest.mark.parametrize(
    "text", [*MACROS, "0 0 29 2 *", "0 0 * 2 5#5", "* * * * *", "*/90 22-2 28-3,L NOV-FEB SAT-MON"]
)
def test_chosen_crontabs(text: str) -> None:
    assert_says_the_same(text)


@pytest.mark.parametrize(
    ("text", "expressions"),
    [
        ("* * * * *", ["cron(* * * * ? *)"]),
        ("0 9 * * MON-FRI", ["cron(0 9 ? * 2-6 *)"]),
        ("0 9 13 * 5", ["cron(0 9 13 * ? *)", "cron(0 9 ? * 6 *)"]),
        ("0 9 * * */2", ["cron(0 9 ? * 1,3,5,7 *)"]),
        ("0 9 * * 1-5/2", ["cron(0 9 ? * 2,4,6 *)"]),
        ("0 9 * * 1#2", ["cron(0 9 ? * 2#2 *)"]),
        ("0 9 * * 6#3", ["cron(0 9 ? * 7#3 *)"]),
        ("0 9 * * MON#1", ["cron(0 9 ? * 2#1 *)"]),
        ("0 9 * * 0-7", ["cron(0 9 * * ? *)"]),
        ("@daily", ["cron(0 0 * * ? *)"]),
        ("0 9 L * *", ["cron(0 9 L * ? *)"]),
        ("0 9 1-31,L * *", ["cron(0 9 * * ? *)"]),
        ("0 9 1,L * L5,5#2", ["cron(0 9 1 * ? *)", "cron(0 9 L * ? *)", "cron(0 9 ? * 6L *)", "cron(0 9 ? * 6#2 *)"]),
        ("0 9 31 2 1", ["cron(0 9 ? 2 2 *)"]),
        ("*/20 22-2 * * *", ["cron(0,20,40 0-2,22-23 * * ? *)"]),
    ],
)
def test_expressions(text: str, expressions: list[str]) -> None:
    assert to_eventbridge(text) == tuple(expressions)


def longest(low: int, high: int) -> str:
    """Return the set from `low` to `high` with the longest list of ranges."""

    @cache
    def from_(start: int) -> str:
        texts = [""]
        for first in range(start, high + 1):
            for last in range(first, high + 1):
                run = str(first) if first == last else f"{first}-{last}"
                rest = from_(last + 2)
                texts.append(f"{run},{rest}" if rest else run)
        return max(texts, key=len)

    return from_(low)


def test_the_longest_expression_fits() -> None:
    text = " ".join([longest(0, 59), longest(0, 23), longest(1, 31), longest(1, 12), "*"])
    assert to_eventbridge(text) == (f"cron({' '.join(text.split()[:4])} ? *)",)
    assert len(to_eventbridge(text)[0]) == 240 < MAX_LENGTH
    assert len(longest(1, 7)) < len(longest(1, 31))  # so the other form is shorter
    assert_says_the_same(text)


def test_as_many_expressions_as_ways_to_name_a_day() -> None:
    nth = ",".join(f"{weekday}#{nth}" for weekday in range(7) for nth in range(1, 6))
    last = ",".join(f"L{weekday}" for weekday in range(7))
    text = f"0 9 2-29,L * {nth},{last}"
    assert len(set(to_eventbridge(text))) == 2 + 35 + 7
    assert_says_the_same(text)


@pytest.mark.parametrize(
    "expression",
    [
        "0 9 * * ? *",
        "cron(0 9 * * ?)",
        "cron(0 9 * * * *)",
        "cron(0 9 ? * ? *)",
        "cron(0 9 13 * 6 *)",
        "cron(0/5 9 * * ? *)",
        "cron(0 9 15W * ? *)",
        "cron(0 9 1,L * ? *)",
        "cron(0 9 ? * 3#1,6#3 *)",
        "cron(0 9 ? * 2-6/2 *)",
        "cron(0 9 ? * 0 *)",
        "cron(0 9 ? * MON *)",
        "cron(0 22-2 * * ? *)",
        "cron(0 9 32 * ? *)",
        "cron(60 9 * * ? *)",
        "cron(09 9 * * ? *)",
        f"cron({','.join(['0'] * 130)} 9 * * ? *)",
    ],
)
def test_the_evaluator_is_strict(expression: str) -> None:
    with pytest.raises(UndocumentedExpressionError):
        EventBridgeCron.parse(expression)


@pytest.mark.parametrize(
    ("expression", "days"),
    [
        ("cron(15 10 ? 5-6 6L *)", [(5, 29), (6, 26)]),
        ("cron(15 10 ? 5-6 3#2 *)", [(5, 12), (6, 9)]),
        ("cron(15 10 L 2,4 ? *)", [(2, 28), (4, 30)]),
        ("cron(15 10 ? 3 1 *)", [(3, 1), (3, 8), (3, 15), (3, 22), (3, 29)]),
        ("cron(15 10 ? 1-4 1#5 *)", [(3, 29)]),
    ],
)
def test_the_evaluator_knows_the_calendar_of_2026(expression: str, days: list[tuple[int, int]]) -> None:
    named = [day for day in FOUR_YEARS if day.year == 2026 and EventBridgeCron.parse(expression).names_day(day)]
    assert [(day.month, day.day) for day in named] == days
