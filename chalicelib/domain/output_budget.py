"""How much a run may upload: the service bounds what it gives addresses for, whatever the runner says its own limits are."""

import base64
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from chalicelib.config import Limits
from chalicelib.errors import TooLargeError

__all__ = ["MAX_PUT_BYTES", "OutputFile", "OutputSizes", "admit"]

MAX_PUT_BYTES: Final = 5 * 1024**3
"""Largest object of one PUT (Amazon S3 User Guide, "Uploading objects")."""

_MIB: Final = 1024 * 1024

_HASH_BYTES: Final = 12
"""Of a path's SHA-256. Two paths with the same 96 bits would count as one; 10,000 files take 320 KB of the 400 KB of an item."""

OutputSizes = Mapping[str, int]
"""The largest size [bytes] that each path was announced with, by the path's hash."""


@dataclass(frozen=True)
class OutputFile:
    """An output that a runner wants to upload."""

    file_format: str
    path: str
    size_bytes: int
    content_type: str | None = None


def admit(files: Iterable[OutputFile], sizes: OutputSizes, limits: Limits, *, notebook: str) -> OutputSizes:
    """Add outputs to what a run has announced so far.

    A path counts once, with its largest size. The executed notebook counts apart and is not noted: it is uploaded again and again to the
    same place, and a full budget must not cost it.

    Parameters
    ----------
    files
        What is to be uploaded now.
    sizes
        What was announced before.
    limits
        The operator's limits.
    notebook
        The executed notebook's path.

    Returns
    -------
    OutputSizes
        What is announced now; equal to `sizes` if nothing new came.

    Raises
    ------
    TooLargeError
        If one file is too large for one PUT, or all together are over a limit.
    """
    largest, most = limits.max_output_mib * _MIB, limits.max_output_files
    after = dict(sizes)
    for file in files:
        if file.size_bytes > min(largest, MAX_PUT_BYTES):
            raise TooLargeError(
                f"{file.path} has {file.size_bytes:,} bytes; one output may have {min(largest, MAX_PUT_BYTES):,}"
                " (limits.max_output_mib, and 5 GiB in any case)."
            )
        if (file.file_format, file.path) != ("ipynb", notebook):
            key = _hash(file)
            after[key] = max(after.get(key, 0), file.size_bytes)
    if len(after) > most:
        raise TooLargeError(f"The run's outputs are {len(after):,} files; limits.max_output_files allows {most:,}.")
    if (total := sum(after.values())) > largest:
        raise TooLargeError(f"The run's outputs have {total:,} bytes; limits.max_output_mib allows {largest:,}.")
    return after


def _hash(file: OutputFile) -> str:
    digest = hashlib.sha256(f"{file.file_format}/{file.path}".encode()).digest()
    return base64.urlsafe_b64encode(digest[:_HASH_BYTES]).decode()
