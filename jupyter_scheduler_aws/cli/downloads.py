"""Downloads the files of a job and reports where they are."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jupyter_scheduler_aws.api.job_texts import earlier_attempt_text
from jupyter_scheduler_aws.cli.options import DownloadOptions
from jupyter_scheduler_aws.cli.progress import ProgressLine
from jupyter_scheduler_aws.cli.terminal import Terminal
from jupyter_scheduler_aws.client import Client

__all__ = ["Downloaded", "download_document", "download_job"]


@dataclass(frozen=True, kw_only=True)
class Downloaded:
    """The files that a download brought."""

    folder: Path
    paths: Sequence[Path]
    renamed: dict[str, Path] = field(default_factory=dict)
    """Files that have another name here than in the job."""
    earlier_attempt: int | None = None
    """The attempt whose files these are, if the last one has none."""


def download_job(
    terminal: Terminal,
    client: Client,
    job_id: str,
    folder: Path,
    options: DownloadOptions,
    *,
    attempt: int | None = None,
    output_formats: Sequence[str] = (),
) -> Downloaded:
    """Download the files of a job, and show the progress.

    Raises
    ------
    DownloadError
        If there are no files, or a file cannot be downloaded.
    """
    renamed: dict[str, Path] = {}
    earlier: list[int] = []
    with ProgressLine(terminal.err) as progress:
        progress.start("downloading")
        paths = client.download(
            job_id,
            folder,
            attempt=attempt,
            output_formats=output_formats,
            with_input=options.input_choice,
            overwrite=options.overwrite,
            on_progress=progress.on_bytes,
            on_renamed=renamed.__setitem__,
            on_earlier_attempt=earlier.append,
        )
    return Downloaded(folder=folder, paths=paths, renamed=renamed, earlier_attempt=earlier[0] if earlier else None)


def download_document(terminal: Terminal, downloaded: Downloaded) -> dict[str, Any]:
    """Print the result line, and whose files they are if that is a surprise; return the JSON document of a download."""
    terminal.result(f"outputs: {downloaded.folder}")
    if downloaded.earlier_attempt:
        terminal.note(earlier_attempt_text(downloaded.earlier_attempt), style="yellow")
    for name, path in downloaded.renamed.items():
        terminal.note(
            f"{name} is saved as {path.name}, because some file systems cannot store its name or confuse it with another file.",
            style="yellow",
        )
    return {
        "directory": str(downloaded.folder),
        "files": [str(path) for path in downloaded.paths],
        "renamed": {name: str(path) for name, path in downloaded.renamed.items()},
        "earlier_attempt": downloaded.earlier_attempt,
    }
