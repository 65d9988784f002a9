"""Select which of a job's files to download."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from jupyter_scheduler_aws.api.job_models import Job
from jupyter_scheduler_aws.api.response_models import OutputFile
from jupyter_scheduler_aws.enums import InputChoice
from jupyter_scheduler_aws.errors import DownloadError
from jupyter_scheduler_aws.transfers.download_manifest import MANIFEST_NAME
from jupyter_scheduler_aws.transfers.local_paths import collision_key

__all__ = ["INPUT", "DownloadItem", "InputChoice", "select_files"]

INPUT: Final = "input"
"""Format of the snapshot in a list of files."""


@dataclass(frozen=True, kw_only=True)
class DownloadItem:
    """A file to download."""

    path: str
    """Relative, with `/`. It comes from the service, so do not write to it before it is checked."""
    file: OutputFile
    """The file to download."""
    member: str | None = None
    """Name of the member, if `file` is a zip and only that member is downloaded."""

    @property
    def size_bytes(self) -> int | None:
        """The listed size; None if only the zip's size is known."""
        return self.file.size_bytes if self.member is None else None


def select_files(
    files: Iterable[OutputFile],
    job: Job,
    *,
    output_formats: Sequence[str],
    with_input: InputChoice,
    attempt: int | None = None,
) -> list[DownloadItem]:
    """Select files. If an output has the same path as the input, select the output.

    A job's own `.nbjobs.json` is never selected, because only this machine knows what its downloads wrote.

    Raises
    ------
    DownloadError
        If no file is selected.
    """
    files = [file for file in files if collision_key(PurePosixPath(file.path).name) != MANIFEST_NAME]
    inputs = (
        [] if with_input == InputChoice.NONE else [_input(file, job, with_input) for file in files if _is_input(file)]
    )
    outputs = [
        DownloadItem(path=file.path, file=file)
        for file in files
        if not _is_input(file) and (not output_formats or file.file_format in output_formats)
    ]
    found = {item.path: item for item in [*inputs, *outputs]}
    if not found:
        if attempt is not None and attempt < job.attempt:
            raise DownloadError(
                f"Attempt {attempt} of the job {job.job_id} has no such files. Its log says what it did."
            )
        ending = "" if job.is_ended else " yet; wait until it has ended"
        raise DownloadError(
            f"The job {job.job_id}, whose status is {job.status}, has no such files{ending}. Its log says what it did."
        )
    return list(found.values())


def _is_input(file: OutputFile) -> bool:
    return file.file_format == INPUT


def _input(file: OutputFile, job: Job, choice: InputChoice) -> DownloadItem:
    if choice == InputChoice.NOTEBOOK and job.package_input_folder:
        return DownloadItem(path=job.input_filename, file=file, member=job.input_filename)
    return DownloadItem(path=file.path, file=file)
