"""`nbjobs definitions edit` and `run`."""

from contextlib import nullcontext

import typer

from jupyter_scheduler_aws.api.request_fields import DefinitionOptions
from jupyter_scheduler_aws.cli.definition_details import tell_definition
from jupyter_scheduler_aws.cli.options import (
    ComputeTypeOption,
    DownloadOption,
    EnvironmentOption,
    FormatOption,
    InputOption,
    JsonOption,
    NameOption,
    OverwriteOption,
    ParameterOption,
    RetriesOption,
    TagOption,
    TimeoutOption,
    WaitOption,
    parse_parameters,
)
from jupyter_scheduler_aws.cli.schedule_options import (
    CatchUpOption,
    DefinitionArgument,
    EndOption,
    KeepJobsOption,
    MaxRunsOption,
    NewCronOption,
    NewNotebookOption,
    OverlapOption,
    StartOption,
    TimezoneOption,
)
from jupyter_scheduler_aws.cli.terminal import terminal_of
from jupyter_scheduler_aws.cli.upload_progress import NOBODY, watched
from jupyter_scheduler_aws.cli.waiting import destination_of, finish_or_tell

__all__ = ["edit", "run"]


def edit(
    context: typer.Context,
    definition_id: DefinitionArgument,
    *,
    cron: NewCronOption = None,
    timezone: TimezoneOption = None,
    notebook: NewNotebookOption = None,
    parameter: ParameterOption = None,
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
    _json: JsonOption = False,
) -> None:
    """Change a definition: what an option names, and only that.

    A paused definition stays paused, and jobs that are there stay as they are.
    Parameters that are not named keep their values; formats and tags take the
    place of all that it has.
    """
    terminal = terminal_of(context)
    options: DefinitionOptions = {
        "timezone": timezone,
        "name": name,
        "environment": environment,
        "compute_type": compute_type,
        "parameters": parse_parameters(parameter) if parameter else None,
        "output_formats": output_format,
        "tags": tag,
        "timeout": timeout,
        "max_retries": retries,
        "overlap_policy": overlap,
        "catch_up": catch_up,
        "start": start,
        "end": end,
        "max_runs": max_runs,
        "job_retention": keep_jobs,
    }
    if all(value is None for value in (cron, notebook, *options.values())):
        raise typer.BadParameter("Say what to change; `nbjobs definitions edit --help` lists the options.")
    with terminal.client() as client:
        with watched(terminal, notebook) if notebook else nullcontext(NOBODY) as watch:
            client.update_definition(
                definition_id,
                cron=cron,
                notebook=notebook,
                on_packed=watch.on_packed,
                on_progress=watch.on_progress,
                **options,
            )
        definition = client.get_definition(definition_id)
    tell_definition(terminal, definition)
    terminal.document({"definition": definition.document})


def run(
    context: typer.Context,
    definition_id: DefinitionArgument,
    *,
    parameter: ParameterOption = None,
    wait: WaitOption = False,
    download: DownloadOption = None,
    with_input: InputOption = False,
    overwrite: OverwriteOption = False,
    _json: JsonOption = False,
) -> None:
    """Run a definition now, beside its schedule.

    Parameters that are not named have the definition's values. It may be paused.
    """
    terminal = terminal_of(context)
    parameters = parse_parameters(parameter or ())
    destination = destination_of(download, with_input=with_input, overwrite=overwrite)
    with terminal.client() as client:
        job_id = client.run_definition(definition_id, parameters=parameters)
        finish_or_tell(terminal, client, job_id, waits=wait, destination=destination)
