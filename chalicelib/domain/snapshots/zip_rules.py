"""Rules for the entries of an input folder's zip: the same as the runner's (`runner/archive.py`), checked before a job is created."""

import stat
import zipfile
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from chalicelib.errors import TooLargeError, UnprocessableError

__all__ = ["EntryRules", "PackageLimits"]

_MAX_NAME_BYTES: Final = 255
"""The longest name of a file or folder on Linux (NAME_MAX)."""

_MAX_PATH_BYTES: Final = 4000
"""The longest path in the folder. Linux allows 4,096 bytes (PATH_MAX), including the path of the runner's working directory."""

_FOLDERS_PER_FILE: Final = 10
"""How many folders a zip may need for each allowed file: their hashes take memory here. Real folders need fewer."""


@dataclass(frozen=True, kw_only=True)
class PackageLimits:
    """The operator's limits on an input folder."""

    max_notebook_bytes: int
    max_unpacked_bytes: int
    max_unpacked_files: int


class EntryRules:
    """Checks the entries of a zip one by one."""

    def __init__(self, limits: PackageLimits) -> None:
        self._limits = limits
        self._unpacked_bytes = 0
        # Hashes, because names could take as much memory as the directory.
        self._files: set[int] = set()
        self._folders: set[int] = set()

    def check(self, entry: zipfile.ZipInfo) -> None:
        """Check one more entry.

        Raises
        ------
        TooLargeError
            If all files together are too large.
        UnprocessableError
            If the runner would not unpack the entry. The message names it.
        """
        self._unpacked_bytes += entry.file_size
        if self._unpacked_bytes > self._limits.max_unpacked_bytes:
            raise TooLargeError(
                f"The input folder has more than {self._limits.max_unpacked_bytes:,} bytes when unpacked, which is the limit."
                " Leave out files that the run does not need."
            )
        if problem := _find_problem(entry) or self._find_conflict(entry):
            raise UnprocessableError(
                f"The input folder's zip has an entry that cannot be unpacked, {entry.filename[:200]!r}: {problem}."
                " Rename it or leave it out, and zip the folder again."
            )
        if len(self._folders) > (max_folders := self._limits.max_unpacked_files * _FOLDERS_PER_FILE):
            raise TooLargeError(
                f"The input folder has more than {max_folders:,} folders. Leave out what the run does not need."
            )

    def _find_conflict(self, entry: zipfile.ZipInfo) -> str | None:
        """Add an entry to the files and folders so far, and check that none is both or occurs twice."""
        name = str(PurePosixPath(entry.filename))
        if not entry.is_dir():
            if hash(name) in self._files or hash(name) in self._folders:
                return "another entry has the same name"
            self._files.add(hash(name))
        folder = name if entry.is_dir() else name.rpartition("/")[0]
        while folder and hash(folder) not in self._folders:  # if it is known, so are its parents
            if hash(folder) in self._files:
                return "another entry has the same name"
            self._folders.add(hash(folder))
            folder = folder.rpartition("/")[0]
        return None


def _find_problem(entry: zipfile.ZipInfo) -> str | None:
    if not entry.filename:  # `is_dir` fails for it before Python 3.12
        return "it has no name"
    path = PurePosixPath(entry.filename)
    if "\0" in entry.orig_filename:
        return "its name has a null character"
    if path.is_absolute() or ".." in path.parts or not (path.parts or entry.is_dir()):
        return "its name leads out of the folder"
    if any(len(part.encode()) > _MAX_NAME_BYTES for part in path.parts):
        return f"its name has more than {_MAX_NAME_BYTES} bytes"
    if len(str(path).encode()) > _MAX_PATH_BYTES:
        return f"its path has more than {_MAX_PATH_BYTES:,} bytes"
    if stat.S_IFMT(entry.external_attr >> 16) not in (0, stat.S_IFREG, stat.S_IFDIR):
        return "it is a link or a special file"
    if entry.flag_bits & 0x1:
        return "it is encrypted"
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return "it is neither stored nor deflated"
    return None
