"""`nbjobs download` and `nbjobs logs`."""

from pathlib import Path
from typing import Annotated

import typer

from jupyter_scheduler_aws.cli.options import DownloadOptions, JobArgument
from jupyter_scheduler_aws.cli.terminal import Terminal

__all__ = ["download", "logs"]


def download(
    terminal: Terminal,
    job_id: JobArgument,
    folder: Annotated[
        Path | None,
        typer.Argument(metavar="[DIR]", help="The target folder. Default: a folder named after notebook and job."),
    ] = None,
    output_format: Annotated[
        list[str] | None,
        typer.Option(
            "--format",
            "-f",
            metavar="FORMAT",
            help="Only this format; `files` means files that the run made or changed. Repeatable.",
        ),
    ] = None,
    *,
    options: DownloadOptions,
) -> None:
    """Download the files of a job.

    While the job is running, you get its notebook with the results so far.
    """
    from jupyter_scheduler_aws.cli.downloads import download_document, download_job
    from jupyter_scheduler_aws.cli.formatting import format_size
    from jupyter_scheduler_aws.transfers.local_paths import job_folder_name

    with terminal.client() as client:
        if folder is None:
            folder = Path(job_folder_name(client.get_job(job_id).input_filename, job_id))
        downloaded = download_job(terminal, client, job_id, folder, options, output_formats=output_format or ())
    for path in sorted(downloaded.paths):
        terminal.note(f"{path}  {format_size(path.stat().st_size)}")
    terminal.document(download_document(terminal, downloaded))


def logs(
    terminal: Terminal,
    job_id: JobArgument,
    *,
    follow: Annotated[bool, typer.Option("--follow", "-F", help="Print new lines until the job has ended.")] = False,
    times: Annotated[bool, typer.Option("--times", help="Start each line with its time.")] = False,
) -> None:
    """Print the log of a job.

    It contains the output of the cells and the messages of the runner.
    """
    lines = []
    with terminal.client() as client:
        for event in client.logs(job_id, follow=follow):
            prefix = f"{event.time.astimezone():%H:%M:%S}  " if times else ""
            terminal.result(f"{prefix}{event.message}")
            lines.append({"time": round(event.time.timestamp() * 1000), "message": event.message})
    if not lines:
        terminal.note("There is no log yet. It starts when the container starts.")
    terminal.document(lines)
