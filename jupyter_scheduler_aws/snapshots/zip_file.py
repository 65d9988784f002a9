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

_PART_BYTES: Final = 1024 * 1024


def write_zip(
    file: IO[bytes], members: Iterable[Member], *, notebook: str, content: bytes, on_size: Callable[[int], None]
) -> None:
    """Write a zip with the notebook as its first member.

    `on_size` is called with the zip's size [B], repeatedly and at the end; it can raise to stop.

    Raises
    ------
    SnapshotError
        If a file cannot be read.
    """
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr(_file_info(notebook), content)
        on_size(file.tell())
        for member in members:
            _add(package, member, on_part=lambda: on_size(file.tell()))
    on_size(file.tell())


def _add(package: zipfile.ZipFile, member: Member, *, on_part: Callable[[], None]) -> None:
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
    except UnicodeEncodeError:
        raise SnapshotError(
            f"{member.name!r} has a name that is not valid Unicode; rename it, or move it out of the folder."
        ) from None


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
