"""Options of definitions, and how their texts are read."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Final

import typer

from jupyter_scheduler_aws.cli.options import parse_duration
from jupyter_scheduler_aws.enums import OverlapPolicy

__all__ = [
    "CatchUpOption",
    "CronOption",
    "DefinitionArgument",
    "DefinitionsArgument",
    "EndOption",
    "KeepJobsOption",
    "MaxRunsOption",
    "NewCronOption",
    "NewNotebookOption",
    "OverlapOption",
    "StartOption",
    "TimezoneOption",
    "parse_catch_up",
    "parse_days",
    "parse_time",
]

_ONE_DAY: Final = timedelta(days=1)


def parse_time(text: str) -> datetime:
    """Read an instant in ISO 8601; without a zone it is meant in the one of this machine.

    Raises
    ------
    typer.BadParameter
        If it is none.
    """
    try:
        return datetime.fromisoformat(text.strip()).astimezone()
    except (ValueError, OverflowError):
        raise typer.BadParameter(
            f"{text!r} is not a time. Write it like 2026-12-01T08:30, or with a zone like 2026-12-01T08:30+01:00."
        ) from None


def parse_catch_up(text: str) -> timedelta:
    """Read a length of time as `parse_duration` does, or 0 for none at all.

    Raises
    ------
    typer.BadParameter
        If it is neither.
    """
    return timedelta() if text.strip() == "0" else parse_duration(text)


def parse_days(text: str) -> timedelta:
    """Read a length of time in whole days, such as `30d`.

    Raises
    ------
    typer.BadParameter
        If it is none.
    """
    span = parse_duration(text)
    if span % _ONE_DAY:
        raise typer.BadParameter(f"{text!r} is not in whole days. Write it like 30d.")
    return span


_CRON_HELP: Final = "When to run it: a crontab like '0 9 * * MON', or @hourly, @daily, @weekly, @monthly, @yearly."

DefinitionArgument = Annotated[
    str, typer.Argument(metavar="DEFINITION", help="Id of the definition.", show_default=False)
]
DefinitionsArgument = Annotated[
    list[str], typer.Argument(metavar="DEFINITION...", help="Ids of definitions.", show_default=False)
]
CronOption = Annotated[str, typer.Option("--cron", metavar="CRONTAB", help=_CRON_HELP, show_default=False)]
NewCronOption = Annotated[str | None, typer.Option("--cron", metavar="CRONTAB", help=_CRON_HELP)]
NewNotebookOption = Annotated[
    Path | None,
    typer.Option(metavar="NOTEBOOK", help="Upload this notebook anew, with its folder if the definition has one."),
]
TimezoneOption = Annotated[
    str | None, typer.Option(metavar="ZONE", help="Zone of the crontab, like Europe/Berlin; new ones have UTC.")
]
OverlapOption = Annotated[
    OverlapPolicy | None,
    typer.Option(case_sensitive=False, help="What to do while the last scheduled job has not ended; at first allow."),
]
CatchUpOption = Annotated[
    timedelta | None,
    typer.Option(
        metavar="TIME", parser=parse_catch_up, help="How late a missed run may still start, like 6h; 0: not at all."
    ),
]
StartOption = Annotated[
    datetime | None,
    typer.Option(metavar="WHEN", parser=parse_time, help="No run before, like 2026-12-01T08:30; local time."),
]
EndOption = Annotated[
    datetime | None, typer.Option(metavar="WHEN", parser=parse_time, help="No run after, like 2026-12-31; local time.")
]
MaxRunsOption = Annotated[int | None, typer.Option(min=1, metavar="N", help="No more scheduled runs than these.")]
KeepJobsOption = Annotated[
    timedelta | None,
    typer.Option(metavar="DAYS", parser=parse_days, help="How long its jobs are kept after they end, like 30d."),
]
