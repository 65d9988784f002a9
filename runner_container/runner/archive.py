"""Unpack a zip from an untrusted source."""

import re
import shutil
import stat
import struct
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Final

from runner.errors import RunProblemError
from runner.exit_codes import Code
from runner.outcomes import clean_text
from runner.work_order import Limits

__all__ = ["unpack"]

_MAX_RATIO: Final = 250
"""Text tables shrink some 5 to 50 times; a higher ratio than this is a zip bomb."""
_RATIO_MATTERS_BYTES: Final = 64 << 20
"""Below this unpacked size, any ratio is harmless."""
_ENTRY_BYTES: Final = 46 + 2000
"""Space for one entry in the zip's directory: the fixed part, a name, extra fields."""
_DEVICES: Final = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d) *(?:\..*)?", re.IGNORECASE)
_DRIVE: Final = re.compile(r"[A-Za-z]:")
_UNSAFE: Final = re.compile(r"[\x00-\x1f\x7f\\]")


def unpack(archive: Path, folder: Path, limits: Limits) -> dict[str, int]:
    """Unpack a zip into an empty folder: only regular files and folders, inside the folder, within the limits.

    Parameters
    ----------
    archive
        The zip.
    folder
        An existing, empty folder.
    limits
        Limits on the unpacked size and count.

    Returns
    -------
        CRC-32 of each file, by its path relative to the folder.

    Raises
    ------
    RunProblemError
        `input_problem`, with the entry and what is wrong with it.
    OSError
        If the disk is full or the like.
    """
    try:
        _check_directory(archive, limits)
        with zipfile.ZipFile(archive) as opened:
            entries = opened.infolist()
            _check(entries, archive.stat().st_size, limits)
            for entry in entries:
                _extract(opened, entry, folder)
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        NotImplementedError,
        RuntimeError,
        ValueError,
        struct.error,
    ) as error:
        raise _problem(f"cannot be unpacked: {clean_text(str(error), limit=300) or type(error).__name__}") from error
    except (FileExistsError, IsADirectoryError, NotADirectoryError) as error:
        raise _problem(f"has a file and a folder of the same name: {error.filename}") from error
    return {str(PurePosixPath(entry.filename)): entry.CRC for entry in entries if not entry.is_dir()}


def _problem(message: str) -> RunProblemError:
    return RunProblemError(Code.INPUT_PROBLEM, f"The input folder's zip {message}")


def _check_directory(archive: Path, limits: Limits) -> None:
    """Refuse a directory of millions of entries before `zipfile` creates an object for each."""
    with archive.open("rb") as file:
        file.seek(-min(archive.stat().st_size, 22 + 65535), 2)
        tail = file.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) < at + 22:
        raise zipfile.BadZipFile("it is not a zip, or its end is missing")
    (size,) = struct.unpack_from("<L", tail, at + 12)
    if size > limits.max_unpacked_files * _ENTRY_BYTES:
        raise _problem(f"has a directory of {size} bytes: more than {limits.max_unpacked_files} files need")


def _check(entries: Sequence[zipfile.ZipInfo], packed_bytes: int, limits: Limits) -> None:
    total = sum(entry.file_size for entry in entries)
    if len(entries) > limits.max_unpacked_files:
        raise _problem(f"has {len(entries)} entries; the limit is {limits.max_unpacked_files}")
    if total > limits.max_unpacked_bytes:
        raise _problem(f"has {total} bytes unpacked; the limit is {limits.max_unpacked_bytes}")
    if total > max(_RATIO_MATTERS_BYTES, _MAX_RATIO * packed_bytes):
        raise _problem(f"unpacks to more than {_MAX_RATIO} times its size, like a zip bomb")
    names = [entry.filename.rstrip("/") for entry in entries]
    if len(set(names)) < len(names):
        raise _problem("has two entries of the same name")
    for entry in entries:
        if reason := _find_problem(entry):
            raise _problem(f"has an entry that is not safe to unpack, {entry.filename[:200]!r}: {reason}")


def _find_problem(entry: zipfile.ZipInfo) -> str:
    path = PurePosixPath(entry.filename)
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if path.is_absolute() or _DRIVE.match(entry.filename) or ".." in path.parts or not path.parts:
        return "its name points outside the folder"
    if _UNSAFE.search(entry.orig_filename):
        return "its name has a backslash or control character"
    if any(_DEVICES.fullmatch(part.rstrip(" .")) for part in path.parts):
        return "its name is a device name"
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        return "it is a link or a special file"
    if entry.flag_bits & 0x1:
        return "it is encrypted"
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return "it is neither stored nor deflated"
    return ""


def _extract(opened: zipfile.ZipFile, entry: zipfile.ZipInfo, folder: Path) -> None:
    target = folder / entry.filename
    if entry.is_dir():
        target.mkdir(parents=True, exist_ok=True)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    with opened.open(entry) as source, target.open("xb") as file:
        shutil.copyfileobj(source, file, 1 << 20)
    if entry.external_attr >> 16 & stat.S_IXUSR:
        target.chmod(0o755)
