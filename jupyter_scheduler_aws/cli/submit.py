"""`nbjobs submit`."""

from typing import Annotated

import typer

from jupyter_scheduler_aws.api.request_fields import DEFAULT_OUTPUT_FORMATS
from jupyter_scheduler_aws.cli.options import (
    ComputeTypeOption,
    DownloadOption,
    EnvironmentOption,
    FolderOption,
    FormatOption,
    InputOption,
    JsonOption,
    NameOption,
    NotebookArgument,
    OverwriteOption,
    ParameterOption,
    RetriesOption,
    TagOption,
    TimeoutOption,
    WaitOption,
    parse_parameters,
)
from jupyter_scheduler_aws.cli.terminal import terminal_of
from jupyter_scheduler_aws.cli.upload_progress import watched
from jupyter_scheduler_aws.cli.waiting import destination_of, finish_or_tell

__all__ = ["submit"]


def submit(
    context: typer.Context,
    notebook: NotebookArgument,
    *,
    parameter: ParameterOption = None,
    folder: FolderOption = False,
    environment: EnvironmentOption = None,
    compute_type: ComputeTypeOption = None,
    output_format: FormatOption = None,
    name: NameOption = None,
    tag: TagOption = None,
    timeout: TimeoutOption = None,
    retries: RetriesOption = None,
    idempotency_token: Annotated[
        str | None,
        typer.Option(metavar="TEXT", help="The same token with the same input gives the same job, not a second one."),
    ] = None,
    wait: WaitOption = False,
    download: DownloadOption = None,
    with_input: InputOption = False,
    overwrite: OverwriteOption = False,
    _json: JsonOption = False,
) -> None:
    """Run a notebook as a job.

    It is uploaded as it is now, alone or with its folder. Where nothing is said,
    it has the notebook's name, the first environment, and the formats ipynb and
    html. With --wait or --download, the command goes on until the job has ended;
    interrupting it does not stop the job.
    """
    terminal = terminal_of(context)
    parameters = parse_parameters(parameter or ())
    destination = destination_of(download, with_input=with_input, overwrite=overwrite)
    with terminal.client() as client:
        with watched(terminal, notebook) as watch:
            job_id = client.submit(
                notebook,
                folder=folder,
                name=name,
                environment=environment,
                compute_type=compute_type,
                parameters=parameters,
                output_formats=output_format or DEFAULT_OUTPUT_FORMATS,
                tags=tag or (),
                timeout=timeout,
                max_retries=retries,
                idempotency_token=idempotency_token,
                on_packed=watch.on_packed,
                on_progress=watch.on_progress,
            )
        finish_or_tell(terminal, client, job_id, waits=wait, destination=destination)
