"""`nbjobs download`, `nbjobs open` and `nbjobs logs`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from jupyter_scheduler_aws.cli.options import (
    AttemptOption,
    DownloadOptions,
    JobArgument,
    LatestOption,
    OptionalJobArgument,
)
from jupyter_scheduler_aws.cli.terminal import Terminal

if TYPE_CHECKING:
    from jupyter_scheduler_aws.client import Client

__all__ = ["download", "logs", "open_result"]


def download(
    terminal: Terminal,
    job_id: OptionalJobArgument = None,
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
    definition_id: LatestOption = None,
    attempt: AttemptOption = None,
    options: DownloadOptions,
) -> None:
    """Download the files of a job, or the latest results of a definition.

    If the last attempt has no files, you get those of the last attempt that has
    some. While the job is running, you get its notebook with the results so far.
    With --definition, the only argument is the target folder.
    """
    from jupyter_scheduler_aws.cli.downloads import download_document, download_job
    from jupyter_scheduler_aws.cli.formatting import format_size
    from jupyter_scheduler_aws.transfers.local_paths import job_folder_name

    if definition_id and folder:
        raise typer.BadParameter("With --definition, do not specify a job.")
    if definition_id and job_id:
        folder, job_id = Path(job_id), None
    with terminal.client() as client:
        job_id = _job_or_latest(terminal, client, job_id, definition_id)
        if folder is None:
            name = job_folder_name(client.get_job(job_id).input_filename, job_id)
            folder = Path(name + (f"-attempt-{attempt}" if attempt else ""))
        downloaded = download_job(
            terminal, client, job_id, folder, options, attempt=attempt, output_formats=output_format or ()
        )
    for path in sorted(downloaded.paths):
        terminal.note(f"{path}  {format_size(path.stat().st_size)}")
    terminal.document(download_document(terminal, downloaded))


def open_result(
    terminal: Terminal,
    job_id: OptionalJobArgument = None,
    output_format: Annotated[
        str | None,
        typer.Option(
            "--format", "-f", metavar="FORMAT", help="The format to open; by default html, else the notebook."
        ),
    ] = None,
    *,
    definition_id: LatestOption = None,
) -> None:
    """Download the results of a job, or the latest of a definition, and open them.

    The files go to the same folder as with `nbjobs download`. They open in the
    program that your system uses for this kind of file.
    """
    from jupyter_scheduler_aws.cli.downloads import download_job
    from jupyter_scheduler_aws.transfers.local_paths import job_folder_name

    with terminal.client() as client:
        job_id = _job_or_latest(terminal, client, job_id, definition_id)
        job = client.get_job(job_id)
        chosen = output_format or ("html" if "html" in job.output_formats else "ipynb")
        folder = Path(job_folder_name(job.input_filename, job_id))
        downloaded = download_job(terminal, client, job_id, folder, DownloadOptions(), output_formats=[chosen])
    path = min(downloaded.paths, key=lambda path: len(path.parts))
    terminal.result(str(path))
    terminal.document({"file": str(path)})
    if not terminal.is_json:
        typer.launch(str(path))


def _job_or_latest(terminal: Terminal, client: "Client", job_id: str | None, definition_id: str | None) -> str:
    if bool(job_id) is bool(definition_id):
        raise typer.BadParameter("Specify a job, or a definition with --definition.")
    if job_id:
        return job_id
    latest = client.latest_job(definition_id or "")
    terminal.note(f"the latest completed job is {latest.job_id}")
    return latest.job_id


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
