import json
import time
from datetime import UTC, datetime

import pytest
import typer

from jupyter_scheduler_aws.cli.crontab_text import zone_time
from jupyter_scheduler_aws.cli.option_values import parse_catch_up, parse_days, parse_time
from jupyter_scheduler_aws.crontab_words import describe_crontab
from tests.jupyter_scheduler_aws.cli.conftest import Nbjobs
from tests.jupyter_scheduler_aws.fake_api import FakeApi


def test_a_crontab_is_explained(nbjobs: Nbjobs) -> None:
    done = nbjobs("cron", "explain", "0 9 1 * MON", "--timezone", "Asia/Tokyo")

    assert done.code == 0
    rows = [(line[:11].strip(), line[13:].strip()) for line in done.lines]
    assert rows[:6] == [
        ("crontab", "0 9 1 * MON"),
        ("in words", "At 09:00, on day 1 of the month, or on Monday"),
        ("zone", "Asia/Tokyo"),
        ("expressions", "cron(0 9 1 * ? *)"),
        ("", "cron(0 9 ? * 2 *)"),
        ("next runs", "Tue 2026-11-24 17:00 JST   here Tue 2026-11-24 08:00 UTC"),
    ]
    assert len(rows) == 10


def test_equal_local_times_are_shown_once(nbjobs: Nbjobs) -> None:
    assert "here" not in nbjobs("cron", "explain", "@daily").stdout


def test_json_contains_the_description_or_null(nbjobs: Nbjobs) -> None:
    document = json.loads(nbjobs("cron", "explain", "0 9 * * *", "--json").stdout)
    assert (document["in_words"], document["schedule"], document["timezone"]) == ("At 09:00", "0 9 * * *", "UTC")
    assert json.loads(nbjobs("cron", "explain", "@daily", "--json").stdout)["in_words"] is None


def test_an_invalid_crontab_is_an_error(nbjobs: Nbjobs) -> None:
    done = nbjobs("cron", "explain", "61 * * * *")

    assert (done.code, done.stdout) == (4, "")
    assert "minute 61 is over 59" in done.stderr


def test_a_crontab_reaches_the_service_unchanged(api: FakeApi, nbjobs: Nbjobs) -> None:
    nbjobs("cron", "explain", "*/5 9-17 * * MON#1,L5", "--timezone", "Etc/GMT+3")

    assert api.requests[0].query == [("schedule", "*/5 9-17 * * MON#1,L5"), ("timezone", "Etc/GMT+3")]


@pytest.mark.parametrize(
    ("crontab", "words"),
    [
        ("* * * * *", "Every minute"),
        ("*/15 * * * *", "Every 15 minutes"),
        (" 0  9 * * 1-5 ", "At 09:00, Monday through Friday"),
        ("0 9,17 * * mon", "At 09:00 and 17:00, only on Monday"),
        ("0 0 L * *", "At 00:00, on the last day of the month"),
        ("0 0 * * 5#2", "At 00:00, on the second Friday of the month"),
        ("0 0 * * L5", "At 00:00, on the last Friday of the month"),
        ("0 0 * * 7", "At 00:00, only on Sunday"),
        ("30 6 1,15 JAN,JUL *", "At 06:30, on day 1 and 15 of the month, only in January and July"),
        ("0 9 1 * MON", "At 09:00, on day 1 of the month, or on Monday"),
    ],
)
def test_crontabs_in_words(crontab: str, words: str) -> None:
    assert describe_crontab(crontab) == words


@pytest.mark.parametrize(
    "crontab",
    [
        "@daily",
        "",
        "nonsense",
        "0 0 * * * *",
        "0 9 ? * *",
        "0 9 15W * *",
        "*/7 * * * *",
        "0 */5 * * *",
        "0 9 */2 * *",
        "0 9 */2 * MON",
        "0 9 * * sat-tue/2",
        "0 9 * * MON#1,L5",
        "0 9 1 * 0-6",
        "0 9 1-31 * MON",
        "\N{ARABIC-INDIC DIGIT ZERO} 9 * * *",
        "x y * * *",
        "0 9 * foo bar",
    ],
)
def test_a_crontab_without_an_exact_description_has_none(crontab: str) -> None:
    assert describe_crontab(crontab) is None


@pytest.mark.parametrize(
    ("timezone", "expected"),
    [
        (None, "Mon 2026-11-23 12:00 UTC"),
        ("Asia/Kolkata", "Mon 2026-11-23 17:30 IST (here Mon 2026-11-23 12:00 UTC)"),
        ("No/Such", "Mon 2026-11-23 12:00 UTC"),
        ("../etc/passwd", "Mon 2026-11-23 12:00 UTC"),
    ],
)
def test_times_in_a_zone(timezone: str | None, expected: str) -> None:
    assert zone_time(datetime(2026, 11, 23, 12, tzinfo=UTC), timezone) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-12-01T08:30+09:00", datetime(2026, 11, 30, 23, 30, tzinfo=UTC)),
        ("2026-12-01T08:30Z", datetime(2026, 12, 1, 8, 30, tzinfo=UTC)),
        (" 2026-12-01 08:30 ", datetime(2026, 12, 1, 8, 30, tzinfo=UTC)),
        ("2026-12-01", datetime(2026, 12, 1, tzinfo=UTC)),
    ],
)
def test_times_are_parsed(text: str, expected: datetime) -> None:
    assert parse_time(text) == expected


def test_a_time_without_a_zone_is_local(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as changes:
        changes.setenv("TZ", "Asia/Tokyo")
        time.tzset()
        assert parse_time("2026-12-01T09:00") == datetime(2026, 12, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("parse", "text"),
    [(parse_time, "soon"), (parse_time, ""), (parse_days, "36h"), (parse_days, "0"), (parse_catch_up, "0.5h")],
)
def test_invalid_values_are_refused(parse: object, text: str) -> None:
    assert callable(parse)
    with pytest.raises(typer.BadParameter):
        parse(text)
