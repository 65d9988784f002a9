"""Finds the files of a job on this machine. The panel links to them, and offers to download missing ones."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from jupyter_scheduler.models import DescribeJob, JobFile

from jupyter_scheduler_aws.connector.workspace import Workspace
from jupyter_scheduler_aws.errors import UnsafePathError
from jupyter_scheduler_aws.transfers.download_manifest import FileState, ManifestEntry, read_manifest

__all__ = ["PARTIAL", "add_local_files"]

PARTIAL: Final = "partial"
"""Format of a running job's notebook in a manifest. It is no output."""

_FOLDER: Final = "files"
"""Format of the link to the folder, which contains all other files that the run made."""


def add_local_files(job: DescribeJob, workspace: Workspace) -> None:
    """Add the files that are on this machine to a job, and whether all are. A file that cannot be read counts as missing."""
    try:
        folder = workspace.job_folder(job.input_filename, job.job_id)
    except UnsafePathError:
        return
    found = read_manifest(folder, job.job_id) or ManifestEntry(complete=False, files={})
    files = {name: file for name, file in found.files.items() if file.format != PARTIAL}
    here = [name for name, file in files.items() if file.state != FileState.EXPECTED and (folder / name).is_file()]
    by_format: dict[str, str] = {}
    for name in here:
        by_format.setdefault(files[name].format, name)
    made = [name for name, file in files.items() if file.format == _FOLDER]
    job.job_files = [_with_path(file, by_format, folder, workspace) for file in _links(job.job_files, made)]
    job.packaged_files = made
    job.downloaded = found.complete and len(here) == len(files)


def _links(files: Iterable[JobFile], made: list[str]) -> list[JobFile]:
    """Add a link to the folder if the run made files, with or without an input folder."""
    links = list(files)
    has_folder = any(file.file_format == _FOLDER for file in links)
    return [*links, JobFile(display_name="Files", file_format=_FOLDER)] if made and not has_folder else links


def _with_path(file: JobFile, by_format: Mapping[str, str], folder: Path, workspace: Workspace) -> JobFile:
    name = "" if file.file_format == _FOLDER and by_format else by_format.get(file.file_format)
    path = None if name is None else workspace.relative(folder / name)
    return JobFile(display_name=file.display_name, file_format=file.file_format, file_path=path)
