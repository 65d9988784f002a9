"""Pack outputs into one zip."""

import errno
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, cast

from runner.outputs import open_plain
from runner.uploads import Output

__all__ = ["pack_outputs"]

_FAST: Final = 1
"""The fastest level of deflate: a small container has a quarter of a processor, and text becomes almost as small as with the others."""
_CHUNK_BYTES: Final = 1 << 20
_DISK_FULL: Final = (errno.ENOSPC, errno.EDQUOT)


def pack_outputs(outputs: Sequence[Output], target: Path) -> Mapping[Output, str]:
    """Pack files into a new zip, each at its path.

    Returns
    -------
        The outputs whose files cannot be read completely, and why. The others are in the zip.

    Raises
    ------
    OSError
        If the zip cannot be written.
    """
    problems: dict[Output, str] = {}
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=_FAST, strict_timestamps=False) as archive:
        for output in outputs:
            try:
                _add(archive, output)
            except OSError as error:
                if error.errno in _DISK_FULL:
                    raise
                problems[output] = f"cannot be read ({error.strerror})"
    return problems


def _add(archive: zipfile.ZipFile, output: Output) -> None:
    source = cast("Path", output.source)  # what a run created is never in memory
    member = zipfile.ZipInfo.from_file(source, output.path, strict_timestamps=False)
    member.compress_type = zipfile.ZIP_DEFLATED
    with open(source, "rb", opener=open_plain) as file, archive.open(member, "w") as packed:
        left = output.size_bytes
        while left and (chunk := file.read(min(_CHUNK_BYTES, left))):
            left -= packed.write(chunk)
