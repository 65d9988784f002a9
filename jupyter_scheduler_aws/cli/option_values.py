"""How the values of options are parsed: durations, times, and notebook parameters."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import typer

from jupyter_scheduler_aws.parameters import decode_parameter, encode_parameters

__all__ = ["parse_catch_up", "parse_days", "parse_duration", "parse_parameters", "parse_time"]

_DURATION: Final = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m(?:in)?)?(?:(\d+)s?)?")


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


def parse_parameters(assignments: Sequence[str]) -> Mapping[str, Any]:
    """Parse `name=value` texts. A value that is a Python literal is read as one; any other value is text.

    Raises
    ------
    typer.BadParameter
        If a text has no `=`, or a name is not valid in Python or appears twice.
    """
    found: dict[str, Any] = {}
    for assignment in assignments:
        name, equals, value = assignment.partition("=")
        if not equals or not name.isidentifier():
            raise typer.BadParameter(f"{assignment!r} is not like name=value.", param_hint="-p")
        if name in found:
            raise typer.BadParameter(f"{name!r} appears twice.", param_hint="-p")
        found[name] = decode_parameter(value)
    try:
        encode_parameters(found)
    except TypeError as error:
        raise typer.BadParameter(str(error), param_hint="-p") from None
    return found
