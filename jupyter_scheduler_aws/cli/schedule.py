"""`nbjobs schedule`, `nbjobs definitions edit` and `nbjobs definitions run`."""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Final

import typer

from jupyter_scheduler_aws.cli.option_values import parse_local_time, parse_parameters, parse_resets
from jupyter_scheduler_aws.cli.options import (
    AllowUnknownOption,
    DefinitionArgument,
    DefinitionOptions,
    FolderOption,
    LocalScheduledTimeOption,
    NotebookArgument,
    ParameterOption,
    WaitOptions,
)
from jupyter_scheduler_aws.cli.terminal import Terminal
from jupyter_scheduler_aws.errors import SchedulerClientError

__all__ = ["edit", "run", "schedule"]

_CRON: Final = typer.Option(
    "--cron",
    metavar="CRONTAB",
    help="When to run it: a crontab like '0 9 * * MON', or @hourly, @daily, @weekly, @monthly, @yearly.",
    show_default=False,
)


def schedule(
    terminal: Terminal,
    notebook: NotebookArgument,
    *,
    cron: Annotated[str, _CRON],
    folder: FolderOption = False,
    options: DefinitionOptions,
    allow_unknown: AllowUnknownOption = False,
    paused: Annotated[bool, typer.Option("--paused", help="Create the definition paused.")] = False,
) -> None:
    """Run a notebook on a schedule.

    The command uploads the notebook as it is now, alone or with its folder. To
    upload it again, use `nbjobs definitions edit` with --notebook. By default,
    the definition has the name of the notebook, uses the first environment, and
    makes the formats ipynb and html. `nbjobs cron explain` shows what a crontab
    means.
    """
    from jupyter_scheduler_aws.cli.definition_details import show_change
    from jupyter_scheduler_aws.cli.parameter_check import check_known_parameters
    from jupyter_scheduler_aws.cli.upload_progress import show_upload

    arguments = options.arguments()
    check_known_parameters(terminal, notebook, arguments.get("parameters", ()), allow_unknown=allow_unknown)
    with terminal.client() as client:
        with show_upload(terminal, notebook) as callbacks:
            definition_id = client.schedule(
                notebook, cron=cron, folder=folder, active=not paused, **arguments, **callbacks
            )
        try:
            definition = client.get_definition(definition_id)
        except SchedulerClientError:
            terminal.note(f"created definition {definition_id}")
            raise
    show_change(terminal, definition)
    terminal.document({"definition": definition.document})
    terminal.note(f"  its jobs:   nbjobs list --definition {definition_id}")
    terminal.note(f"  pause it:   nbjobs definitions pause {definition_id}")


def edit(
    terminal: Terminal,
    definition_id: DefinitionArgument,
    *,
    cron: Annotated[str | None, _CRON] = None,
    notebook: Annotated[
        Path | None,
        typer.Option(metavar="NOTEBOOK", help="Upload this notebook again, with its folder if the definition has one."),
    ] = None,
    options: DefinitionOptions,
    reset: Annotated[
        list[str] | None,
        typer.Option("--reset", metavar="OPTION", help="Take an option off again, like end or max-runs. Repeatable."),
    ] = None,
    allow_unknown: AllowUnknownOption = False,
) -> None:
    """Change a definition. What you do not specify stays the same.

    A paused definition stays paused, and existing jobs do not change.
    Parameters that you do not specify keep their values. Formats and tags
    replace all existing ones. --reset gives an option its default again.
    """
    from jupyter_scheduler_aws.cli.definition_details import show_change
    from jupyter_scheduler_aws.cli.parameter_check import check_known_parameters
    from jupyter_scheduler_aws.cli.upload_progress import show_upload

    arguments = options.arguments() | ({} if cron is None else {"cron": cron})
    arguments |= parse_resets(reset or (), arguments)
    if not (arguments or notebook):
        raise typer.BadParameter("Specify what to change. `nbjobs definitions edit --help` lists the options.")
    if notebook:
        names = arguments.get("parameters") or ()
        check_known_parameters(terminal, notebook, names, allow_unknown=allow_unknown)
    with terminal.client() as client:
        with show_upload(terminal, notebook) as callbacks:
            client.update_definition(definition_id, notebook=notebook, **arguments, **callbacks)
        definition = client.get_definition(definition_id)
    show_change(terminal, definition)
    terminal.document({"definition": definition.document})


def run(
    terminal: Terminal,
    definition_id: DefinitionArgument,
    *,
    parameters: ParameterOption = None,
    scheduled_time: LocalScheduledTimeOption = None,
    start: Annotated[
        datetime | None,
        typer.Option(
            "--from", metavar="WHEN", parser=parse_local_time, help="Backfill the due times from this time on."
        ),
    ] = None,
    end: Annotated[
        datetime | None,
        typer.Option(
            "--to", metavar="WHEN", parser=parse_local_time, help="Backfill up to this time; by default, now."
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option(help="Show the due times of a backfill, and create no job.")] = False,
    results: WaitOptions,
) -> None:
    """Run a definition now, independently of its schedule.

    Parameters that you do not specify have the values of the definition. This
    also works for a paused definition. Times without a zone are in the zone of
    the definition. With --from, the command creates a job for each past due
    time that has none, oldest first; if it is interrupted, repeat it.
    """
    from jupyter_scheduler_aws.cli.backfill import backfill, in_zone
    from jupyter_scheduler_aws.cli.waiting import finish_or_explain

    values = parse_parameters(parameters or ())
    if start is None and (end or dry_run):
        raise typer.BadParameter("It needs --from.", param_hint="--to" if end else "--dry-run")
    if start and (scheduled_time or results.wait or results.download):
        raise typer.BadParameter("A backfill makes several jobs: leave out --scheduled-time, --wait and --download.")
    with terminal.client() as client:
        if start:
            backfill(terminal, client, definition_id, start=start, end=end, parameters=values, dry_run=dry_run)
            return
        if scheduled_time and scheduled_time.tzinfo is None:
            scheduled_time = in_zone(scheduled_time, client.get_definition(definition_id).timezone)
        job_id = client.run_definition(definition_id, parameters=values, scheduled_time=scheduled_time)
        finish_or_explain(terminal, client, job_id, results)
