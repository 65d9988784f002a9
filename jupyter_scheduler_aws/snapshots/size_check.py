"""Holds what is to be packed against what the service takes, and says what to do about it, before anything is sent."""

import math
from collections import Counter
from pathlib import Path
from typing import Final

from jupyter_scheduler_aws.errors import SnapshotTooLargeError
from jupyter_scheduler_aws.snapshots.folder_listing import Member
from jupyter_scheduler_aws.snapshots.ignore_rules import IGNORE_FILE
from jupyter_scheduler_aws.snapshots.limits import SnapshotLimits

__all__ = ["FolderSize", "check_notebook_size"]

_NAMED: Final = 3
"""How many of the largest things a refusal names."""

_KIB: Final = 1024


def check_notebook_size(notebook: Path, size_bytes: int, max_bytes: int | None) -> None:
    """Check the size of a notebook.

    Raises
    ------
    SnapshotTooLargeError
        If it is over the limit.
    """
    if _is_over(size_bytes, max_bytes):
        raise SnapshotTooLargeError(
            f"{notebook} has {_size(size_bytes)}; notebooks of at most {_size(max_bytes)} are taken. Mostly its outputs "
            "make it large: clear them in JupyterLab (Edit > Clear Outputs of All Cells) and save it; the job makes them anew. "
            "Or ask the operator for a higher limits.max_notebook_mib."
        )


class FolderSize:
    """Sums up a folder.

    Parameters
    ----------
    folder
        The folder.
    limits
        What the service takes.
    """

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
        """Whether it is too large already."""
        limits = self._limits
        return _is_over(self._total_files, limits.max_unpacked_files) or _is_over(
            self._total_bytes, limits.max_unpacked_bytes
        )

    def check(self) -> None:
        """Check what has been counted.

        Raises
        ------
        SnapshotTooLargeError
            If it is too many files, or too large.
        """
        limits = self._limits
        if _is_over(self._total_files, limits.max_unpacked_files):
            raise self._refusal(f"at most {limits.max_unpacked_files:,} files are taken", "max_unpacked_files")
        if _is_over(self._total_bytes, limits.max_unpacked_bytes):
            raise self._refusal(f"at most {_size(limits.max_unpacked_bytes)} are taken", "max_unpacked_mib")

    def check_zip(self, zip_bytes: int) -> None:
        """Check the size of the zip, as far as it is written.

        Raises
        ------
        SnapshotTooLargeError
            If it is too large already.
        """
        if _is_over(zip_bytes, self._limits.max_bytes):
            raise self._refusal(
                f"zipped it is larger than the {_size(self._limits.max_bytes)} that are taken", "max_folder_mib"
            )

    def _refusal(self, limit: str, setting: str) -> SnapshotTooLargeError:
        order = self._files if setting == "max_unpacked_files" else self._bytes
        largest = ", ".join(
            f"{name} ({_files(self._files[name])}, {_size(self._bytes[name])})"
            if name.endswith("/")
            else f"{name} ({_size(self._bytes[name])})"
            for name, _ in order.most_common(_NAMED)
        )
        return SnapshotTooLargeError(
            f"The folder {self._folder} has {_files(self._total_files)}, {_size(self._total_bytes)} in all; {limit}. "
            f"Largest are {largest}. Name what the run does not need in {self._folder / IGNORE_FILE}, "
            f"put the notebook into a smaller folder, or ask the operator for a higher limits.{setting}."
        )


def _is_over(value: int, limit: int | None) -> bool:
    return limit is not None and value > limit


def _files(count: int) -> str:
    return f"{count:,} file{'' if count == 1 else 's'}"


def _size(count: int | None) -> str:
    """Write a number of bytes as settings do, in MiB and the like; rounded up, so that what is over a limit looks so."""
    value, unit = float(count or 0), "bytes"
    for larger in ("KiB", "MiB", "GiB", "TiB"):
        if value < _KIB:
            break
        value, unit = value / _KIB, larger
    return f"{value:.0f} {unit}" if value.is_integer() else f"{math.ceil(value * 10) / 10:,.1f} {unit}"
