"""`nbjobs download` and `nbjobs logs`."""

from pathlib import Path
from typing import Annotated

import typer

from jupyter_scheduler_aws.cli.formatting import size
from jupyter_scheduler_aws.cli.options import InputOption, JobArgument, JsonOption, OverwriteOption, input_choice
from jupyter_scheduler_aws.cli.progress import Activity
from jupyter_scheduler_aws.cli.terminal import terminal_of
from jupyter_scheduler_aws.cli.waiting import tell_files
from jupyter_scheduler_aws.sanitize import sanitize_line

__all__ = ["download", "logs"]


def download(
    context: typer.Context,
    job_id: JobArgument,
    folder: Annotated[
        Path | None,
        typer.Argument(metavar="[DIR]", help="Where the files go; else a folder named after notebook and job."),
    ] = None,
    output_format: Annotated[
        list[str] | None,
        typer.Option(
            "--format",
            "-f",
            metavar="FORMAT",
            help="Only this format; `files` are those that the run made or changed. May be repeated.",
        ),
    ] = None,
    *,
    with_input: InputOption = False,
    overwrite: OverwriteOption = False,
    _json: JsonOption = False,
) -> None:
    """Download a job's files.

    While it runs, its notebook is there as it was a moment ago.
    """
    terminal = terminal_of(context)
    renamed: dict[str, Path] = {}
    with terminal.client() as client, Activity(terminal.err) as activity:
        if folder is None:
            folder = Path(f"{sanitize_line(Path(client.get_job(job_id).input_filename).stem)}-{job_id}")
        activity.begin("downloading")
        paths = client.download(
            job_id,
            folder,
            output_formats=output_format or (),
            with_input=input_choice(with_input),
            overwrite=overwrite,
            on_progress=activity.on_bytes,
            on_renamed=renamed.__setitem__,
        )
    for path in sorted(paths):
        terminal.note(f"{path}  {size(path.stat().st_size)}")
    terminal.result(f"outputs: {folder}")
    terminal.document(tell_files(terminal, folder, paths, renamed))


def logs(
    context: typer.Context,
    job_id: JobArgument,
    *,
    follow: Annotated[bool, typer.Option("--follow", "-F", help="Go on until the job has ended.")] = False,
    times: Annotated[bool, typer.Option("--times", help="Begin each line with its time.")] = False,
    _json: JsonOption = False,
) -> None:
    """Print a job's log.

    It has what the cells print and what the runner says.
    """
    terminal = terminal_of(context)
    lines = []
    with terminal.client() as client:
        for event in client.logs(job_id, follow=follow):
            stamp = f"{event.time.astimezone():%H:%M:%S}  " if times else ""
            terminal.result(f"{stamp}{event.message}")
            lines.append({"time": round(event.time.timestamp() * 1000), "message": event.message})
    if not lines:
        terminal.note("There is no log yet: it begins when the container does.")
    terminal.document(lines)
