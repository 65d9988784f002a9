"""Where a file that the service names may be written: never outside of the folder, never under a name that means a device."""

import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from jupyter_scheduler_aws.errors import UnsafePathError

__all__ = ["local_paths"]

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")

_HOSTILE_ON_WINDOWS: Final = re.compile(r'[<>:"|?*\\]')

_DEVICES_OF_WINDOWS: Final = re.compile(
    r"(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?", re.IGNORECASE
)
"""Names that Windows gives to devices, with any extension."""


def local_paths(folder: Path, names: Iterable[str], *, for_windows: bool = os.name == "nt") -> dict[str, Path]:
    """Give the place of each file below a folder.

    On Windows, characters and names that it has not are changed, `_` standing for them.

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
        in it, or if two names mean the same file.
    """
    found: dict[str, Path] = {}
    taken: dict[str, str] = {}
    for name in names:
        path = folder.joinpath(*_parts(name, for_windows=for_windows))
        if not path.parent.resolve().is_relative_to(folder.resolve()):
            raise UnsafePathError(f"{name!r} leads out of {folder} through a link. Download into another folder.")
        key = str(path).casefold() if for_windows else str(path)
        if key in taken:
            raise UnsafePathError(
                f"{taken[key]!r} and {name!r} would be the same file here. Download on another system."
            )
        taken[key] = name
        found[name] = path
    return found


def _parts(name: str, *, for_windows: bool) -> list[str]:
    parts = name.split("/")
    if _CONTROL.search(name) or any(part in {"", ".", ".."} for part in parts):
        raise UnsafePathError(
            f"The service named a file {name!r}, which would not be inside the folder. Nothing was downloaded; tell the operator."
        )
    return [_for_windows(part) for part in parts] if for_windows else parts


def _for_windows(part: str) -> str:
    part = _HOSTILE_ON_WINDOWS.sub("_", part)
    if part.endswith((".", " ")):
        part = f"{part[:-1]}_"
    return f"_{part}" if _DEVICES_OF_WINDOWS.fullmatch(part.strip()) else part
