"""The tables of docs/schedules.md describe what the code and croniter do."""

import re
from datetime import UTC, datetime
from itertools import islice, takewhile
from zoneinfo import ZoneInfo

import pytest
from croniter import croniter  # type: ignore[import-untyped]

from chalicelib.domain.crontab.expression import Crontab, to_eventbridge
from chalicelib.errors import CrontabError
from tests.docs.documents import ROOT
from tests.support.eventbridge_cron import EventBridgeCron

CODE = re.compile(r"`([^`]+)`")
NOT_SENT = " †"


def table(*head: str) -> list[list[str]]:
    """Return the rows of the table with this head."""
    text = (ROOT / "docs" / "schedules.md").read_text(encoding="utf-8")
    _, lines = text.split(f"| {' | '.join(head)} |\n".replace("|  |", "| |"))
    rows = takewhile(lambda line: line.startswith("|"), lines.splitlines())
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows][1:]


TICKS = table("", "crontab", "zone", "after", "ticks")
EXPRESSIONS = table("crontab", "expressions")
DIFFERENCES = table("crontab", "croniter 1.4.1", "here")
SYNTAX = table("in", "example", "means")


def is_valid(text: str) -> bool:
    try:
        Crontab.parse(text)
    except CrontabError:
        return False
    return True


def is_sent(text: str, tick: datetime) -> bool:
    """Check whether EventBridge Scheduler sends a tick: it skips local times that do not exist, and repeats none."""
    local = tick.replace(tzinfo=None)
    return not tick.fold and any(
        EventBridgeCron.parse(expression).matches(local) for expression in to_eventbridge(text)
    )


def test_the_tables_are_found() -> None:
    assert [len(rows) for rows in (SYNTAX, EXPRESSIONS, TICKS, DIFFERENCES)] == [11, 7, 20, 12]


@pytest.mark.parametrize("row", TICKS, ids=lambda row: row[0])
def test_ticks(row: list[str]) -> None:
    text, zone = row[1].strip("`"), ZoneInfo(row[2])
    after, documented = datetime.fromisoformat(row[3]), row[4].split("; ")
    assert after.utcoffset() == after.astimezone(zone).utcoffset()
    ticks = Crontab.parse(text).ticks(after, datetime(2100, 1, 1, tzinfo=UTC), zone)
    local = [tick.astimezone(zone) for tick in islice(ticks, len(documented))]
    assert documented == [
        tick.isoformat(sep=" ", timespec="minutes") + ("" if is_sent(text, tick) else NOT_SENT) for tick in local
    ]


@pytest.mark.parametrize("row", EXPRESSIONS, ids=lambda row: row[0])
def test_expressions(row: list[str]) -> None:
    assert tuple(CODE.findall(row[1])) == to_eventbridge(row[0].strip("`"))


@pytest.mark.parametrize("row", DIFFERENCES, ids=lambda row: row[0])
def test_differences(row: list[str]) -> None:
    text, theirs, ours = row[0].strip("`"), row[1], row[2]
    assert croniter.is_valid(text) == (not theirs.startswith("rejected"))
    assert is_valid(text) == (not ours.startswith("rejected"))


@pytest.mark.parametrize("row", SYNTAX, ids=lambda row: row[1])
def test_documented_syntax_is_valid(row: list[str]) -> None:
    for item in CODE.findall(row[1]):
        assert any(is_valid(" ".join(item if number == place else "*" for number in range(5))) for place in range(5))
