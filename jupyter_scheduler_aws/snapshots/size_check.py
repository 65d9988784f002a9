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

    def add(self, member: Member) -> None:
        """Count a file, or an empty folder."""
        top, slash, _ = member.name.partition("/")
        self._bytes[top + slash] += member.size_bytes
        self._files[top + slash] += 1
        self._total_bytes += member.size_bytes
        self._total_files += 1

    @property
    def is_over(self) -> bool:
        """Whether the folder is already too large."""
        limits = self._limits
        return _is_over(self._total_files, limits.max_unpacked_files) or _is_over(
            self._total_bytes, limits.max_unpacked_bytes
        )

    def check(self) -> None:
        """Raise a `SnapshotTooLargeError` if there are too many files, or they are too large."""
        limits = self._limits
        if _is_over(self._total_files, limits.max_unpacked_files):
            raise self._error(f"the limit is {limits.max_unpacked_files:,} files", "max_unpacked_files")
        if _is_over(self._total_bytes, limits.max_unpacked_bytes):
            raise self._error(f"the limit is {_size(limits.max_unpacked_bytes)}", "max_unpacked_mib")

    def check_zip(self, zip_bytes: int) -> None:
        """Raise a `SnapshotTooLargeError` if the zip is already too large."""
        if _is_over(zip_bytes, self._limits.max_bytes):
            raise self._error(f"the zip is larger than the limit of {_size(self._limits.max_bytes)}", "max_folder_mib")

    def _error(self, limit: str, setting: str) -> SnapshotTooLargeError:
        order = self._files if setting == "max_unpacked_files" else self._bytes
        largest = ", ".join(
            f"{name} ({_files(self._files[name])}, {_size(self._bytes[name])})"
            if name.endswith("/")
            else f"{name} ({_size(self._bytes[name])})"
            for name, _ in order.most_common(_MAX_NAMES)
        )
        return SnapshotTooLargeError(
            f"The folder {self._folder} has {_files(self._total_files)}, {_size(self._total_bytes)} in total; {limit}. "
            f"The largest are {largest}. List what the run does not need in {self._folder / IGNORE_FILE}, "
            f"move the notebook to a smaller folder, or ask the operator for a higher limits.{setting}."
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
