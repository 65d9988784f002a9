"""Run times of crontabs as text."""

from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

__all__ = ["zone_time", "zone_times"]


def zone_time(instant: datetime, timezone: str | None) -> str:
    """Format a time in a zone, and in the zone of this machine if that differs."""
    there, here = zone_times(instant, timezone)
    return there if there == here else f"{there} (here {here})"


def zone_times(instant: datetime, timezone: str | None) -> tuple[str, str]:
    """Format a time in a zone and in the zone of this machine. If this machine does not know the zone, both are local."""
    here = _minute(instant.astimezone())
    try:
        return _minute(instant.astimezone(ZoneInfo(timezone or "UTC"))), here
    except (ZoneInfoNotFoundError, ValueError):
        return here, here


def _minute(local: datetime) -> str:
    return f"{local:%a %Y-%m-%d %H:%M %Z}"
