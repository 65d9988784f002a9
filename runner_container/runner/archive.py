"""Unpack a zip from an untrusted source."""

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

_END_64_BYTES: Final = 56 + 20
"""Size of the records of a zip64 before its end."""
_ENTRY_BYTES: Final = 46 + 2000
"""Space for one entry in the zip's directory: the fixed part, a name, extra fields."""
_MAX_DIRECTORY_BYTES: Final = 64 << 20
"""The largest directory, however many files are allowed. The service has the same limit."""
_MAX_NAME_BYTES: Final = 255
"""The longest name of a file or folder on Linux (NAME_MAX)."""
_MAX_PATH_BYTES: Final = 4000
"""The longest path in the folder. Linux allows 4,096 bytes (PATH_MAX), including the path of the working directory."""
_FOLDERS_PER_FILE: Final = 10
"""How many folders a zip may need for each allowed file: each takes an inode, and memory here. Real folders need fewer."""


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
            _check(entries, limits)
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
        file.seek(-min(archive.stat().st_size, _END_64_BYTES + 22 + 65535), 2)
        tail = file.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) < at + 22:
        raise zipfile.BadZipFile("it is not a zip, or its end is missing")
    (size,) = struct.unpack_from("<L", tail, at + 12)
    at_64 = at - _END_64_BYTES
    if at_64 >= 0 and tail.startswith(b"PK\x06\x06", at_64):
        (size,) = struct.unpack_from("<Q", tail, at_64 + 40)
    max_bytes = min(limits.max_unpacked_files * _ENTRY_BYTES, _MAX_DIRECTORY_BYTES)
    if size > max_bytes:
        raise _problem(f"has a directory of {size} bytes; the limit is {max_bytes}")


def _check(entries: Sequence[zipfile.ZipInfo], limits: Limits) -> None:
    total = sum(entry.file_size for entry in entries)
    if len(entries) > limits.max_unpacked_files:
        raise _problem(f"has {len(entries)} entries; the limit is {limits.max_unpacked_files}")
    if total > limits.max_unpacked_bytes:
        raise _problem(f"has {total} bytes unpacked; the limit is {limits.max_unpacked_bytes}")
    files: set[int] = set()
    folders: set[int] = set()
    for entry in entries:
        if reason := _find_problem(entry) or _find_conflict(entry, files, folders):
            raise _problem(f"has an entry that cannot be unpacked, {entry.filename[:200]!r}: {reason}")
        if len(folders) > limits.max_unpacked_files * _FOLDERS_PER_FILE:
            raise _problem(f"has more than {limits.max_unpacked_files * _FOLDERS_PER_FILE} folders")


def _find_problem(entry: zipfile.ZipInfo) -> str:
    """Check an entry by the same rules as the service (`chalicelib/domain/snapshots/zip_rules.py`)."""
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
        return f"its path has more than {_MAX_PATH_BYTES} bytes"
    if stat.S_IFMT(entry.external_attr >> 16) not in (0, stat.S_IFREG, stat.S_IFDIR):
        return "it is a link or a special file"
    if entry.flag_bits & 0x1:
        return "it is encrypted"
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return "it is neither stored nor deflated"
    return ""


def _find_conflict(entry: zipfile.ZipInfo, files: set[int], folders: set[int]) -> str:
    """Add the hashes of an entry and its folders to those so far, and check that no name occurs twice."""
    name = str(PurePosixPath(entry.filename))
    if not entry.is_dir():
        if hash(name) in files or hash(name) in folders:
            return "another entry has the same name"
        files.add(hash(name))
    folder = name if entry.is_dir() else name.rpartition("/")[0]
    while folder and hash(folder) not in folders:  # if it is known, so are its parents
        if hash(folder) in files:
            return "another entry has the same name"
        folders.add(hash(folder))
        folder = folder.rpartition("/")[0]
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
