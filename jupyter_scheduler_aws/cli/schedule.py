"""`nbjobs schedule`."""

from typing import Annotated

import typer

from jupyter_scheduler_aws.cli.definition_details import tell_definition
from jupyter_scheduler_aws.cli.options import (
    ComputeTypeOption,
    EnvironmentOption,
    FolderOption,
    FormatOption,
    JsonOption,
    NameOption,
    NotebookArgument,
    ParameterOption,
    RetriesOption,
    TagOption,
    TimeoutOption,
    parse_parameters,
)
from jupyter_scheduler_aws.cli.schedule_options import (
    CatchUpOption,
    CronOption,
    EndOption,
    KeepJobsOption,
    MaxRunsOption,
    OverlapOption,
    StartOption,
    TimezoneOption,
)
from jupyter_scheduler_aws.cli.terminal import terminal_of
from jupyter_scheduler_aws.cli.upload_progress import watched
from jupyter_scheduler_aws.errors import SchedulerClientError

__all__ = ["schedule"]


def schedule(
    context: typer.Context,
    notebook: NotebookArgument,
    *,
    cron: CronOption,
    timezone: TimezoneOption = None,
    parameter: ParameterOption = None,
    folder: FolderOption = False,
    environment: EnvironmentOption = None,
    compute_type: ComputeTypeOption = None,
    output_format: FormatOption = None,
    name: NameOption = None,
    tag: TagOption = None,
    timeout: TimeoutOption = None,
    retries: RetriesOption = None,
    overlap: OverlapOption = None,
    catch_up: CatchUpOption = None,
    start: StartOption = None,
    end: EndOption = None,
    max_runs: MaxRunsOption = None,
    keep_jobs: KeepJobsOption = None,
    paused: Annotated[bool, typer.Option("--paused", help="Do not follow the schedule until it is resumed.")] = False,
    _json: JsonOption = False,
) -> None:
    """Run a notebook again and again, as a crontab says.

    It is uploaded as it is now, alone or with its folder; `nbjobs definitions
    edit` with --notebook uploads it anew. Where nothing is said, it has the
    notebook's name, the first environment, and the formats ipynb and html.
    `nbjobs cron explain` shows what a crontab means.
    """
    terminal = terminal_of(context)
    parameters = parse_parameters(parameter or ())
    with terminal.client() as client:
        with watched(terminal, notebook) as watch:
            definition_id = client.schedule(
                notebook,
                cron=cron,
                folder=folder,
                timezone=timezone,
                name=name,
                environment=environment,
                compute_type=compute_type,
                parameters=parameters,
                output_formats=output_format,
                tags=tag,
                timeout=timeout,
                max_retries=retries,
                overlap_policy=overlap,
                catch_up=catch_up,
                start=start,
                end=end,
                max_runs=max_runs,
                job_retention=keep_jobs,
                active=not paused,
                on_packed=watch.on_packed,
                on_progress=watch.on_progress,
            )
        try:
            definition = client.get_definition(definition_id)
        except SchedulerClientError:
            terminal.note(f"created definition {definition_id}")
            raise
    tell_definition(terminal, definition)
    terminal.document({"definition": definition.document})
    terminal.note(f"  its jobs:   nbjobs list --definition {definition_id}")
    terminal.note(f"  pause it:   nbjobs definitions pause {definition_id}")
