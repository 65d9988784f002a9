"""Paths below the root of the Jupyter server: notebooks to run, and folders for downloaded files."""

import os
import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from jupyter_scheduler_aws.connector.kept_input import DRIVE
from jupyter_scheduler_aws.errors import ConfigurationError, SnapshotError, UnsafePathError
from jupyter_scheduler_aws.transfers.local_paths import job_folder_name

__all__ = ["Workspace"]

_JOB_ID: Final = re.compile(r"[\w:%-]{1,200}", re.ASCII)
"""A job id that is safe in a folder name. jupyter-scheduler 3 prefixes it with the name of a back end and a colon."""

_MAX_SHOWN: Final = 200
"""Characters of a path in a message."""


@dataclass(frozen=True)
class Workspace:
    """The root folder of the server. Paths from and to the panel are relative to it, with `/`."""

    root: Path
    output_directory: str
    """Folder below the root. It contains a folder for each job with downloaded files."""

    def notebook(self, input_uri: str) -> Path:
        """Return the path of a notebook.

        Raises
        ------
        SnapshotError
            If it does not exist, or is not below the root.
        """
        path = self._below_root(input_uri)
        if path is None or not os.path.isfile(path):  # noqa: PTH113 - Path.is_file raises for names that are too long
            raise SnapshotError(
                f"There is no file {_short(input_uri)!r} below the root folder of the server. If it was moved or renamed, use it "
                "in its new place: create the job there, or drop the file on the form again."
            )
        return path

    def dropped(self, input_uri: str) -> str:
        """Return the path of a dropped file below the root: without the drive of jupyter-collaboration, unless a file is named so."""
        path = self._below_root(input_uri)
        is_file = path is not None and os.path.isfile(path)  # noqa: PTH113 - as above
        return input_uri if is_file else input_uri.removeprefix(DRIVE)

    def job_folder(self, input_filename: str, job_id: str) -> Path:
        """Return the folder for the files of a job: `<output directory>/<stem>-<job id>`, as in jupyter-scheduler.

        Raises
        ------
        ConfigurationError
            If the output directory is not below the root, because the panel could not open files there.
        UnsafePathError
            If names from the service would lead to another folder.
        """
        if not _JOB_ID.fullmatch(job_id) or re.search(r"[/\\\x00-\x1f]", input_filename):
            raise UnsafePathError(
                f"The service returned job {job_id!r} of {input_filename!r}, which is not a safe folder name."
            )
        outputs = self._below_root(self.output_directory)
        if outputs is None:
            raise ConfigurationError(
                f"c.AwsScheduler.output_directory is {self.output_directory!r}, which is not below the root folder of the "
                f"server, {self.root}. Use a relative path, such as 'jobs'."
            )
        return outputs / job_folder_name(input_filename, job_id)

    def relative(self, path: Path) -> str:
        """Return a path below the root in the form of the panel."""
        return path.relative_to(self.root).as_posix()

    def _below_root(self, relative: str) -> Path | None:
        """Join paths as the contents manager does: links may lead outside of the root, but `..` may not."""
        path = Path(os.path.normpath(self.root.joinpath(*PurePosixPath(relative).parts)))
        return path if path.is_relative_to(self.root) else None


def _short(text: str) -> str:
    return text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}…"
