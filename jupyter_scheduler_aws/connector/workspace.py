"""Where things are below the Jupyter server's root: notebooks to run, and folders for what jobs made."""

import os
import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from jupyter_scheduler_aws.errors import ConfigurationError, SnapshotError, UnsafePathError
from jupyter_scheduler_aws.sanitize import sanitize_line

__all__ = ["Workspace"]

_JOB_ID: Final = re.compile(r"[\w:%-]{1,200}", re.ASCII)
"""An id that can be a part of a folder's name; jupyter-scheduler 3 puts a back end's name and a colon before it."""

_LONGEST_SHOWN: Final = 200
"""Characters of a path that a message repeats."""


@dataclass(frozen=True)
class Workspace:
    """The server's root folder. Paths that come from the panel, and go to it, are relative to it, with `/`."""

    root: Path
    output_directory: str
    """Below the root: gets a folder for each job whose files are downloaded."""

    def notebook(self, input_uri: str) -> Path:
        """Find a notebook.

        Raises
        ------
        SnapshotError
            If it is not there, or not below the root.
        """
        path = self._below_root(input_uri)
        if path is None or not os.path.isfile(path):  # noqa: PTH113 - Path.is_file raises for names that are too long
            raise SnapshotError(
                f"There is no file {_short(input_uri)!r} below the server's root folder. If it was moved or renamed, open it from "
                "where it is now and create the job again."
            )
        return path

    def job_folder(self, input_filename: str, job_id: str) -> Path:
        """Give the folder of a job's files: `<output directory>/<stem>-<job id>`, as jupyter-scheduler has it.

        Raises
        ------
        ConfigurationError
            If the output directory is not below the root, where the panel could not open anything.
        UnsafePathError
            If the service's names would lead elsewhere.
        """
        stem = sanitize_line(PurePosixPath(input_filename).stem)
        if not _JOB_ID.fullmatch(job_id) or re.search(r"[/\\\x00-\x1f]", input_filename):
            raise UnsafePathError(
                f"The service named a job {job_id!r} of {input_filename!r}, which cannot be a folder."
            )
        outputs = self._below_root(self.output_directory)
        if outputs is None:
            raise ConfigurationError(
                f"c.AwsScheduler.output_directory is {self.output_directory!r}, which is not below the server's root folder "
                f"{self.root}. Choose a relative path, such as 'jobs'."
            )
        return outputs / f"{stem}-{job_id}"

    def relative(self, path: Path) -> str:
        """Give a path below the root as the panel has it."""
        return path.relative_to(self.root).as_posix()

    def _below_root(self, relative: str) -> Path | None:
        """Join as the contents manager does: links may lead out of the root, `..` may not."""
        path = Path(os.path.normpath(self.root.joinpath(*PurePosixPath(relative).parts)))
        return path if path.is_relative_to(self.root) else None


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"
