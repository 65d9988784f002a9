"""Options that several commands have, and how their texts are read."""

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from jupyter_scheduler_aws.cli.terminal import terminal_of
from jupyter_scheduler_aws.parameters import decode_parameter, encode_parameters

__all__ = [
    "DownloadOption",
    "InputOption",
    "JobArgument",
    "JobsArgument",
    "JsonOption",
    "OverwriteOption",
    "parse_duration",
    "parse_parameters",
]

_DURATION: Final = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m(?:in)?)?(?:(\d+)s?)?")


def _choose_json(context: typer.Context, value: bool) -> bool:  # noqa: FBT001 - typer calls it so
    terminal_of(context).is_json = value
    return value


JsonOption = Annotated[
    bool,
    typer.Option("--json", callback=_choose_json, help="Print one JSON document on stdout and nothing else."),
]
JobArgument = Annotated[str, typer.Argument(metavar="JOB", help="Id of the job.", show_default=False)]
JobsArgument = Annotated[list[str], typer.Argument(metavar="JOB...", help="Ids of jobs.", show_default=False)]
DownloadOption = Annotated[
    Path | None,
    typer.Option(
        "--download",
        "-d",
        metavar="DIR",
        help="When the job has ended, download its files into this folder.",
        show_default=False,
    ),
]
InputOption = Annotated[bool, typer.Option("--with-input", help="Download the input, too.")]
OverwriteOption = Annotated[
    bool, typer.Option("--overwrite", help="Replace files in the folder that no download brought there.")
]


def parse_duration(text: str) -> timedelta:
    """Read a length of time such as `90`, `90s`, `15m`, `2h`, `1h30m` or `2d`.

    Raises
    ------
    typer.BadParameter
        If it is none, or zero.
    """
    match = _DURATION.fullmatch(text.strip().lower().replace(" ", ""))
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups()) if match else (0, 0, 0, 0)
    span = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    if not span:
        raise typer.BadParameter(f"{text!r} is not a length of time. Write it like 90s, 15m, 2h or 1h30m.")
    return span


def parse_parameters(assignments: Sequence[str]) -> Mapping[str, Any]:
    """Read `name=value` texts; a value that is a Python literal is one, any other is text.

    Raises
    ------
    typer.BadParameter
        If a text has no `=`, a name is not one that a notebook can assign to, or comes twice.
    """
    found: dict[str, Any] = {}
    for assignment in assignments:
        name, equals, value = assignment.partition("=")
        if not equals or not name.isidentifier():
            raise typer.BadParameter(f"{assignment!r} is not like name=value.", param_hint="-p")
        if name in found:
            raise typer.BadParameter(f"{name!r} is given twice.", param_hint="-p")
        found[name] = decode_parameter(value)
    try:
        encode_parameters(found)
    except TypeError as error:
        raise typer.BadParameter(str(error), param_hint="-p") from None
    return found
