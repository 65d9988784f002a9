"""Where a file that the service names may be written: not outside of the folder, not as a device, not over another file."""

import hashlib
import os
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from jupyter_scheduler_aws.errors import UnsafePathError

__all__ = ["file_key", "local_paths"]

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")

_HOSTILE_ON_WINDOWS: Final = re.compile(r'[<>:"|?*\\]')

_DEVICES_OF_WINDOWS: Final = re.compile(
    r"(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?", re.IGNORECASE
)
"""Names that Windows gives to devices, with any extension."""


_LONGEST_NAME_BYTES: Final = 255
"""Of one file, on every file system that people use (NAME_MAX of Linux and macOS; NTFS has 255 UTF-16 units)."""

_LONGEST_SUFFIX_BYTES: Final = 20
"""What follows the last dot of a longer one is no file type, and may be cut."""

_HASH_DIGITS: Final = 12

_IGNORED: Final = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
"""Default_Ignorable_Code_Point without the characters of category Cf: ext4 and HFS+ pass over both when they fold case."""

_GIT: Final = frozenset({".git", "git~1"})
"""git obeys what is in a folder of this name; the second is Windows' short name of the first."""


def local_paths(folder: Path, names: Iterable[str], *, for_windows: bool = os.name == "nt") -> dict[str, Path]:
    """Give the place of each file below a folder: distinct on every file system, and the same on every machine.

    Names that are one on some file system (`file_key`) get a hash of the name that the service gave, all of them, so that
    none depends on which others are there. On Windows, characters and names that it has not are changed, `_` standing for
    them; everywhere, a folder `.git` gets a `_` before it, so that git does not take it for its own.

    Parameters
    ----------
    folder
        Where the files go.
    names
        Relative paths with `/`, as the service gave them.
    for_windows
        Whether the names must do for Windows.

    Raises
    ------
    UnsafePathError
        If a name is absolute, has `..` or an empty part or a control character, leads out of the folder through a link
        in it, or if two would be the same file even so.
    """
    parts = {name: _parts(name, for_windows=for_windows) for name in names}
    taken, folders = _keys(parts.values())
    for name, own in parts.items():
        key = file_key("/".join(own))
        if taken[key] > 1 or key in folders:
            own[-1] = _renamed(own[-1], name)
    _check_distinct(parts)
    found = {name: folder.joinpath(*own) for name, own in parts.items()}
    _check_inside(folder, found)
    return found


def file_key(path: str) -> str:
    """Give what is the same for two paths that some file system takes for one.

    Case and canonical equivalence are folded as Unicode has it (The Unicode Standard, 3.13, canonical caseless matching);
    characters that nobody sees are passed over, as HFS+ and ext4 do; so are dots and spaces at a name's end, as Windows does.
    """
    folded = unicodedata.normalize("NFD", unicodedata.normalize("NFD", path).casefold())
    seen = "".join(letter for letter in _IGNORED.sub("", folded) if unicodedata.category(letter) != "Cf")
    return "/".join(part.rstrip(". ") for part in seen.split("/"))


def _keys(paths: Iterable[list[str]]) -> tuple[Counter[str], set[str]]:
    """Count the keys of files, and give those of their folders."""
    taken: Counter[str] = Counter()
    folders: set[str] = set()
    for path in paths:
        taken[file_key("/".join(path))] += 1
        folders |= {file_key("/".join(path[:depth])) for depth in range(1, len(path))}
    return taken, folders


def _renamed(part: str, name: str) -> str:
    digest = hashlib.sha256(name.encode()).hexdigest()[:_HASH_DIGITS]
    stem, dot, suffix = part.rpartition(".")
    if not stem or len(suffix.encode()) > _LONGEST_SUFFIX_BYTES:
        stem, dot, suffix = part, "", ""
    end = f"~{digest}{dot}{suffix}"
    return stem.encode()[: _LONGEST_NAME_BYTES - len(end.encode())].decode(errors="ignore") + end


def _check_distinct(parts: Mapping[str, list[str]]) -> None:
    taken, folders = _keys(parts.values())
    for name, own in parts.items():
        key = file_key("/".join(own))
        if taken[key] > 1 or key in folders:
            raise UnsafePathError(
                f"The service named a file {name!r}, and another that would be the same file here. Nothing was downloaded; "
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
            f"The service named a file {name!r}, which would not be inside the folder. Nothing was downloaded; tell the operator."
        )
    parts = [_for_windows(part) for part in parts] if for_windows else parts
    return [f"_{part}" if file_key(part) in _GIT else part for part in parts]


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
