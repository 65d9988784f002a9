"""Options that several commands have, and how their texts are read."""

import re
import sys
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from jupyter_scheduler_aws.cli.terminal import Terminal, terminal_of
from jupyter_scheduler_aws.enums import InputChoice
from jupyter_scheduler_aws.parameters import decode_parameter, encode_parameters

__all__ = [
    "AllOption",
    "ComputeTypeOption",
    "DownloadOption",
    "EnvironmentOption",
    "FolderOption",
    "FormatOption",
    "InputOption",
    "JobArgument",
    "JobsArgument",
    "JsonOption",
    "LimitOption",
    "NameFilter",
    "NameOption",
    "NotebookArgument",
    "OverwriteOption",
    "ParameterOption",
    "RetriesOption",
    "TagFilter",
    "TagOption",
    "TimeoutOption",
    "WaitOption",
    "YesOption",
    "ask",
    "input_choice",
    "parse_duration",
    "parse_parameters",
]

_DURATION: Final = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m(?:in)?)?(?:(\d+)s?)?")


def _choose_json(context: typer.Context, value: bool) -> bool:  # noqa: FBT001 - typer calls it so
    terminal_of(context).is_json = value
    return value


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


JsonOption = Annotated[
    bool,
    typer.Option("--json", callback=_choose_json, help="Print one JSON document on stdout and nothing else."),
]
JobArgument = Annotated[str, typer.Argument(metavar="JOB", help="Id of the job.", show_default=False)]
JobsArgument = Annotated[list[str], typer.Argument(metavar="JOB...", help="Ids of jobs.", show_default=False)]
NotebookArgument = Annotated[
    Path, typer.Argument(metavar="NOTEBOOK", help="The notebook, a file ending in .ipynb.", show_default=False)
]
ParameterOption = Annotated[
    list[str] | None,
    typer.Option(
        "--parameter",
        "-p",
        metavar="NAME=VALUE",
        help="A value for the cell tagged `parameters`, as a Python literal or else as text. May be repeated.",
    ),
]
FolderOption = Annotated[
    bool, typer.Option("--folder", help="Take the notebook's folder along, as the working directory.")
]
EnvironmentOption = Annotated[str | None, typer.Option("--environment", "-e", metavar="NAME", help="Where to run it.")]
ComputeTypeOption = Annotated[
    str | None, typer.Option("--compute-type", "-c", metavar="NAME", help="Size of the container.")
]
FormatOption = Annotated[
    list[str] | None,
    typer.Option("--format", "-f", metavar="FORMAT", help="A format to make, such as ipynb or html. May be repeated."),
]
NameOption = Annotated[str | None, typer.Option("--name", "-n", metavar="TEXT", help="Its name.")]
TagOption = Annotated[
    list[str] | None, typer.Option("--tag", "-t", metavar="TEXT", help="A label to find it by. May be repeated.")
]
TimeoutOption = Annotated[
    timedelta | None,
    typer.Option(metavar="TIME", parser=parse_duration, help="Maximum run time, like 15m, 2h or 1h30m."),
]
RetriesOption = Annotated[
    int | None, typer.Option(min=0, metavar="N", help="How often to try again if the notebook fails.")
]
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
WaitOption = Annotated[
    bool, typer.Option("--wait", "-w", help="Wait until the job has ended; --download does so, too.")
]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
NameFilter = Annotated[
    str | None, typer.Option("--name", "-n", metavar="TEXT", help="Only those whose name begins so.")
]
TagFilter = Annotated[
    list[str] | None, typer.Option("--tag", "-t", metavar="TEXT", help="Only those with this tag. May be repeated.")
]
LimitOption = Annotated[int, typer.Option("--limit", "-l", min=1, metavar="N", help="How many at most.")]
AllOption = Annotated[bool, typer.Option("--all", "-a", help="All of them, however many.")]


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


def input_choice(with_input: bool) -> InputChoice:  # noqa: FBT001 - it is the option's value
    """Read what `--with-input` means."""
    return InputChoice.SNAPSHOT if with_input else InputChoice.NONE


def ask(terminal: Terminal, question: str) -> None:
    """Ask before something that cannot be undone.

    Raises
    ------
    typer.BadParameter
        If there is nobody to ask.
    typer.Abort
        If the answer is no.
    """
    if terminal.is_json or not sys.stdin.isatty():
        raise typer.BadParameter("There is nobody to ask; say --yes to delete.", param_hint="--yes")
    typer.confirm(question, abort=True, err=True)
