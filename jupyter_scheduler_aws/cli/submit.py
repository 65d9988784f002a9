"""`nbjobs submit`."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from jupyter_scheduler_aws.cli.options import (
    DownloadOption,
    InputOption,
    JsonOption,
    OverwriteOption,
    parse_duration,
    parse_parameters,
)
from jupyter_scheduler_aws.cli.progress import Activity
from jupyter_scheduler_aws.cli.terminal import Terminal, terminal_of
from jupyter_scheduler_aws.cli.text import size
from jupyter_scheduler_aws.cli.waiting import Destination, finish
from jupyter_scheduler_aws.client import DEFAULT_OUTPUT_FORMATS
from jupyter_scheduler_aws.snapshot import Snapshot

__all__ = ["submit"]


def submit(
    context: typer.Context,
    notebook: Annotated[
        Path, typer.Argument(metavar="NOTEBOOK", help="The notebook, a file ending in .ipynb.", show_default=False)
    ],
    *,
    parameter: Annotated[
        list[str] | None,
        typer.Option(
            "--parameter",
            "-p",
            metavar="NAME=VALUE",
            help="A value for the cell tagged `parameters`, as a Python literal or else as text. May be repeated.",
        ),
    ] = None,
    folder: Annotated[
        bool, typer.Option("--folder", help="Take the notebook's folder along, as the working directory.")
    ] = False,
    environment: Annotated[
        str | None, typer.Option("--environment", "-e", metavar="NAME", help="Where to run it; else the first one.")
    ] = None,
    compute_type: Annotated[
        str | None, typer.Option("--compute-type", "-c", metavar="NAME", help="Size of the container.")
    ] = None,
    output_format: Annotated[
        list[str] | None,
        typer.Option(
            "--format", "-f", metavar="FORMAT", help="A format to make; else ipynb and html. May be repeated."
        ),
    ] = None,
    name: Annotated[
        str | None, typer.Option("--name", "-n", metavar="TEXT", help="Name of the job; else that of the notebook.")
    ] = None,
    tag: Annotated[
        list[str] | None, typer.Option("--tag", "-t", metavar="TEXT", help="A label to find it by. May be repeated.")
    ] = None,
    timeout: Annotated[
        timedelta | None,
        typer.Option(metavar="TIME", parser=parse_duration, help="Maximum run time, like 15m, 2h or 1h30m."),
    ] = None,
    retries: Annotated[
        int | None, typer.Option(min=0, metavar="N", help="How often to try again if the notebook fails.")
    ] = None,
    idempotency_token: Annotated[
        str | None,
        typer.Option(metavar="TEXT", help="The same token with the same input gives the same job, not a second one."),
    ] = None,
    wait: Annotated[
        bool, typer.Option("--wait", "-w", help="Wait until the job has ended; --download does so, too.")
    ] = False,
    download: DownloadOption = None,
    with_input: InputOption = False,
    overwrite: OverwriteOption = False,
    _json: JsonOption = False,
) -> None:
    """Run a notebook as a job.

    It is uploaded as it is now, alone or with its folder. With --wait or --download, the command goes on until the job
    has ended; interrupting it does not stop the job.
    """
    terminal = terminal_of(context)
    parameters = parse_parameters(parameter or ())
    destination = Destination(folder=download, with_input=with_input, overwrite=overwrite) if download else None
    with terminal.client() as client:
        with Activity(terminal.err) as activity:
            activity.begin(f"packing {notebook.name}")

            def tell_size(snapshot: Snapshot) -> None:
                for left_out in snapshot.left_out:
                    terminal.note(f"left out: {left_out}")
                activity.begin(f"uploading {_what(snapshot)}")

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
                on_packed=tell_size,
                on_progress=activity.on_bytes,
            )
        if wait or destination:
            terminal.note(f"created job {job_id}")
            finish(terminal, client, job_id, destination)
        else:
            job = client.get_job(job_id)
            terminal.result(f"job: {job.job_id} {job.status}")
            terminal.document({"job": job.document, "outputs": None})
            _tell_what_next(terminal, job_id)


def _what(snapshot: Snapshot) -> str:
    others = snapshot.files - 1
    more = f" and {others} other file{'s' if others > 1 else ''}" if others else ""
    return f"{snapshot.input_filename}{more}, {size(snapshot.size_bytes)}"


def _tell_what_next(terminal: Terminal, job_id: str) -> None:
    terminal.note(f"  follow it:  nbjobs wait {job_id}")
    terminal.note(f"  its files:  nbjobs download {job_id}")
