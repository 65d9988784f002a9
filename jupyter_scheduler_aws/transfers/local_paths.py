"""Map the service's file names to safe local paths: inside of the folder, no devices, no two files at one path."""

import hashlib
import os
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import Final

from jupyter_scheduler_aws.errors import UnsafePathError
from jupyter_scheduler_aws.sanitize import sanitize_line

__all__ = ["collision_key", "job_folder_name", "local_paths"]

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")

_HOSTILE_ON_WINDOWS: Final = re.compile(r'[<>:"|?*\\]')

_DEVICES_OF_WINDOWS: Final = re.compile(
    r"(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?", re.IGNORECASE
)
"""Names of devices on Windows, with any extension."""

_MAX_NAME_BYTES: Final = 255
"""Limit for a file name on all common file systems (NAME_MAX of Linux and macOS; NTFS has 255 UTF-16 units)."""

_MAX_SUFFIX_BYTES: Final = 20
"""A longer text after the last dot is not a file type, and may be cut."""

_HASH_DIGITS: Final = 12

_IGNORED: Final = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
"""Default_Ignorable_Code_Point without the characters of category Cf: ext4 and HFS+ ignore both when they fold case."""

_GIT: Final = frozenset({".git", "git~1"})
"""git executes hooks in a folder of this name; the second is its short name on Windows."""


def local_paths(folder: Path, names: Iterable[str], *, for_windows: bool = os.name == "nt") -> dict[str, Path]:
    """Return the local path of each file: distinct on every file system, and the same on every machine.

    All names that are the same on some file system (`collision_key`) get a hash of the service's name, so that a path does not
    depend on which other files exist. On Windows, `_` replaces characters and names that Windows does not allow. On every
    system, a folder `.git` gets a `_` prefix, so that git does not use it, and a name that is too long for file systems is shortened
    and gets a hash.

    Parameters
    ----------
    folder
        Where the files go.
    names
        Relative paths with `/`, from the service.
    for_windows
        Whether the paths must be valid on Windows.

    Raises
    ------
    UnsafePathError
        If a name is absolute, has `..` or an empty part or a control character, leads out of the folder through a link
        in it, or if two files would still have the same path.
    """
    parts = {name: _parts(name, for_windows=for_windows) for name in names}
    taken, folders = _keys(parts.values())
    for name, own in parts.items():
        key = collision_key("/".join(own))
        if taken[key] > 1 or key in folders:
            own[-1] = _with_hash(own[-1], name)
    _check_distinct(parts)
    found = {name: folder.joinpath(*own) for name, own in parts.items()}
    _check_inside(folder, found)
    return found


def job_folder_name(input_filename: str, job_id: str) -> str:
    """Return the name of the folder for the files of a job: `<stem>-<job id>`, as in jupyter-scheduler; a long stem is shortened."""
    end = f"-{job_id}"
    return _cut(sanitize_line(PurePosixPath(input_filename).stem), _MAX_NAME_BYTES - len(end.encode())) + end


def collision_key(path: str) -> str:
    """Return a key that is equal for two paths that are the same on some file system.

    It folds case and canonical equivalence (The Unicode Standard, 3.13, canonical caseless matching), and ignores invisible
    characters, as HFS+ and ext4 do, and dots and spaces at the end of a name, as Windows does.
    """
    folded = unicodedata.normalize("NFD", unicodedata.normalize("NFD", path).casefold())
    visible = "".join(letter for letter in _IGNORED.sub("", folded) if unicodedata.category(letter) != "Cf")
    return "/".join(part.rstrip(". ") for part in visible.split("/"))


def _keys(paths: Iterable[list[str]]) -> tuple[Counter[str], set[str]]:
    """Count the keys of files, and collect those of their folders."""
    taken: Counter[str] = Counter()
    folders: set[str] = set()
    for path in paths:
        taken[collision_key("/".join(path))] += 1
        folders |= {collision_key("/".join(path[:depth])) for depth in range(1, len(path))}
    return taken, folders


def _with_hash(part: str, name: str) -> str:
    digest = hashlib.sha256(name.encode()).hexdigest()[:_HASH_DIGITS]
    stem, dot, suffix = part.rpartition(".")
    if not stem or len(suffix.encode()) > _MAX_SUFFIX_BYTES:
        stem, dot, suffix = part, "", ""
    end = f"~{digest}{dot}{suffix}"
    return _cut(stem, _MAX_NAME_BYTES - len(end.encode())) + end


def _cut(text: str, size_bytes: int) -> str:
    """Shorten a text to a number of bytes, between two characters."""
    return text.encode()[:size_bytes].decode(errors="ignore")


def _check_distinct(parts: Mapping[str, list[str]]) -> None:
    taken, folders = _keys(parts.values())
    for name, own in parts.items():
        key = collision_key("/".join(own))
        if taken[key] > 1 or key in folders:
            raise UnsafePathError(
                f"The job has a file {name!r}, and another one that would have the same path here. Nothing was downloaded; "
                "rename them in the notebook."
            )


def _check_inside(folder: Path, found: Mapping[str, Path]) -> None:
    for name, path in found.items():
        if not path.parent.resolve().is_relative_to(folder.resolve()):
            raise UnsafePathError(f"{name!r} leads out of {folder} through a link. Download into another folder.")


def _parts(name: str, *, for_windows: bool) -> list[str]:
    parts = name.split("/")
    if _CONTROL.search(name) or any(part in {"", ".", ".."} for part in parts) or not _is_unicode(name):
        raise UnsafePathError(
            f"The job has a file {name!r}, which would be outside of the folder. Nothing was downloaded; ask the operator."
        )
    parts = [_for_windows(part) for part in parts] if for_windows else parts
    parts = [f"_{part}" if collision_key(part) in _GIT else part for part in parts]
    return [part if len(part.encode()) <= _MAX_NAME_BYTES else _with_hash(part, part) for part in parts]


def _is_unicode(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _for_windows(part: str) -> str:
    part = _HOSTILE_ON_WINDOWS.sub("_", part)
    if part.endswith((".", " ")):
        part = f"{part[:-1]}_"
    return f"_{part}" if _DEVICES_OF_WINDOWS.fullmatch(part.strip()) else part
