"""Crontabs and their times in words."""

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

__all__ = ["here_and_there", "in_words", "zone_time"]

_STEPS_OF_MINUTES: Final = r"\*/(?:1|2|3|4|5|6|10|12|15|20|30)"
"""Other steps are shorter where an hour ends, which the words do not say."""
_STEPS_OF_HOURS: Final = r"\*/(?:1|2|3|4|6|8|12)"
_LIST: Final = r"[0-9]+(?:-[0-9]+)?(?:,[0-9]+(?:-[0-9]+)?)*"
_NAMES: Final = r"\w+(?:-\w+)?(?:,\w+(?:-\w+)?)*"
_TIME: Final = rf"(?:\*|{_STEPS_OF_MINUTES}|{_LIST}) (?:\*|{_STEPS_OF_HOURS}|{_LIST})"
_MONTHS: Final = rf"(?:\*|{_NAMES})"

_SAYABLE: Final = re.compile(
    rf"{_TIME} (?:\* {_MONTHS} (?:\*|{_NAMES}|\w+#[1-5]|L[0-7])|(?:L|{_LIST}) {_MONTHS} \*|[0-9,]+ {_MONTHS} [a-zA-Z,]+)",
    re.ASCII,
)
"""What cron-descriptor says just as the scheduler understands it: not, for example, steps of weekdays."""


def in_words(crontab: str) -> str | None:
    """Say a crontab in English; None where nothing can be said, or not exactly."""
    text = " ".join(crontab.split())
    if not _SAYABLE.fullmatch(text):
        return None
    try:
        return str(get_description(text, Options(locale_code="en_US", use_24hour_time_format=True)))
    except (FormatError, MissingFieldError, WrongArgumentError):
        return None


def zone_time(instant: datetime, timezone: str | None) -> str:
    """Write an instant in a zone, and on this machine's clock where that shows something else."""
    there, here = here_and_there(instant, timezone)
    return there if there == here else f"{there} (here {here})"


def here_and_there(instant: datetime, timezone: str | None) -> tuple[str, str]:
    """Write an instant in a zone and in the one of this machine, to the minute; the latter twice if the zone is not known here."""
    here = _minute(instant.astimezone())
    try:
        return _minute(instant.astimezone(ZoneInfo(timezone or "UTC"))), here
    except (ZoneInfoNotFoundError, ValueError):
        return here, here


def _minute(local: datetime) -> str:
    return f"{local:%a %Y-%m-%d %H:%M %Z}"
