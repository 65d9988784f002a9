"""The options that several commands share."""

import sys
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from jupyter_scheduler_aws.cli.option_values import (
    parse_catch_up,
    parse_days,
    parse_duration,
    parse_local_time,
    parse_parameters,
    parse_time,
    parse_wait,
)
from jupyter_scheduler_aws.cli.terminal import Terminal
from jupyter_scheduler_aws.enums import InputChoice, OverlapPolicy

__all__ = [
    "AllowUnknownOption",
    "AttemptOption",
    "DefinitionArgument",
    "DefinitionOptions",
    "DefinitionsArgument",
    "DownloadOptions",
    "FilterOptions",
    "FolderOption",
    "JobArgument",
    "JobOptions",
    "JobsArgument",
    "LatestOption",
    "LocalScheduledTimeOption",
    "NotebookArgument",
    "OptionalJobArgument",
    "PageOptions",
    "ParameterOption",
    "ResultOptions",
    "ScheduledTimeOption",
    "TimezoneOption",
    "WaitOptions",
    "YesOption",
    "confirm",
]

JobArgument = Annotated[str, typer.Argument(metavar="JOB", help="The id of the job.", show_default=False)]
OptionalJobArgument = Annotated[
    str | None, typer.Argument(metavar="[JOB]", help="The id of the job; not with --definition.", show_default=False)
]
LatestOption = Annotated[
    str | None,
    typer.Option(
        "--definition", metavar="DEFINITION", help="Instead of a job, the newest completed job of this definition."
    ),
]
JobsArgument = Annotated[list[str], typer.Argument(metavar="JOB...", help="The ids of jobs.", show_default=False)]
DefinitionArgument = Annotated[
    str, typer.Argument(metavar="DEFINITION", help="The id of the definition.", show_default=False)
]
DefinitionsArgument = Annotated[
    list[str], typer.Argument(metavar="DEFINITION...", help="The ids of definitions.", show_default=False)
]
NotebookArgument = Annotated[
    Path, typer.Argument(metavar="NOTEBOOK", help="The notebook, a file ending in .ipynb.", show_default=False)
]
FolderOption = Annotated[
    bool, typer.Option("--folder", help="Upload the notebook's folder too and use it as the working directory.")
]
ParameterOption = Annotated[
    list[str] | None,
    typer.Option(
        "--parameter",
        "-p",
        metavar="NAME=VALUE",
        help="A parameter of the notebook: a Python literal, or else text, which is sent as it is. Repeatable.",
    ),
]
_SCHEDULED_TIME_HELP = "The time that the job is for, like 2026-12-01T08:30; by default, now. {{ scheduled_time:%Y-%m }} in a parameter shows it."
ScheduledTimeOption = Annotated[
    datetime | None, typer.Option("--scheduled-time", metavar="WHEN", parser=parse_time, help=_SCHEDULED_TIME_HELP)
]
LocalScheduledTimeOption = Annotated[
    datetime | None,
    typer.Option("--scheduled-time", metavar="WHEN", parser=parse_local_time, help=_SCHEDULED_TIME_HELP),
]
AllowUnknownOption = Annotated[
    bool, typer.Option("--allow-unknown", help="Pass parameters that the notebook's tagged cell does not assign, too.")
]
TimezoneOption = Annotated[
    str | None, typer.Option(metavar="ZONE", help="The time zone of the crontab, like Europe/Berlin. Initially UTC.")
]
AttemptOption = Annotated[
    int | None, typer.Option("--attempt", min=1, metavar="N", help="Only attempt N, as `nbjobs show` numbers them.")
]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask for confirmation.")]


@dataclass(frozen=True, kw_only=True)
class JobOptions:
    """The options of `submit`, `schedule` and `definitions edit`, named like the arguments of the client."""

    parameters: ParameterOption = None
    environment: Annotated[
        str | None, typer.Option("--environment", "-e", metavar="NAME", help="The environment to run in.")
    ] = None
    compute_type: Annotated[
        str | None, typer.Option("--compute-type", "-c", metavar="NAME", help="The size of the container.")
    ] = None
    output_formats: Annotated[
        list[str] | None,
        typer.Option("--format", "-f", metavar="FORMAT", help="An output format, such as ipynb or html. Repeatable."),
    ] = None
    name: Annotated[str | None, typer.Option("--name", "-n", metavar="TEXT", help="The name.")] = None
    tags: Annotated[
        list[str] | None, typer.Option("--tag", "-t", metavar="TEXT", help="A tag to find it by. Repeatable.")
    ] = None
    notify: Annotated[
        list[str] | None,
        typer.Option(
            "--notify",
            metavar="[WHEN:]CHANNEL[:ADDRESS]",
            help="Whom to tell, like team or end:mail:ana@example.com. WHEN: failure (the default), end, always or recovery."
            " Repeatable.",
        ),
    ] = None
    timeout: Annotated[
        timedelta | None,
        typer.Option(metavar="TIME", parser=parse_duration, help="The maximum run time, like 15m, 2h or 1h30m."),
    ] = None
    max_retries: Annotated[
        int | None, typer.Option("--retries", min=0, metavar="N", help="How often to retry if the notebook fails.")
    ] = None
    retry_on_timeout: Annotated[
        bool | None,
        typer.Option(
            "--retry-on-timeout/--no-retry-on-timeout",
            help="Retry after the maximum run time, too. Initially no.",
            show_default=False,
        ),
    ] = None
    min_retry_interval: Annotated[
        timedelta | None,
        typer.Option(
            "--retry-wait", metavar="TIME", parser=parse_wait, help="How long to wait before a retry, like 5m."
        ),
    ] = None

    def arguments(self) -> dict[str, Any]:
        """Return the arguments of the client for the options that the user set.

        Raises
        ------
        typer.BadParameter
            If a parameter is not valid.
        """
        found = {name: value for name, value in vars(self).items() if value is not None}
        return found | ({"parameters": parse_parameters(self.parameters)} if self.parameters else {})


