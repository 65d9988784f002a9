"""The output budget: how much a run may upload. The service enforces it when it signs upload URLs, whatever the runner enforces itself."""

import base64
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from chalicelib.config import Limits
from chalicelib.errors import TooLargeError

__all__ = ["MAX_PUT_BYTES", "OutputFile", "OutputSizes", "add_to_budget"]

MAX_PUT_BYTES: Final = 5 * 1024**3
"""Largest object that one PUT can upload: 5 GiB (Amazon S3 User Guide, "Uploading objects")."""

_MIB: Final = 1024 * 1024

_HASH_BYTES: Final = 12
"""Bytes of a path's SHA-256 that are stored. Two paths with the same 96 bits would count as one. 10,000 files take 313 KiB of an item's 400 KiB."""

OutputSizes = Mapping[str, int]
"""The largest size [bytes] that a run announced for each path, by the hash of the path."""


@dataclass(frozen=True)
class OutputFile:
    """An output that a runner wants to upload."""

    file_format: str
    path: str
    size_bytes: int
    content_type: str | None = None


def add_to_budget(files: Iterable[OutputFile], sizes: OutputSizes, limits: Limits, *, notebook: str) -> OutputSizes:
    """Add outputs to what a run has announced so far.

    A path counts once, with its largest size. The executed notebook does not count: the runner uploads it repeatedly to the same place,
    and a budget that is used up must not prevent that.

    Parameters
    ----------
    files
        The outputs to upload now.
    sizes
        The outputs that were announced before.
    limits
        The operator's limits.
    notebook
        The executed notebook's path.

    Returns
    -------
    OutputSizes
        All announced outputs; equal to `sizes` if nothing is new.

    Raises
    ------
    TooLargeError
        If one file is too large for one PUT, or all files together exceed a limit.
    """
    max_bytes, max_files = limits.max_output_mib * _MIB, limits.max_output_files
    after = dict(sizes)
    for file in files:
        if file.size_bytes > min(max_bytes, MAX_PUT_BYTES):
            raise TooLargeError(
                f"{file.path} has {file.size_bytes:,} bytes; one output may have at most {min(max_bytes, MAX_PUT_BYTES):,}"
                " (limits.max_output_mib, and 5 GiB in any case)."
            )
        if (file.file_format, file.path) != ("ipynb", notebook):
            key = _hash(file)
            after[key] = max(after.get(key, 0), file.size_bytes)
    if len(after) > max_files:
        raise TooLargeError(
            f"The run's outputs are {len(after):,} files; limits.max_output_files allows {max_files:,}."
        )
    if (total := sum(after.values())) > max_bytes:
        raise TooLargeError(f"The run's outputs have {total:,} bytes; limits.max_output_mib allows {max_bytes:,}.")
    return after


def _hash(file: OutputFile) -> str:
    digest = hashlib.sha256(f"{file.file_format}/{file.path}".encode()).digest()
    return base64.urlsafe_b64encode(digest[:_HASH_BYTES]).decode()
