"""Check sizes against the service's limits before the upload, and explain what to do."""

import math
from collections import Counter
from pathlib import Path
from typing import Final

from jupyter_scheduler_aws.api.response_models import SnapshotLimits
from jupyter_scheduler_aws.errors import SnapshotTooLargeError
from jupyter_scheduler_aws.snapshots.folder_listing import Member
from jupyter_scheduler_aws.snapshots.ignore_rules import IGNORE_FILE

__all__ = ["FolderSize", "check_notebook_size"]

_MAX_NAMES: Final = 3
"""How many of the largest files and folders an error names."""

_KIB: Final = 1024

_FOLDERS_PER_FILE: Final = 10
_ENTRY_BYTES: Final = 46 + 2000
_MAX_DIRECTORY_BYTES: Final = 64 * 1024 * 1024
"""The service's limits on the folders and on the directory of a zip (`chalicelib/domain/snapshots/zip_rules.py`, `zip_directory.py`)."""

_ENTRY_WITHOUT_NAME_BYTES: Final = 46
"""The fixed part of an entry of a zip's directory (PKWARE's APPNOTE 6.3.10, section 4.3.12)."""


def check_notebook_size(notebook: Path, size_bytes: int, max_bytes: int | None) -> None:
    """Raise a `SnapshotTooLargeError` if a notebook is above the limit."""
    if _is_over(size_bytes, max_bytes):
        raise SnapshotTooLargeError(
            f"{notebook} has {_size(size_bytes)}; the limit for notebooks is {_size(max_bytes)}. Usually the outputs "
            "are large: clear them in JupyterLab (Edit > Clear Outputs of All Cells) and save it; the job creates new ones. "
            "Or ask the operator for a higher limits.max_notebook_mib."
        )


class FolderSize:
    """Add up the size of a folder, and compare it with the service's limits."""

    def __init__(self, folder: Path, limits: SnapshotLimits) -> None:
        self._folder = folder
        self._limits = limits
        self._bytes: Counter[str] = Counter()
        self._files: Counter[str] = Counter()
        self._total_bytes = 0
        self._total_files = 0
        self._folders: set[str] = set()
        self._directory_bytes = 0

    def add(self, member: Member) -> None:
        """Count a file, or an empty folder."""
        top, slash, _ = member.name.partition("/")
        self._bytes[top + slash] += member.size_bytes
        self._files[top + slash] += 1
        self._total_bytes += member.size_bytes
        self._total_files += 1
        self._directory_bytes += _ENTRY_WITHOUT_NAME_BYTES + len(member.name.encode(errors="surrogatepass"))
        self._directory_bytes += member.is_folder  # its name ends with a slash
        folder = member.name if member.is_folder else member.name.rpartition("/")[0]
        while folder and folder not in self._folders:  # if it is known, so are its parents
            self._folders.add(folder)
            folder = folder.rpartition("/")[0]

    @property
    def is_over(self) -> bool:
        """Whether the folder is already too large."""
        return self._find_excess() is not None

    def check(self) -> None:
        """Raise a `SnapshotTooLargeError` if there are too many files or folders, or they are too large, or have too long names."""
        if excess := self._find_excess():
            raise self._error(*excess)

    def _find_excess(self) -> tuple[str, str | None] | None:
        """Return which limit the folder exceeds, and the operator's setting that could allow it."""
        limits, max_files = self._limits, self._limits.max_unpacked_files
        if max_files is not None and self._total_files > max_files:
            return f"the limit is {max_files:,} files", "max_unpacked_files"
        if _is_over(self._total_bytes, limits.max_unpacked_bytes):
            return f"the limit is {_size(limits.max_unpacked_bytes)}", "max_unpacked_mib"
        if max_files is not None and len(self._folders) > (max_folders := max_files * _FOLDERS_PER_FILE):
            return f"it has {len(self._folders):,} folders, and the limit is {max_folders:,}", "max_unpacked_files"
        max_bytes, setting = _MAX_DIRECTORY_BYTES, None
        if max_files is not None and max_files * _ENTRY_BYTES < max_bytes:
            max_bytes, setting = max_files * _ENTRY_BYTES, "max_unpacked_files"
        if self._directory_bytes > max_bytes:
            return (
                f"their paths have {self._directory_bytes:,} bytes in the zip, and the limit is {max_bytes:,}",
                setting,
            )
        return None

    def check_zip(self, zip_bytes: int) -> None:
        """Raise a `SnapshotTooLargeError` if the zip is already too large."""
        if _is_over(zip_bytes, self._limits.max_bytes):
            raise self._error(f"the zip is larger than the limit of {_size(self._limits.max_bytes)}", "max_folder_mib")

    def _error(self, limit: str, setting: str | None) -> SnapshotTooLargeError:
        order = self._bytes if setting in ("max_unpacked_mib", "max_folder_mib") else self._files
        largest = ", ".join(
            f"{name} ({_files(self._files[name])}, {_size(self._bytes[name])})"
            if name.endswith("/")
            else f"{name} ({_size(self._bytes[name])})"
            for name, _ in order.most_common(_MAX_NAMES)
        )
        return SnapshotTooLargeError(
            f"The folder {self._folder} has {_files(self._total_files)}, {_size(self._total_bytes)} in total; {limit}. "
            f"The largest are {largest}. List what the run does not need in {self._folder / IGNORE_FILE}, "
            + ("or " if setting is None else "")
            + "move the notebook to a smaller folder"
            + (f", or ask the operator for a higher limits.{setting}." if setting else ".")
        )


def _is_over(value: int, limit: int | None) -> bool:
    return limit is not None and value > limit


def _files(count: int) -> str:
    return f"{count:,} file{'' if count == 1 else 's'}"


def _size(count: int | None) -> str:
    """Format a number of bytes in MiB and the like, as settings do; rounded up, so that it never looks below a limit."""
    value, unit = float(count or 0), "bytes"
    for larger in ("KiB", "MiB", "GiB", "TiB"):
        if value < _KIB:
            break
        value, unit = value / _KIB, larger
    return f"{value:.0f} {unit}" if value.is_integer() else f"{math.ceil(value * 10) / 10:,.1f} {unit}"
