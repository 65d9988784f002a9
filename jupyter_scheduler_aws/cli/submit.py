"""`nbjobs submit` and `nbjobs wait`."""

from typing import Annotated

import typer

from jupyter_scheduler_aws.cli.options import (
    AllowUnknownOption,
    FolderOption,
    JobArgument,
    JobOptions,
    NotebookArgument,
    ResultOptions,
    ScheduledTimeOption,
    WaitOptions,
)
from jupyter_scheduler_aws.cli.terminal import Terminal

__all__ = ["submit", "wait"]


def submit(
    terminal: Terminal,
    notebook: NotebookArgument,
    *,
    folder: FolderOption = False,
    options: JobOptions,
    allow_unknown: AllowUnknownOption = False,
    idempotency_token: Annotated[
        str | None,
        typer.Option(metavar="TEXT", help="Submitting the same input with the same token again returns the same job."),
    ] = None,
    scheduled_time: ScheduledTimeOption = None,
    results: WaitOptions,
) -> None:
    """Run a notebook as a job.

    The command uploads the notebook as it is now, alone or with its folder. By
    default, the job has the name of the notebook, uses the first environment,
    and makes the formats ipynb and html. With --wait or --download, the command
    runs until the job has ended. Interrupting it does not stop the job.
    """
    from jupyter_scheduler_aws.cli.parameter_check import check_known_parameters
    from jupyter_scheduler_aws.cli.upload_progress import show_upload
    from jupyter_scheduler_aws.cli.waiting import finish_or_explain

    arguments = options.arguments()
    check_known_parameters(terminal, notebook, arguments.get("parameters", ()), allow_unknown=allow_unknown)
    with terminal.client() as client:
        with show_upload(terminal, notebook) as callbacks:
            job_id = client.submit(
                notebook,
                folder=folder,
                idempotency_token=idempotency_token,
                scheduled_time=scheduled_time,
                **arguments,
                **callbacks,
            )
        finish_or_explain(terminal, client, job_id, results)


def wait(terminal: Terminal, job_id: JobArgument, *, results: ResultOptions) -> None:
    """Wait until a job has ended, and show its progress."""
    from jupyter_scheduler_aws.cli.waiting import finish

    with terminal.client() as client:
        finish(terminal, client, job_id, results)
