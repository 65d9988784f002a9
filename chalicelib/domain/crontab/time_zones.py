"""Time zones: their names, and the local times that a change of the clocks skips or repeats."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from chalicelib.errors import CrontabError

__all__ = ["first_instant", "parse_timezone", "skipped_minutes", "to_local"]

_MINUTE: Final = timedelta(minutes=1)
_MAX_NAME: Final = 50
"""Longest zone name that EventBridge Scheduler takes (`ScheduleExpressionTimezone`)."""
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+){0,2}")
_NO_ZONES: Final = frozenset({"Factory", "localtime", "posix", "posixrules", "right"})
"""What zone databases have besides zones: this machine's own, and copies of all zones with other rules."""


def parse_timezone(name: str) -> ZoneInfo:
    """Find an IANA zone; legacy names such as US/Pacific are zones too.

    Raises
    ------
    CrontabError
        If there is no such zone.
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
        "timezone", f"{name!r} is not a time zone; write an IANA name as it is spelt, such as Europe/Berlin or UTC"
    )


def to_local(instant: datetime, zone: ZoneInfo) -> datetime:
    """Read the zone's clock at an instant; the result is naive."""
    return instant.astimezone(zone).replace(tzinfo=None)


def first_instant(local: datetime, zone: ZoneInfo) -> datetime:
    """Find the instant (UTC) when the zone's clock first shows a local minute, or goes past it because it skips it."""
    while True:
        instant = local.replace(tzinfo=zone, fold=0).astimezone(UTC)
        if to_local(instant, zone) == local:
            return instant
        local += _MINUTE


def skipped_minutes(instant: datetime, zone: ZoneInfo) -> Iterator[datetime]:
    """Go through the local minutes that the zone's clock skips right before an instant; none at most instants."""
    end = to_local(instant, zone)
    local = to_local(instant - _MINUTE, zone) + _MINUTE
    while local < end:
        yield local
        local += _MINUTE
