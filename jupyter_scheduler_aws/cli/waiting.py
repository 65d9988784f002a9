"""Waits for a job, downloads what it made, and says how it ended."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from textwrap import indent
from typing import Any

import typer
from rich.text import Text

from jupyter_scheduler_aws.api.job_models import Job
from jupyter_scheduler_aws.cli.exit_codes import ExitCode
from jupyter_scheduler_aws.cli.formatting import took
from jupyter_scheduler_aws.cli.options import (
    DownloadOption,
    InputOption,
    JobArgument,
    JsonOption,
    OverwriteOption,
    input_choice,
)
from jupyter_scheduler_aws.cli.progress import Activity
from jupyter_scheduler_aws.cli.terminal import Terminal, terminal_of
from jupyter_scheduler_aws.client import Client, InputChoice
from jupyter_scheduler_aws.errors import DownloadError, SchedulerClientError, UnsafePathError
from jupyter_scheduler_aws.sanitize import sanitize_line, sanitize_text

__all__ = ["Destination", "destination_of", "finish", "finish_or_tell", "tell_files", "wait"]


@dataclass(frozen=True, kw_only=True)
class Destination:
    """Where the files of a job go."""

    folder: Path
    with_input: InputChoice
    overwrite: bool


def wait(
    context: typer.Context,
    job_id: JobArgument,
    download: DownloadOption = None,
    *,
    with_input: InputOption = False,
    overwrite: OverwriteOption = False,
    _json: JsonOption = False,
) -> None:
    """Wait until a job has ended, showing what it does."""
    terminal = terminal_of(context)
    destination = destination_of(download, with_input=with_input, overwrite=overwrite)
    with terminal.client() as client:
        finish(terminal, client, job_id, destination)


def destination_of(folder: Path | None, *, with_input: bool, overwrite: bool) -> Destination | None:
    """Read where the files of a job go from a command's options; None if they are not to be downloaded."""
    return Destination(folder=folder, with_input=input_choice(with_input), overwrite=overwrite) if folder else None


def finish_or_tell(
    terminal: Terminal, client: Client, job_id: str, *, waits: bool, destination: Destination | None
) -> None:
    """Go on with a job that was just created: `finish` it, or say how it is followed.

    Raises
    ------
    typer.Exit
        If the job is not COMPLETED, or the user interrupted.
    """
    if waits or destination:
        terminal.note(f"created job {job_id}")
        finish(terminal, client, job_id, destination)
        return
    job = client.get_job(job_id)
    terminal.result(f"job: {job.job_id} {job.status}")
    terminal.document({"job": job.document, "outputs": None})
    terminal.note(f"  follow it:  nbjobs wait {job_id}")
    terminal.note(f"  its files:  nbjobs download {job_id}")


def finish(terminal: Terminal, client: Client, job_id: str, destination: Destination | None) -> None:
    """Wait for a job, download its files if there is a destination, print how it ended.

    Raises
    ------
    typer.Exit
        If the job is not COMPLETED, or the user interrupted.
    """
    job = _wait(terminal, client, job_id)
    _tell_outcome(terminal, job)
    terminal.result(f"job: {job.job_id} {job.status}")
    outputs = _download(terminal, client, job, destination) if destination else None
    terminal.document({"job": job.document, "outputs": outputs})
    if not job.is_completed:
        raise typer.Exit(ExitCode.JOB_NOT_COMPLETED)


def _wait(terminal: Terminal, client: Client, job_id: str) -> Job:
    try:
        with Activity(terminal.err) as activity:
            activity.begin("waiting")
            return client.wait(job_id, on_change=activity.on_job)
    except KeyboardInterrupt:
        _tell_how_to_go_on(terminal, job_id, "Interrupted. ")
        raise typer.Exit(ExitCode.INTERRUPTED) from None
    except SchedulerClientError:
        _tell_how_to_go_on(terminal, job_id, "")
        raise


def _tell_how_to_go_on(terminal: Terminal, job_id: str, why: str) -> None:
    terminal.note(f"{why}The job goes on without this terminal.", style="yellow")
    terminal.note(f"  follow it:  nbjobs wait {job_id}")
    terminal.note(f"  stop it:    nbjobs stop {job_id}")


def _tell_outcome(terminal: Terminal, job: Job) -> None:
    if job.is_completed:
        terminal.err.print(
            Text.assemble(("✓ ", "green"), f"{sanitize_line(job.name)}: completed in {took(job) or 'no time'}")
        )
        return
    title = job.outcome.title if job.outcome else job.status.lower()
    message = (job.outcome.message if job.outcome else "") or job.status_message or ""
    mark, style = ("■ ", "yellow") if job.status == "STOPPED" else ("✗ ", "bold red")
    terminal.err.print(
        Text.assemble((mark, style), f"{sanitize_line(job.name)}: ", (sanitize_line(title), style)), soft_wrap=True
    )
    if message and message != title:
        terminal.err.print(indent(sanitize_text(message), "  "), soft_wrap=True)


def _download(terminal: Terminal, client: Client, job: Job, destination: Destination) -> dict[str, Any] | None:
    """Download; where the job failed before it made anything, that is no second failure."""
    renamed: dict[str, Path] = {}
    try:
        paths = _download_into(terminal, client, job.job_id, destination, renamed)
    except UnsafePathError:
        raise
    except DownloadError as error:
        if job.is_completed:
            raise
        terminal.note(error.message)
        return None
    terminal.result(f"outputs: {destination.folder}")
    return tell_files(terminal, destination.folder, paths, renamed)


def tell_files(terminal: Terminal, folder: Path, paths: Iterable[Path], renamed: Mapping[str, Path]) -> dict[str, Any]:
    """Say which files have another name here than in the job, and give the JSON document of a download."""
    for name, path in renamed.items():
        terminal.note(
            f"{name} is here as {path.name}: some file systems would not keep it apart from another file, or not take its name.",
            style="yellow",
        )
    return {
        "directory": str(folder),
        "files": [str(path) for path in paths],
        "renamed": {name: str(path) for name, path in renamed.items()},
    }


def _download_into(
    terminal: Terminal, client: Client, job_id: str, destination: Destination, renamed: dict[str, Path]
) -> list[Path]:
    """Download a job's files, showing how far it is."""
    with Activity(terminal.err) as activity:
        activity.begin("downloading")
        return client.download(
            job_id,
            destination.folder,
            with_input=destination.with_input,
            overwrite=destination.overwrite,
            on_progress=activity.on_bytes,
            on_renamed=renamed.__setitem__,
        )
