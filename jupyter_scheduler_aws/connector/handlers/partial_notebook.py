"""The notebook of a running job, as its runner last saved it."""

import os
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final

from jupyter_scheduler_aws.api.job_models import Job
from jupyter_scheduler_aws.api.response_models import OutputFile
from jupyter_scheduler_aws.client import Client
from jupyter_scheduler_aws.connector.local_files import PARTIAL
from jupyter_scheduler_aws.connector.workspace import Workspace
from jupyter_scheduler_aws.errors import DownloadError, NoPartialNotebookError
from jupyter_scheduler_aws.transfers.download_file import download_file
from jupyter_scheduler_aws.transfers.download_manifest import (
    DownloadedFile,
    FileState,
    ManifestEntry,
    downloaded_files,
    update_manifest,
)
from jupyter_scheduler_aws.transfers.local_paths import job_folder_name
from jupyter_scheduler_aws.transfers.partial_files import PartialFile
from jupyter_scheduler_aws.transfers.presigned_source import PresignedSource

__all__ = ["save_partial_notebook"]

_READ_ONLY: Final = 0o444


def save_partial_notebook(client: Client, workspace: Workspace, job_id: str) -> Mapping[str, Any]:
    """Download the partial notebook of a job's attempt, read-only, and return its path. It takes two requests.

    Its name, `<notebook>-partial-attempt-<n>.ipynb`, is that of no output.

    Raises
    ------
    NoPartialNotebookError
        If the job has ended, or its runner has not saved the notebook yet.
    DownloadError
        If the download fails, or the path is that of a file which no download wrote.
    """
    job = client.get_job(job_id)
    if job.is_ended:
        raise NoPartialNotebookError("The job has ended, so its notebook is not partial any more: download its files.")
    link = _find(client, job, None)
    folder = workspace.job_folder(job.input_filename, job_id)
    target = folder / job_folder_name(job.input_filename, f"partial-attempt-{job.attempt}.ipynb")
    size = _download(client, target, link, list_again=partial(_find, client, job))
    file = DownloadedFile(format=PARTIAL, size_bytes=size, state=FileState.PREVIEW)
    update_manifest(folder, job_id, partial(_with_file, target.name, file))
    return {"path": workspace.relative(target)}


def _find(client: Client, job: Job, _failed: OutputFile | None) -> OutputFile:
    files = client.files(job.job_id, attempt=job.attempt) if job.attempt else []
    if found := next((file for file in files if file.file_format == "ipynb"), None):
        return found
    raise NoPartialNotebookError(
        "The runner has not saved the notebook of this attempt yet. It does so soon after the first cell has run; try again."
    )


def _download(client: Client, target: Path, link: OutputFile, *, list_again: Any) -> int:
    if os.path.lexists(target) and target not in downloaded_files(target.parent):
        raise DownloadError(f"{target} would be replaced, although no download wrote it. Rename it, and try again.")
    source = PresignedSource(lambda failed: list_again(failed) if failed else link, http=client.transport.http)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with PartialFile(target) as part:
            size = download_file(part, source, retry_policy=client.retry_policy, on_bytes=lambda _: None)
        target.chmod(_READ_ONLY)
    except OSError as error:
        raise DownloadError(
            f"{target} cannot be written: {error.strerror or error}. Check space and permissions."
        ) from error
    return size


def _with_file(name: str, file: DownloadedFile, entry: ManifestEntry | None) -> ManifestEntry:
    return ManifestEntry(complete=False, files={**(entry.files if entry else {}), name: file})
