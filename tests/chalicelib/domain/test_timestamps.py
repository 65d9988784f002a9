from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.timestamps import from_millis, to_millis

YEAR_9999 = 253_402_300_799_999


@given(st.integers(min_value=0, max_value=YEAR_9999))
def test_milliseconds_are_converted_exactly(millis: int) -> None:
    assert to_millis(from_millis(millis)) == millis


@given(st.datetimes(timezones=st.timezones(), min_value=datetime(1900, 1, 1), max_value=datetime(2200, 1, 1)))  # noqa: DTZ001
def test_any_zone_names_the_same_instant(instant: datetime) -> None:
    back = from_millis(to_millis(instant))
    assert back.tzinfo is UTC
    assert timedelta(0) <= instant - back < timedelta(milliseconds=1)


def test_offsets_count() -> None:
    assert to_millis(datetime(1970, 1, 1, 2, tzinfo=timezone(timedelta(hours=2)))) == 0


def test_a_float_would_lose_this_one() -> None:
    assert to_millis(datetime(2026, 11, 23, 19, 5, 7, 1000, tzinfo=UTC)) == 1_795_460_707_001


def test_naive_datetimes_are_rejected() -> None:
    with pytest.raises(ValueError, match="has no time zone"):
        to_millis(datetime(2026, 11, 23))  # noqa: DTZ001
