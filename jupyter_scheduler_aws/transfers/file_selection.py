"""Which of a job's files are downloaded."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePosixPath
from typing import Final

from jupyter_scheduler_aws.api.job_models import Job
from jupyter_scheduler_aws.api.response_models import OutputFile
from jupyter_scheduler_aws.errors import DownloadError
from jupyter_scheduler_aws.transfers.download_manifest import MARKER
from jupyter_scheduler_aws.transfers.local_paths import file_key

__all__ = ["INPUT", "InputChoice", "Item", "select"]

INPUT: Final = "input"
"""Format of the snapshot in a list of files."""


class InputChoice(StrEnum):
    """What is downloaded of a job's input."""

    NONE = "none"
    SNAPSHOT = "snapshot"
    """All of it: the notebook, or the zip of its folder."""
    NOTEBOOK = "notebook"
    """The notebook alone, also where the folder went with it."""


@dataclass(frozen=True, kw_only=True)
class Item:
    """A file to download."""

    path: str
    """Where it goes: relative, with `/`; the service's word, so not yet safe to write to."""
    file: OutputFile
    """What is fetched."""
    member: str | None = None
    """Name of the member, where `file` is a zip and only that is wanted of it."""

    @property
    def size_bytes(self) -> int | None:
        """As it was listed; None where only the zip's size is known."""
        return self.file.size_bytes if self.member is None else None


def select(
    files: Iterable[OutputFile], job: Job, *, output_formats: Sequence[str], with_input: InputChoice
) -> list[Item]:
    """Choose files; where an output has the path of the input, the output is taken.

    A job's own `.nbjobs.json` is never taken: it says what downloads brought, and only this machine knows that.

    Raises
    ------
    DownloadError
        If there is none.
    """
    files = [file for file in files if file_key(PurePosixPath(file.path).name) != MARKER]
    inputs = (
        [] if with_input == InputChoice.NONE else [_input(file, job, with_input) for file in files if _is_input(file)]
    )
    outputs = [
        Item(path=file.path, file=file)
        for file in files
        if not _is_input(file) and (not output_formats or file.file_format in output_formats)
    ]
    found = {item.path: item for item in [*inputs, *outputs]}
    if not found:
        ending = "" if job.is_ended else " yet; wait until it has ended"
        raise DownloadError(
            f"The job {job.job_id}, whose status is {job.status}, has no such files{ending}. Its log says what it did."
        )
    return list(found.values())


def _is_input(file: OutputFile) -> bool:
    return file.file_format == INPUT


def _input(file: OutputFile, job: Job, choice: InputChoice) -> Item:
    if choice == InputChoice.NOTEBOOK and job.package_input_folder:
        return Item(path=job.input_filename, file=file, member=job.input_filename)
    return Item(path=file.path, file=file)
