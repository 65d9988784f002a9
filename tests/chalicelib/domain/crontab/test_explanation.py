"""Explanations of crontabs: the next due times, and those of a period."""

from datetime import UTC, datetime, timedelta
from itertools import islice

import pytest

from chalicelib.domain.crontab.explanation import MAX_DUE_TIMES, CrontabQuery, explain_crontab
from chalicelib.domain.crontab.expression import Crontab
from chalicelib.errors import CrontabError, InvalidRequestError

_NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def test_an_explanation_has_the_expressions_and_the_next_due_times() -> None:
    expressions, ticks = explain_crontab(CrontabQuery(schedule="30 2 13 * 5", timezone="Europe/Berlin"), _NOON)
    assert len(expressions) == 2
    expected = Crontab.parse("30 2 13 * 5").ticks(_NOON, _NOON + timedelta(days=400), "Europe/Berlin")
    assert ticks == list(islice(expected, 5))


def test_a_period_contains_both_its_ends() -> None:
    start, end = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC)
    _, ticks = explain_crontab(CrontabQuery(schedule="0 0 1 * *", start=start, end=end), _NOON)
    assert ticks == [datetime(2026, month, 1, tzinfo=UTC) for month in range(1, 12)]


def test_a_long_period_comes_in_parts() -> None:
    start, end = _NOON, _NOON + timedelta(minutes=2_500)
    found: list[datetime] = []
    while True:
        _, ticks = explain_crontab(CrontabQuery(schedule="* * * * *", start=start, end=end), _NOON)
        found += ticks
        if len(ticks) < MAX_DUE_TIMES:
            break
        start = ticks[-1] + timedelta(minutes=1)
    assert found == [_NOON + timedelta(minutes=minute) for minute in range(2_501)]


def test_a_period_without_due_times_is_empty() -> None:
    query = CrontabQuery(schedule="0 9 * * *", start=_NOON, end=_NOON - timedelta(days=1))
    assert explain_crontab(query, _NOON)[1] == []
    assert (
        explain_crontab(CrontabQuery(schedule="0 0 1 1 *", start=_NOON, end=_NOON + timedelta(days=9)), _NOON)[1] == []
    )


def test_a_period_of_centuries_is_refused() -> None:
    query = CrontabQuery(schedule="0 0 29 2 1", start=_NOON, end=_NOON.replace(year=2100))
    with pytest.raises(InvalidRequestError, match="41 years"):
        explain_crontab(query, _NOON)


@pytest.mark.parametrize(("schedule", "timezone"), [("61 * * * *", "UTC"), ("* * * * *", "Mars/Base")])
def test_a_wrong_crontab_or_zone_is_refused(schedule: str, timezone: str) -> None:
    with pytest.raises(CrontabError):
        explain_crontab(CrontabQuery(schedule=schedule, timezone=timezone), _NOON)
