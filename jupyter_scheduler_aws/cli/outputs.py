"""`nbjobs download` and `nbjobs logs`."""

from pathlib import Path
from typing import Annotated

import typer

from jupyter_scheduler_aws.cli.options import AttemptOption, DownloadOptions, JobArgument
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
    attempt: AttemptOption = None,
    options: DownloadOptions,
) -> None:
    """Download the files of a job.

    If the last attempt has no files, you get those of the last attempt that has
    some. While the job is running, you get its notebook with the results so far.
    """
    from jupyter_scheduler_aws.cli.downloads import download_document, download_job
    from jupyter_scheduler_aws.cli.formatting import format_size
    from jupyter_scheduler_aws.transfers.local_paths import job_folder_name

    with terminal.client() as client:
        if folder is None:
            name = job_folder_name(client.get_job(job_id).input_filename, job_id)
            folder = Path(name + (f"-attempt-{attempt}" if attempt else ""))
        downloaded = download_job(
            terminal, client, job_id, folder, options, attempt=attempt, output_formats=output_format or ()
        )
    for path in sorted(downloaded.paths):
        terminal.note(f"{path}  {format_size(path.stat().st_size)}")
    terminal.document(download_document(terminal, downloaded))


def logs(
    terminal: Terminal,
    job_id: JobArgument,
    *,
    attempt: AttemptOption = None,
    follow: Annotated[bool, typer.Option("--follow", "-F", help="Print new lines until the job has ended.")] = False,
    times: Annotated[bool, typer.Option("--times", help="Start each line with its time.")] = False,
) -> None:
    """Print the log of a job.

    It contains the output of the cells and the messages of the runner. It begins
    with the current or last attempt.
    """
    lines = []
    with terminal.client() as client:
        for event in client.logs(job_id, attempt=attempt, follow=follow):
            prefix = f"{event.time.astimezone():%H:%M:%S}  " if times else ""
            terminal.result(f"{prefix}{event.message}")
            lines.append({"time": round(event.time.timestamp() * 1000), "message": event.message})
    if not lines:
        nothing = "There is no log yet. It starts when the container starts."
        terminal.note(f"Attempt {attempt} has printed nothing." if attempt else nothing)
    terminal.document(lines)
