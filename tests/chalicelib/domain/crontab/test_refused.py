"""Crontabs and time zones that are rejected, with the field and advice; and the frequency limit."""

import zoneinfo
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.domain.crontab.expression import (
    Crontab,
    check_interval,
    minimum_interval,
    parse_timezone,
    to_eventbridge,
)
from chalicelib.errors import CrontabError, InvalidRequestError
from tests.chalicelib.domain.crontab.strategies import crontabs

SCHEDULE, MINUTE, HOUR, DAY, MONTH, WEEKDAY = "schedule", "minute", "hour", "day of month", "month", "day of week"


@pytest.mark.parametrize(
    ("text", "field", "message"),
    [
        ("", SCHEDULE, "has 0 fields; a crontab has 5: minute, hour, day of month, month, day of week"),
        ("?", SCHEDULE, "'?' has 1 field; a crontab has 5: minute, hour"),
        ("0 9 * *", SCHEDULE, "has 4 fields"),
        ("* * * * * *", SCHEDULE, "has 6 fields; a crontab has 5"),
        ("0 9 * * * 30", SCHEDULE, "has 6 fields; a crontab has 5: minute, hour, day of month, month, day of week; remove"),
        ("0 0 9 ? * MON 2027", SCHEDULE, "has 7 fields"),
        ("cron(0 9 * * ? *)", SCHEDULE, "has 6 fields"),
        ("@reboot", SCHEDULE, "no machine starts"),
        ("@Reboot", SCHEDULE, "no machine starts"),
        ("@fortnightly", SCHEDULE, "'@fortnightly' is not a macro; choose one of @annually, @daily"),
        ("@every 5m", SCHEDULE, "'@every 5m' is not a macro"),
        ("@", SCHEDULE, "'@' is not a macro"),
        ("0 " * 501, SCHEDULE, "it has 1002 characters; the limit is 1000"),
        ("0 9 ? * *", DAY, "'?' is not crontab syntax; write *"),
        ("0 9 * * ?", WEEKDAY, "'?' is not crontab syntax; write *"),
        ("? 9 * * *", MINUTE, "'?' is not crontab syntax; write *"),
        ("0 9 15W * *", DAY, "'15W' (the working day nearest to a date) is not supported"),
        ("0 9 LW * *", DAY, "'LW' (the working day"),
        ("0 9 w * *", DAY, "'w' is not valid"),
        ("H 9 * * *", MINUTE, "'H' stands for a value that each server chooses"),
        ("0 H(0-7) * * *", HOUR, "'H(0-7)' stands for"),
        ("R/5 9 * * *", MINUTE, "'R/5' stands for"),
        ("60 9 * * *", MINUTE, "60 in '60' is out of range; it must be from 0 to 59"),
        ("50-60 9 * * *", MINUTE, "60 in '50-60' is out of range"),
        ("0 24 * * *", HOUR, "it must be from 0 to 23"),
        ("0 9 0 * *", DAY, "it must be from 1 to 31"),
        ("0 9 32 * *", DAY, "it must be from 1 to 31"),
        ("0 9 0-5 * *", DAY, "0 in '0-5' is out of range"),
        ("0 9 * 0 *", MONTH, "it must be from 1 to 12"),
        ("0 9 * 13/2 *", MONTH, "13 in '13/2' is out of range"),
        ("0 9 * * 8", WEEKDAY, "it must be from 0 to 7"),
        ("0 9 * * L8", WEEKDAY, "8 in 'L8' is out of range"),
        (f"{'9' * 900} 9 * * *", MINUTE, "is out of range"),
        ("1,,2 9 * * *", MINUTE, "'1,,2' has an empty item; write a value on both sides of each comma"),
        (",1 9 * * *", MINUTE, "',1' has an empty item"),
        ("0 9 1, * *", DAY, "'1,' has an empty item"),
        ("0 9 * * MON,", WEEKDAY, "'MON,' has an empty item"),
        ("*/0 9 * * *", MINUTE, "the step of '*/0' must be a number from 1, as in */15"),
        ("0 1-5/00 * * *", HOUR, "the step of '1-5/00' must be"),
        ("5/ 9 * * *", MINUTE, "the step of '5/' must be"),
        ("*/-5 9 * * *", MINUTE, "the step of '*/-5' must be"),
        ("*/1.5 9 * * *", MINUTE, "the step of '*/1.5' must be"),
        ("5/2/3 9 * * *", MINUTE, "the step of '5/2/3' must be"),
        ("/5 9 * * *", MINUTE, "'/5' is not valid"),
        ("-5 9 * * *", MINUTE, "'-5' is not valid; write *, numbers from 0 to 59, lists a,b, ranges a-b or steps */n"),
        ("5- 9 * * *", MINUTE, "'5-' is not valid"),
        ("1-2-3 9 * * *", MINUTE, "'1-2-3' is not valid"),
        ("*-5 9 * * *", MINUTE, "'*-5' is not valid"),
        ("5-* 9 * * *", MINUTE, "'5-*' is not valid"),
        ("** 9 * * *", MINUTE, "'**' is not valid"),
        ("+5 9 * * *", MINUTE, "'+5' is not valid"),
        ("1.5 9 * * *", MINUTE, "'1.5' is not valid"),
        ("٣ 9 * * *", MINUTE, "'٣' is not valid"),
        ("0 9am * * *", HOUR, "'9am' is not valid"),
        ("0 9 * * *;reboot", WEEKDAY, "'*;reboot' is not valid"),
        ("JAN 9 * * *", MINUTE, "'JAN' is not valid"),
        ("0 9 * January *", MONTH, "'January' is not valid; write *, numbers from 1 to 12, names such as FEB, lists"),
        ("0 9 * MON *", MONTH, "'MON' is not valid"),
        ("0 9 * * monday", WEEKDAY, "'monday' is not valid; write *, numbers from 0 to 7, names such as MON, lists"),
        ("L 9 * * *", MINUTE, "'L' is not valid; use L alone as a day of month"),
        ("0 9 * * L", WEEKDAY, "'L' is not valid; use L alone as a day of month"),
        ("0 9 L-3 * *", DAY, "'L-3' is not valid; use L alone as a day of month"),
        ("0 9 L/2 * *", DAY, "'L/2' is not valid; use L alone as a day"),
        ("0 9 L5 * *", DAY, "'L5' is not valid; use L alone as a day"),
        ("0 9 * * 5L", WEEKDAY, "'5L' is not crontab syntax; write L5"),
        ("0 9 * * FRIL", WEEKDAY, "'FRIL' is not crontab syntax; write LFRI"),
        ("0 9 1#2 * *", DAY, "'1#2' is not valid; use # only in day of week"),
        ("0 9 * * MON#0", WEEKDAY, "'MON#0' must have a number from 1 to 5 after #"),
        ("0 9 * * MON#6", WEEKDAY, "'MON#6' must have a number from 1 to 5"),
        ("0 9 * * MON#", WEEKDAY, "'MON#' must have a number from 1 to 5"),
        ("0 9 * * 1#2#3", WEEKDAY, "'1#2#3' must have a number from 1 to 5"),
        ("0 9 * * *#2", WEEKDAY, "'*#2' must have one day or a range before #"),
        ("0 9 * * */2#1", WEEKDAY, "'*/2#1' must have one day or a range"),
        ("0 9 * * #1", WEEKDAY, "'#1' must have one day or a range before #"),
        ("0 9 * * MON#1,WED", WEEKDAY, "'MON#1,WED' mixes plain weekdays with # or L"),
        ("0 9 * * *,L5", WEEKDAY, "'*,L5' mixes"),
        ("0 9 31 2 *", DAY, "no month of '2' has a day '31', so the schedule never fires; use L for the last day of every month"),
        ("0 9 30,31 FEB *", DAY, "no month of 'FEB' has a day '30,31'"),
        ("0 9 31 2,4,6,9,11 *", DAY, "no month of '2,4,6,9,11' has a day"),
        ("0 9 31 4-6/2 0-7", DAY, "no month of '4-6/2' has a day"),
    ],
)  # fmt: skip
def test_refused(text: str, field: str, message: str) -> None:
    for read in (Crontab.parse, to_eventbridge):
        with pytest.raises(CrontabError) as refused:
            read(text)
        assert refused.value.message.startswith(f"{field}: ")
        assert message in refused.value.message
        assert (refused.value.reason, refused.value.code, refused.value.status) == (field, "invalid_crontab", 400)


