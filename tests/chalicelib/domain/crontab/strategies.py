"""Random crontabs with all syntax."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from hypothesis import strategies as st

__all__ = ["MACROS", "crontabs", "debian_crontabs", "night_crontabs"]

MACROS: Final = ("@annually", "@daily", "@hourly", "@midnight", "@monthly", "@weekly", "@yearly")

_RANGE_OF_ONE: Final = re.compile(r"\b0?(\d+)-0?\1/")
_MONTHS: Final = ("jan", "FEB", "Mar", "apr", "MAY", "Jun", "jul", "AUG", "Sep", "oct", "NOV", "Dec")
_WEEKDAYS: Final = ("sun", "MON", "Tue", "wed", "THU", "Fri", "sat")


@dataclass(frozen=True)
class _Values:
    low: int
    high: int
    spell: Callable[[int], st.SearchStrategy[str]]


def _digits(value: int) -> st.SearchStrategy[str]:
    return st.sampled_from([str(value), f"{value:02}"])


def _month(value: int) -> st.SearchStrategy[str]:
    return st.sampled_from([str(value), _MONTHS[value - 1]])


def _weekday(value: int) -> st.SearchStrategy[str]:
    return st.sampled_from([str(value), _WEEKDAYS[value % 7]])


_MINUTE: Final = _Values(0, 59, _digits)
_HOUR: Final = _Values(0, 23, _digits)
_DAY: Final = _Values(1, 31, _digits)
_MONTH: Final = _Values(1, 12, _month)
_WEEKDAY: Final = _Values(0, 7, _weekday)


@st.composite
def _ranges(draw: st.DrawFn, values: _Values, *, wraps: bool) -> str:
    ends = [draw(st.integers(values.low, values.high)) for _ in range(2)]
    if not wraps:
        ends.sort()
    first, last = ends
    if values is _WEEKDAY and not wraps:  # as a name, 7 would be an end before its start
        return f"{first}-{last}"
    return f"{draw(values.spell(first))}-{draw(values.spell(last))}"


@st.composite
def _items(draw: st.DrawFn, values: _Values, *, wraps: bool) -> str:
    spans = [
        st.just("*"),
        st.integers(values.low, values.high).flatmap(values.spell),
        _ranges(values, wraps=wraps),
    ]
    kind = draw(st.integers(0, 9))
    span = draw(spans[0] if kind == 0 else spans[1] if kind <= 5 else spans[2])
    return f"{span}/{draw(st.integers(1, values.high + 5))}" if draw(st.integers(0, 4)) == 0 else span


def _fields(values: _Values, *, wraps: bool, longest: int = 4) -> st.SearchStrategy[str]:
    lists = st.lists(_items(values, wraps=wraps), min_size=1, max_size=longest).map(",".join)
    full = f"{values.low}-{values.high}"
    return st.one_of(lists, st.sampled_from(["*", "*/1", "*/2", full]), lists)


def _days_of_month(*, wraps: bool) -> st.SearchStrategy[str]:
    plain = _fields(_DAY, wraps=wraps)
    return st.one_of(plain, st.sampled_from(["L", "l", "25-L", "5,L", "L,1-3", "28-l/2"]), plain)


def _nth_weekdays(*, wraps: bool) -> st.SearchStrategy[str]:
    weekday = st.integers(0, 7).flatmap(_weekday)
    nth = st.tuples(weekday, st.integers(1, 5)).map(lambda pair: f"{pair[0]}#{pair[1]}")
    named_range = st.sampled_from(["MON-FRI", "tue-Thu", "SUN-SAT", *(["FRI-MON", "1-3"] if wraps else [])])
    nth_range = st.tuples(named_range, st.integers(1, 5)).map(lambda pair: f"{pair[0]}#{pair[1]}")
    last = st.tuples(st.sampled_from("Ll"), st.integers(0, 7)).map(lambda pair: f"{pair[0]}{pair[1]}")
    return st.lists(st.one_of(nth, last, nth_range), min_size=1, max_size=3).map(",".join)


@st.composite
def crontabs(draw: st.DrawFn, *, beyond_croniter: bool) -> str:
    """Make five fields; some never fire.

    Parameters
    ----------
    beyond_croniter
        Whether ranges may wrap and `#` may stand beside days of the month, which croniter refuses or does not heed.
    """
    day_of_week = draw(st.one_of(_fields(_WEEKDAY, wraps=beyond_croniter), _nth_weekdays(wraps=beyond_croniter)))
    is_nth = "#" in day_of_week or "l" in day_of_week.lower()
    day_of_month = "*" if is_nth and not beyond_croniter else draw(_days_of_month(wraps=beyond_croniter))
    minute, hour = (draw(_fields(values, wraps=beyond_croniter)) for values in (_MINUTE, _HOUR))
    month = draw(st.one_of(st.just("*"), _fields(_MONTH, wraps=beyond_croniter)))
    return f"{minute} {hour} {day_of_month} {month} {day_of_week}"


@st.composite
def debian_crontabs(draw: st.DrawFn, *, fixed: bool) -> str:
    """Make five fields that cronsim interprets in the same way: at most one day field, and no step on a range of one value, which it lengthens.

    Parameters
    ----------
    fixed
        Whether neither minute nor hour may begin with `*`.
    """

    def is_wanted(text: str) -> bool:
        return not _RANGE_OF_ONE.search(text) and not (fixed and text.startswith("*"))

    minute, hour = (draw(_fields(values, wraps=False).filter(is_wanted)) for values in (_MINUTE, _HOUR))
    day = draw(st.sampled_from(["* * *", "* * *", "* * SUN", "*/2 * *", "* * 1-6", "29-31 * *", "L * *"]))
    return f"{minute} {hour} {day}"


def night_crontabs() -> st.SearchStrategy[str]:
    """Make nightly crontabs around the hours when clocks change."""
    hours = st.sampled_from(["0", "1", "2", "0-3", "1,2", "2-3", "1/1", "*", "*/2", "23", "0-23"])
    return st.tuples(_fields(_MINUTE, wraps=False, longest=2), hours).map(lambda times: f"{times[0]} {times[1]} * * *")
