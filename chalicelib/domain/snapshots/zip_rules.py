"""Rules for the entries of an input folder's zip: the same as the runner's (`runner/archive.py`), checked before a job is created."""

import re
import stat
import zipfile
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from chalicelib.errors import TooLargeError, UnprocessableError

__all__ = ["EntryRules", "PackageLimits"]

_MAX_RATIO: Final = 250
"""Highest compression ratio. Text tables compress 5 to 50 times; a large file above this ratio is a zip bomb."""

_RATIO_FROM_BYTES: Final = 64 * 1024 * 1024
"""Below this unpacked size, the ratio does no harm."""

_DEVICES: Final = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d) *(?:\..*)?", re.IGNORECASE)
_DRIVE: Final = re.compile(r"[A-Za-z]:")
_UNSAFE: Final = re.compile(r"[\x00-\x1f\x7f\\]")


@dataclass(frozen=True, kw_only=True)
class PackageLimits:
    """The operator's limits on an input folder."""

    max_notebook_bytes: int
    max_unpacked_bytes: int
    max_unpacked_files: int


class EntryRules:
    """Checks the entries of a zip one by one.

    Parameters
    ----------
    limits
        The operator's limits.
    zip_bytes
        The size of the zip.
    """

    def __init__(self, limits: PackageLimits, zip_bytes: int) -> None:
        self._limits = limits
        self._max_by_ratio = max(_RATIO_FROM_BYTES, _MAX_RATIO * zip_bytes)
        self._unpacked_bytes = 0
        self._names: set[int] = set()  # hashes, because names could take as much memory as the directory

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
        if self._unpacked_bytes > self._max_by_ratio:
            raise UnprocessableError(
                f"The input folder's zip unpacks to more than {_MAX_RATIO} times its size, as zip bombs do."
            )
        if problem := self._problem(entry):
            raise UnprocessableError(
                f"The input folder's zip has an entry that cannot be unpacked, {entry.filename[:200]!r}: {problem}. Zip the folder without it."
            )

    def _problem(self, entry: zipfile.ZipInfo) -> str | None:
        name = hash(entry.filename.rstrip("/"))
        if name in self._names:
            return "another entry has the same name"
        self._names.add(name)
        if entry.flag_bits & 0x1:
            return "it is encrypted"
        if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            return "it is neither stored nor deflated"
        if stat.S_IFMT(entry.external_attr >> 16) not in (0, stat.S_IFREG, stat.S_IFDIR):
            return "it is a link or a special file"
        return _name_problem(entry)


def _name_problem(entry: zipfile.ZipInfo) -> str | None:
    path = PurePosixPath(entry.filename)
    if path.is_absolute() or _DRIVE.match(entry.filename) or ".." in path.parts or not path.parts:
        return "its name leads out of the folder"
    if _UNSAFE.search(entry.orig_filename):
        return "its name has a backslash or control character"
    if any(_DEVICES.fullmatch(part.rstrip(" .")) for part in path.parts):
        return "its name is that of a device"
    return None