@pytest.mark.parametrize(
    "text", ["0 9 29 2 *", "0 9 30 2,3 *", "0 9 31 1-2 *", "0 9 31 2 MON", "0 9 31,L 2 *", "0 9 31 2 5#5", "0 0 * 2 L1"]
)
def test_a_rare_schedule_is_accepted(text: str) -> None:
    assert to_eventbridge(text)


def test_every_value_of_every_field_written_out_is_not_too_long() -> None:
    minutes, hours, days = (",".join(map(str, range(low, high))) for low, high in ((0, 60), (0, 24), (1, 32)))
    nth = ",".join(
        [*(f"{weekday}#{nth}" for weekday in range(7) for nth in range(1, 6)), *(f"L{each}" for each in range(7))]
    )
    months = "jan,feb,mar,apr,may,jun,jul,aug,sep,oct,nov,dec"
    assert to_eventbridge(f"{minutes} {hours} {days} {months} {nth}")


CHARACTERS = st.text("0123456789*,-/#LWH?@ \tMONfrijan.;٣\x00", max_size=30)


@settings(max_examples=300, derandomize=True, deadline=None, database=None)
@given(st.one_of(CHARACTERS, st.tuples(crontabs(beyond_croniter=True), CHARACTERS, st.integers(0, 40)).map(
    lambda parts: parts[0][: parts[2]] + parts[1][:2] + parts[0][parts[2] :]
)))  # fmt: skip
def test_any_text_is_parsed_or_rejected(text: str) -> None:
    try:
        assert to_eventbridge(text)
    except CrontabError as error:
        refused = error
    else:
        assert Crontab.parse(text).text == text
        return
    assert refused.reason in {SCHEDULE, MINUTE, HOUR, DAY, MONTH, WEEKDAY}


