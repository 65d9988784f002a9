"""Packs a notebook, or a notebook's folder, into the snapshot that a job runs."""

import os
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from shutil import copyfileobj
from types import TracebackType
from typing import IO, Final, Self

from jupyter_scheduler_aws.errors import SnapshotError
from jupyter_scheduler_aws.folder_listing import FolderListing, Member
from jupyter_scheduler_aws.notebook_file import read_notebook

__all__ = ["Snapshot", "pack_folder", "pack_notebook"]

_EPOCH: Final = (1980, 1, 1, 0, 0, 0)
"""Earliest time that a zip can say. All members have it, so that the same files give the same bytes: an idempotent
create compares them."""

_KEPT_IN_MEMORY_BYTES: Final = 32 * 1024 * 1024
"""A larger zip goes to a temporary file."""


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """An immutable copy of the input, ready to be uploaded; close it, or use it as a context manager."""

    file: IO[bytes]
    """The bytes, from their beginning."""
    upload_filename: str
    input_filename: str
    """Name of the notebook; in a zip it stands at the root."""
    is_packaged: bool
    """Whether it is a zip of the folder."""
    size_bytes: int
    """What will be uploaded [B]."""
    files: int
    """Number of files, with the notebook."""
    left_out: tuple[str, ...] = ()
    """Links and special files that are not in the zip, each with the reason."""

    def close(self) -> None:
        """Let go of the bytes."""
        self.file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def pack_notebook(notebook: Path) -> Snapshot:
    """Check a notebook and copy it.

    Raises
    ------
    SnapshotError
        If it cannot be read, or is not a notebook that can be run.
    """
    content = read_notebook(notebook)
    file = tempfile.SpooledTemporaryFile(max_size=_KEPT_IN_MEMORY_BYTES)  # noqa: SIM115 - the snapshot closes it
    file.write(content)
    file.seek(0)
    return Snapshot(
        file=file,
        upload_filename=notebook.name,
        input_filename=notebook.name,
        is_packaged=False,
        size_bytes=len(content),
        files=1,
    )


def pack_folder(notebook: Path) -> Snapshot:
    """Check a notebook and zip its folder, with the notebook at the root of the zip.

    Left out is what the folder's ignore files name, or `DEFAULT_PATTERNS` where they say nothing, outputs of earlier jobs,
    and links that are folders or lead outside. The notebook always goes in. The same files give the same bytes.

    Raises
    ------
    SnapshotError
        If a file cannot be read, an ignore file is not one, or the notebook is not one that can be run.
    """
    content = read_notebook(notebook)
    file = tempfile.SpooledTemporaryFile(max_size=_KEPT_IN_MEMORY_BYTES)  # noqa: SIM115 - the snapshot closes it
    try:
        listing = FolderListing(notebook.absolute())
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as package:
            package.writestr(_file_info(notebook.name), content)
            files = 1 + sum(_add(package, member) for member in listing.members())
    except BaseException:
        file.close()
        raise
    size = file.tell()
    file.seek(0)
    return Snapshot(
        file=file,
        upload_filename=f"{notebook.stem}.zip",
        input_filename=notebook.name,
        is_packaged=True,
        size_bytes=size,
        files=files,
        left_out=tuple(listing.left_out),
    )


def _file_info(name: str, *, is_executable: bool = False) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, date_time=_EPOCH)
    info.create_system = 3  # Unix, on every machine, for the permissions below
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = (0o100755 if is_executable else 0o100644) << 16
    return info


def _add(package: zipfile.ZipFile, member: Member) -> int:
    """Put a file, or an empty folder, into the zip; give the number of files that were added."""
    try:
        if member.is_folder:
            package.writestr(_folder_info(member.name), b"")
            return 0
        info = _file_info(member.name, is_executable=os.access(member.path, os.X_OK))
        with member.path.open("rb") as source, package.open(info, "w", force_zip64=True) as target:
            copyfileobj(source, target, 1024 * 1024)
    except OSError as error:
        raise SnapshotError(f"{member.path} cannot be read: {error.strerror or error}.") from error
    except UnicodeEncodeError:
        raise SnapshotError(
            f"{member.name!r} has a name that is not text; rename it, or move it out of the folder."
        ) from None
    return 1


def _folder_info(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(f"{name}/", date_time=_EPOCH)
    info.create_system = 3
    info.external_attr = (0o40755 << 16) | 0x10
    return info
