"""Write the zip of a folder. The same files result in the same bytes on every machine."""

import os
import zipfile
from collections.abc import Callable, Iterable
from typing import IO, Final

from jupyter_scheduler_aws.errors import SnapshotError
from jupyter_scheduler_aws.snapshots.folder_listing import Member

__all__ = ["write_zip"]

_EPOCH: Final = (1980, 1, 1, 0, 0, 0)
"""Earliest time that a zip can represent. All members have it, so that the same files result in the same bytes, which an
idempotent create compares."""

_MAX_NAME_BYTES: Final = 255
"""The longest name on Linux, where the notebook runs. macOS and Windows allow up to three times as much."""

_MAX_PATH_BYTES: Final = 4000
"""The longest path that the runner unpacks."""

_PART_BYTES: Final = 1024 * 1024


def write_zip(
    file: IO[bytes], members: Iterable[Member], *, notebook: str, content: bytes, on_size: Callable[[int], None]
) -> None:
    """Write a zip with the notebook as its first member.

    `on_size` is called with the zip's size [B], repeatedly and at the end; it can raise to stop.

    Raises
    ------
    SnapshotError
        If a file cannot be read, or has a name that the runner cannot unpack.
    """
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr(_file_info(notebook), content)
        on_size(file.tell())
        for member in members:
            _add(package, member, on_part=lambda: on_size(file.tell()))
    on_size(file.tell())


def _add(package: zipfile.ZipFile, member: Member, *, on_part: Callable[[], None]) -> None:
    _check_name(member.name)
    try:
        if member.is_folder:
            package.writestr(_folder_info(member.name), b"")
            return
        info = _file_info(member.name, is_executable=os.access(member.path, os.X_OK))
        with member.path.open("rb") as source, package.open(info, "w", force_zip64=True) as target:
            while part := source.read(_PART_BYTES):
                target.write(part)
                on_part()
    except OSError as error:
        raise SnapshotError(f"{member.path} cannot be read: {error.strerror or error}.") from error


def _check_name(name: str) -> None:
    """Raise an error for a name that the runner's system does not allow."""
    try:
        longest, total = max(len(part.encode()) for part in name.split("/")), len(name.encode())
    except UnicodeEncodeError:
        problem = "has a name that is not valid Unicode"
    else:
        if longest <= _MAX_NAME_BYTES and total <= _MAX_PATH_BYTES:
            return
        problem = f"has a name of more than {_MAX_NAME_BYTES} bytes, or a path of more than {_MAX_PATH_BYTES:,}"
    raise SnapshotError(f"{name!r} {problem}; rename it, or move it out of the folder.")


def _file_info(name: str, *, is_executable: bool = False) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, date_time=_EPOCH)
    info.create_system = 3  # Unix, on every machine, for the permissions below
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = (0o100755 if is_executable else 0o100644) << 16
    return info


def _folder_info(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(f"{name}/", date_time=_EPOCH)
    info.create_system = 3
    info.external_attr = (0o40755 << 16) | 0x10
    return info
