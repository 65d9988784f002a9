"""How the values of options are parsed: durations, times, and notebook parameters."""

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

import typer

from jupyter_scheduler_aws.parameters.values import ParameterText, encode_parameters

__all__ = [
    "RESETTABLE",
    "parse_catch_up",
    "parse_days",
    "parse_duration",
    "parse_local_time",
    "parse_parameters",
    "parse_resets",
    "parse_time",
    "parse_wait",
]

_DURATION: Final = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m(?:in)?)?(?:(\d+)s?)?")

_MAX_WAIT: Final = timedelta(days=1)
"""The service accepts no longer wait before a retry."""

RESETTABLE: Final[Mapping[str, str]] = {
    "catch-up": "catch_up",
    "compute-type": "compute_type",
    "end": "end",
    "format": "output_formats",
    "keep-jobs": "job_retention",
    "keep-last": "keep_last",
    "max-runs": "max_runs",
    "notify": "notify",
    "overlap": "overlap_policy",
    "parameter": "parameters",
    "pause-after-failures": "pause_after_failures",
    "retries": "max_retries",
    "retry-on-timeout": "retry_on_timeout",
    "retry-wait": "min_retry_interval",
    "start": "start",
    "success-within": "success_within",
    "tag": "tags",
    "timeout": "timeout",
    "timezone": "timezone",
}
"""The client's argument of each option that can be taken off a definition again."""


def parse_duration(text: str) -> timedelta:
    """Parse a duration such as `90`, `90s`, `15m`, `2h`, `1h30m` or `2d`.

    Raises
    ------
    typer.BadParameter
        If it is not a duration, or zero.
    """
    match = _DURATION.fullmatch(text.strip().lower().replace(" ", ""))
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups()) if match else (0, 0, 0, 0)
    duration = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    if not duration:
        raise typer.BadParameter(f"{text!r} is not a duration. Write it like 90s, 15m, 2h or 1h30m.")
    return duration


def parse_catch_up(text: str) -> timedelta:
    """Parse a duration as `parse_duration` does, or 0.

    Raises
    ------
    typer.BadParameter
        If it is neither.
    """
    return timedelta() if text.strip() == "0" else parse_duration(text)


def parse_wait(text: str) -> timedelta:
    """Parse a duration of at most a day as `parse_duration` does, or 0.

    Raises
    ------
    typer.BadParameter
        If it is neither, or longer.
    """
    duration = parse_catch_up(text)
    if duration > _MAX_WAIT:
        raise typer.BadParameter(f"{text!r} is longer than a day.")
    return duration


def parse_days(text: str) -> timedelta:
    """Parse a duration in whole days, such as `30d`.

    Raises
    ------
    typer.BadParameter
        If it is not one.
    """
    duration = parse_duration(text)
    if duration % timedelta(days=1):
        raise typer.BadParameter(f"{text!r} is not a number of whole days. Write it like 30d.")
    return duration


def parse_resets(names: Sequence[str], changes: Collection[str]) -> dict[str, None]:
    """Parse the names of options to take off a definition, and return the client's arguments that do it.

    Parameters
    ----------
    names
        Names of options, without dashes in front.
    changes
        The client's arguments that the same command sets.

    Raises
    ------
    typer.BadParameter
        If there is no such option, or the command sets it, too.
    """
    for name in names:
        if name not in RESETTABLE:
            raise typer.BadParameter(f"{name!r} is not one of {', '.join(RESETTABLE)}.", param_hint="--reset")
        if RESETTABLE[name] in changes:
            raise typer.BadParameter(f"The command also sets --{name}.", param_hint="--reset")
    return dict.fromkeys(RESETTABLE[name] for name in names)


def parse_time(text: str) -> datetime:
    """Parse a time in ISO 8601. Without a time zone, it is in the zone of this machine.

    Raises
    ------
    typer.BadParameter
        If it is not a time.
    """
    try:
        return datetime.fromisoformat(text.strip()).astimezone()
    except (ValueError, OverflowError):
        raise typer.BadParameter(
            f"{text!r} is not a time. Write it like 2026-12-01T08:30, or with a zone like 2026-12-01T08:30+01:00."
        ) from None


def parse_local_time(text: str) -> datetime:
    """Parse a time in ISO 8601. Without a time zone, the result has none: it is in the zone of a definition.

    Raises
    ------
    typer.BadParameter
        If it is not a time.
    """
    parse_time(text)
    return datetime.fromisoformat(text.strip())


def parse_parameters(assignments: Sequence[str]) -> Mapping[str, ParameterText]:
    """Parse `name=value` texts. The values are sent as they are.

    Raises
    ------
    typer.BadParameter
        If a text has no `=`, or a name appears twice.
    ParameterError
        If a name is not an identifier, or a value is not valid text.
    """
    found: dict[str, ParameterText] = {}
    for assignment in assignments:
        name, equals, value = assignment.partition("=")
        if not equals or not name:
            raise typer.BadParameter(f"{assignment!r} is not like name=value.", param_hint="-p")
        if name in found:
            raise typer.BadParameter(f"{name!r} appears twice.", param_hint="-p")
        found[name] = ParameterText(value)
    encode_parameters(found)
    return found
