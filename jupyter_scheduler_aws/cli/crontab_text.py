"""Crontabs and their run times as text."""

import re
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cron_descriptor import (  # type: ignore[import-untyped]
    FormatError,
    MissingFieldError,
    Options,
    WrongArgumentError,
    get_description,
)

__all__ = ["describe_crontab", "zone_time", "zone_times"]

_STEPS_OF_MINUTES: Final = r"\*/(?:1|2|3|4|5|6|10|12|15|20|30)"
"""With other steps, the last interval of an hour is shorter, which the description would not mention."""
_STEPS_OF_HOURS: Final = r"\*/(?:1|2|3|4|6|8|12)"
_LIST: Final = r"[0-9]+(?:-[0-9]+)?(?:,[0-9]+(?:-[0-9]+)?)*"
_NAMES: Final = r"\w+(?:-\w+)?(?:,\w+(?:-\w+)?)*"
_TIME: Final = rf"(?:\*|{_STEPS_OF_MINUTES}|{_LIST}) (?:\*|{_STEPS_OF_HOURS}|{_LIST})"
_MONTHS: Final = rf"(?:\*|{_NAMES})"

_DESCRIBABLE: Final = re.compile(
    rf"{_TIME} (?:\* {_MONTHS} (?:\*|{_NAMES}|\w+#[1-5]|L[0-7])|(?:L|{_LIST}) {_MONTHS} \*|[0-9,]+ {_MONTHS} [a-zA-Z,]+)",
    re.ASCII,
)
"""Crontabs that cron-descriptor describes as the scheduler understands them. Steps of weekdays, for example, are not."""


def describe_crontab(crontab: str) -> str | None:
    """Describe a crontab in English. None if there is no exact description."""
    text = " ".join(crontab.split())
    if not _DESCRIBABLE.fullmatch(text):
        return None
    try:
        return str(get_description(text, Options(locale_code="en_US", use_24hour_time_format=True)))
    except (FormatError, MissingFieldError, WrongArgumentError):
        return None


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