@pytest.mark.parametrize(
    "name",
    ["UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires", "US/Pacific", "EST5EDT", "Etc/GMT+5", "GMT", "GB-Eire"],
)
def test_zones_and_their_legacy_names(name: str) -> None:
    assert parse_timezone(name).key == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        "Mars/Olympus",
        "Europe",
        "Europe/",
        "/usr/share/zoneinfo/UTC",
        "../UTC",
        "Europe/../UTC",
        "Europe/Berlin\x00",
        "Europe/Berlin ",
        "Zürich",
        "UTC+2",
        "+02:00",
        "posix/Europe/Berlin",
        "right/UTC",
        "localtime",
        "posixrules",
        "Factory",
        "tzdata.zi",
        "A" * 51,
    ],
)
def test_no_zones(name: str) -> None:
    with pytest.raises(CrontabError) as refused:
        parse_timezone(name)
    assert refused.value.message.startswith(f"timezone: {name!r} is not a time zone; write an IANA name")
    assert refused.value.reason == "timezone"


def test_zones_are_found_on_a_machine_without_any(tmp_path: Path) -> None:
    zoneinfo.ZoneInfo.clear_cache()
    zoneinfo.reset_tzpath([str(tmp_path)])
    try:
        for name in ("Europe/Berlin", "US/Pacific", "EST5EDT"):
            assert parse_timezone(name).key == name
        with pytest.raises(CrontabError):
            parse_timezone("Europe")
    finally:
        zoneinfo.reset_tzpath()
        zoneinfo.ZoneInfo.clear_cache()


@pytest.mark.parametrize(
    ("text", "interval"),
    [
        ("* * * * *", timedelta(minutes=1)),
        ("*/15 * * * *", timedelta(minutes=15)),
        ("*/25 * * * *", timedelta(minutes=10)),  # from minute 50 to the next hour
        ("*/25 9,11 * * *", timedelta(minutes=25)),
        ("0,50 9,10 * * *", timedelta(minutes=10)),
        ("@hourly", timedelta(hours=1)),
        ("0 23,0 * * *", timedelta(hours=1)),
        ("0 23,0 * * MON", timedelta(hours=23)),
        ("0 23,1 * * FRI,SAT", timedelta(hours=2)),
        ("0 9 * * MON-FRI", timedelta(days=1)),
        ("0 9 * * MON", timedelta(days=7)),
        ("0 9 1 * *", timedelta(days=28)),
        ("0 9 1,L * *", timedelta(days=1)),
        ("0 9 29 2 *", timedelta(days=1461)),
        ("0 9 * 2 5#5", timedelta(days=28 * 365 + 7)),
    ],
)
def test_minimum_interval(text: str, interval: timedelta) -> None:
    assert minimum_interval(Crontab.parse(text)) == interval


def test_a_schedule_more_frequent_than_allowed_is_rejected() -> None:
    quarterly = Crontab.parse("*/15 * * * *")
    check_interval(quarterly, timedelta(minutes=15))
    with pytest.raises(InvalidRequestError) as refused:
        check_interval(quarterly, timedelta(minutes=16))
    assert refused.value.reason == "schedule"
    assert "'*/15 * * * *' fires every 0:15:00 [h:mm:ss] at its most frequent" in refused.value.message
    assert "0:16:00" in refused.value.message
