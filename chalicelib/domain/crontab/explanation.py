"""The explanation of a crontab: its EventBridge expressions, and its due times from now on or in a period."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Final

from chalicelib.domain.crontab.expression import Crontab, parse_timezone, to_eventbridge
from chalicelib.errors import InvalidRequestError

__all__ = ["MAX_DUE_TIMES", "CrontabQuery", "explain_crontab"]

MAX_DUE_TIMES: Final = 1_000
"""Longest list of due times, 15 kB of JSON. For the next ones, ask again from a minute after the last."""

_NEXT: Final = 5
"""How many of the next due times are shown."""

_HORIZON: Final = timedelta(days=366 * 41)
"""How far ahead to search for a due time. The rarest, 29 February on one weekday, may be 40 years away."""


@dataclass(frozen=True, kw_only=True)
class CrontabQuery:
    """What to explain."""

    schedule: str
    """A crontab of five fields or a macro."""
    timezone: str = "UTC"
    start: datetime | None = None
    """The first instant of the period; None for now."""
    end: datetime | None = None
    """The last instant of the period; None for the next five due times."""


def explain_crontab(query: CrontabQuery, now: datetime) -> tuple[tuple[str, ...], list[datetime]]:
    """Return the EventBridge expressions of a crontab, and its due times.

    Raises
    ------
    CrontabError
        If the crontab or the time zone is not valid.
    InvalidRequestError
        If the period is longer than 41 years.
    """
    zone, crontab = parse_timezone(query.timezone), Crontab.parse(query.schedule)
    after = query.start - timedelta(microseconds=1) if query.start else now
    last = query.end or after + _HORIZON * _NEXT
    if query.end and query.end - after > _HORIZON:
        raise InvalidRequestError.for_field("to", "the period is longer than 41 years.")
    ticks = crontab.ticks(after, last, zone)
    return to_eventbridge(query.schedule), list(islice(ticks, MAX_DUE_TIMES if query.end else _NEXT))
