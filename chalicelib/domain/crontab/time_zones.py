"""Time zones: their names, and the local times that are skipped or repeated when the clocks change."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from chalicelib.errors import CrontabError

__all__ = ["first_instant", "parse_timezone", "skipped_minutes", "to_local"]

_MINUTE: Final = timedelta(minutes=1)
_MAX_NAME: Final = 50
"""Longest zone name that EventBridge Scheduler accepts (`ScheduleExpressionTimezone`)."""
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+){0,2}")
_NO_ZONES: Final = frozenset({"Factory", "localtime", "posix", "posixrules", "right"})
"""Entries of zone databases that are not zones: the zone of the machine, and copies of all zones with other rules."""


def parse_timezone(name: str) -> ZoneInfo:
    """Return an IANA time zone. Legacy names such as US/Pacific are allowed.

    Raises
    ------
    CrontabError
        If the time zone does not exist.
    """
    if len(name) <= _MAX_NAME and _NAME.fullmatch(name) and name.split("/", maxsplit=1)[0] not in _NO_ZONES:
        try:
            return ZoneInfo(name)
        except (
            KeyError,
            ValueError,
            OSError,
        ):  # a folder such as Europe is an OSError, a file without zone a ValueError
            pass
    raise CrontabError.for_field(
        "timezone",
        f"{name!r} is not a time zone; write an IANA name in its exact spelling, such as Europe/Berlin or UTC",
    )


def to_local(instant: datetime, zone: ZoneInfo) -> datetime:
    """Convert an instant to the local time of a zone. The result is naive."""
    return instant.astimezone(zone).replace(tzinfo=None)


def first_instant(local: datetime, zone: ZoneInfo) -> datetime:
    """Return the instant (UTC) when the local clock first shows a minute, or jumps over it."""
    while True:
        instant = local.replace(tzinfo=zone, fold=0).astimezone(UTC)
        if to_local(instant, zone) == local:
            return instant
        local += _MINUTE


def skipped_minutes(instant: datetime, zone: ZoneInfo) -> Iterator[datetime]:
    """Yield the local minutes that the clock skips right before an instant; usually none."""
    end = to_local(instant, zone)
    local = to_local(instant - _MINUTE, zone) + _MINUTE
    while local < end:
        yield local
        local += _MINUTE