@dataclass(frozen=True, kw_only=True)
class DefinitionOptions(JobOptions):
    """The options of `schedule` and `definitions edit`."""

    timezone: TimezoneOption = None
    overlap_policy: Annotated[
        OverlapPolicy | None,
        typer.Option(
            "--overlap",
            case_sensitive=False,
            help="What to do if the last scheduled job is still running. Initially allow.",
        ),
    ] = None
    catch_up: Annotated[
        timedelta | None,
        typer.Option(metavar="TIME", parser=parse_catch_up, help="How late a missed run may start, like 6h. 0: never."),
    ] = None
    start: Annotated[
        datetime | None,
        typer.Option(metavar="WHEN", parser=parse_time, help="No runs before this time, like 2026-12-01T08:30."),
    ] = None
    end: Annotated[
        datetime | None,
        typer.Option(metavar="WHEN", parser=parse_time, help="No runs after this time, like 2026-12-31."),
    ] = None
    max_runs: Annotated[int | None, typer.Option(min=1, metavar="N", help="The maximum number of scheduled runs.")] = (
        None
    )
    job_retention: Annotated[
        timedelta | None,
        typer.Option(
            "--keep-jobs", metavar="DAYS", parser=parse_days, help="How long to keep its jobs after they end, like 30d."
        ),
    ] = None
    keep_last: Annotated[
        int | None,
        typer.Option(min=1, max=10_000, metavar="N", help="Keep its last N jobs, and always the newest success."),
    ] = None
    pause_after_failures: Annotated[
        int | None,
        typer.Option(min=0, max=1000, metavar="N", help="Pause the schedule after N failed runs in a row. 0: never."),
    ] = None
    success_within: Annotated[
        timedelta | None,
        typer.Option(
            metavar="TIME",
            parser=parse_duration,
            help="Tell if no run has succeeded this long after it was due, like 2h.",
        ),
    ] = None


@dataclass(frozen=True, kw_only=True)
class DownloadOptions:
    """How to download files."""

    with_input: Annotated[bool, typer.Option("--with-input", help="Download the input too.")] = False
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace files in the folder that no download put there.")
    ] = False

    @property
    def input_choice(self) -> InputChoice:
        """How much of the input to download."""
        return InputChoice.SNAPSHOT if self.with_input else InputChoice.NONE


@dataclass(frozen=True, kw_only=True)
class ResultOptions(DownloadOptions):
    """What to do after a job has ended."""

    download: Annotated[
        Path | None,
        typer.Option(
            "--download",
            "-d",
            metavar="DIR",
            help="Download the files into this folder when the job has ended.",
            show_default=False,
        ),
    ] = None
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress while waiting.")] = False


@dataclass(frozen=True, kw_only=True)
class WaitOptions(ResultOptions):
    """Whether to wait for a job that was just created."""

    wait: Annotated[
        bool, typer.Option("--wait", "-w", help="Wait until the job has ended. --download implies this.")
    ] = False


@dataclass(frozen=True, kw_only=True)
class PageOptions:
    """How much of a list to show."""

    limit: Annotated[int, typer.Option("--limit", "-l", min=1, metavar="N", help="The maximum number to list.")] = 20
    all_: Annotated[bool, typer.Option("--all", "-a", help="List all of them.")] = False


@dataclass(frozen=True, kw_only=True)
class FilterOptions(PageOptions):
    """How to filter a list of jobs or definitions."""

    name: Annotated[
        str | None, typer.Option("--name", "-n", metavar="TEXT", help="Only those whose name starts with this.")
    ] = None
    tag: Annotated[
        list[str] | None, typer.Option("--tag", "-t", metavar="TEXT", help="Only those with this tag. Repeatable.")
    ] = None


def confirm(terminal: Terminal, question: str) -> None:
    """Ask the user to confirm something that cannot be undone.

    Raises
    ------
    typer.BadParameter
        If the command cannot ask.
    typer.Abort
        If the user does not confirm.
    """
    if terminal.is_json or not sys.stdin.isatty():
        raise typer.BadParameter("The command cannot ask for confirmation here.", param_hint="--yes")
    typer.confirm(question, abort=True, err=True)
