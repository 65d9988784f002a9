"""What a zip of an input folder may hold: the runner's rules (`runner/archive.py`), held before a job is made of it."""

import re
import stat
import zipfile
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from chalicelib.errors import TooLargeError, UnprocessableError

__all__ = ["EntryRules", "PackageLimits"]

_MOST_RATIO: Final = 250
"""Text tables shrink some 5 to 50 times; more than this, once it matters, is a bomb."""

_RATIO_FROM_BYTES: Final = 64 * 1024 * 1024
"""Below this size unpacked, the ratio does no harm."""

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
    """Looks at the entries of a zip, one after the other.

    Parameters
    ----------
    limits
        The operator's limits.
    zip_bytes
        Size of the zip.
    """

    def __init__(self, limits: PackageLimits, zip_bytes: int) -> None:
        self._limits = limits
        self._most_by_ratio = max(_RATIO_FROM_BYTES, _MOST_RATIO * zip_bytes)
        self._unpacked_bytes = 0
        self._names: set[int] = set()  # hashes: names would take as much memory as the directory may have

    def check(self, entry: zipfile.ZipInfo) -> None:
        """Hold one more entry against the rules.

        Raises
        ------
        TooLargeError
            If the files are too large together.
        UnprocessableError
            If the runner would not unpack it; the message names the entry.
        """
        self._unpacked_bytes += entry.file_size
        if self._unpacked_bytes > self._limits.max_unpacked_bytes:
            raise TooLargeError(
                f"The input folder has more than {self._limits.max_unpacked_bytes:,} bytes once unpacked, which is all that is allowed."
                " Leave out what the run does not need."
            )
        if self._unpacked_bytes > self._most_by_ratio:
            raise UnprocessableError(
                f"The input folder's zip unpacks to more than {_MOST_RATIO} times its size, as zip bombs do."
            )
        if reason := self._wrong_with(entry):
            raise UnprocessableError(
                f"The input folder's zip has an entry that is not unpacked, {entry.filename[:200]!r}: {reason}. Zip the folder without it."
            )

    def _wrong_with(self, entry: zipfile.ZipInfo) -> str | None:
        name = hash(entry.filename.rstrip("/"))
        if name in self._names:
            return "another one has the same name"
        self._names.add(name)
        if entry.flag_bits & 0x1:
            return "it is encrypted"
        if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            return "it is neither stored nor deflated"
        if stat.S_IFMT(entry.external_attr >> 16) not in (0, stat.S_IFREG, stat.S_IFDIR):
            return "it is a link or a special file"
        return _wrong_with_name(entry)


def _wrong_with_name(entry: zipfile.ZipInfo) -> str | None:
    path = PurePosixPath(entry.filename)
    if path.is_absolute() or _DRIVE.match(entry.filename) or ".." in path.parts or not path.parts:
        return "its name leads out of the folder"
    if _UNSAFE.search(entry.orig_filename):
        return "its name has a backslash or control character"
    if any(_DEVICES.fullmatch(part.rstrip(" .")) for part in path.parts):
        return "its name is that of a device"
    return None
