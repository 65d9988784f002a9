"""Crontabs in words."""

import re
from typing import Final

from cron_descriptor import (  # type: ignore[import-untyped]
    FormatError,
    MissingFieldError,
    Options,
    WrongArgumentError,
    get_description,
)

__all__ = ["describe_crontab"]

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
