"""Pack a notebook, or a notebook's folder, into the snapshot that a job runs."""

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final, Self

from jupyter_scheduler_aws.api.response_models import NO_LIMITS, SnapshotLimits
from jupyter_scheduler_aws.snapshots.folder_listing import FolderListing, Member
from jupyter_scheduler_aws.snapshots.notebook_file import read_notebook
from jupyter_scheduler_aws.snapshots.size_check import FolderSize, check_notebook_size
from jupyter_scheduler_aws.snapshots.zip_file import write_zip

__all__ = ["Snapshot", "pack_folder", "pack_notebook", "upload_filename"]

_MAX_IN_MEMORY_BYTES: Final = 32 * 1024 * 1024
"""A larger zip goes to a temporary file."""


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """An immutable copy of the input, ready for upload. Close it, or use it as a context manager."""

    file: IO[bytes]
    """The content, positioned at its beginning."""
    upload_filename: str
    input_filename: str
    """Name of the notebook; in a zip it is at the root."""
    is_packaged: bool
    """Whether it is a zip of the folder."""
    size_bytes: int
    """Size of the upload [B]."""
    files: int
    """Number of files, including the notebook."""
    left_out: tuple[str, ...] = ()
    """Links and special files that are not in the zip, each with the reason."""

    def close(self) -> None:
        """Release the content."""
        self.file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def upload_filename(notebook: Path, *, folder: bool) -> str:
    """Return the name for the upload of a snapshot. From its suffix, the service knows the kind of snapshot."""
    return f"{notebook.stem}.zip" if folder else notebook.name


def pack_notebook(notebook: Path, *, content: bytes | None = None, limits: SnapshotLimits = NO_LIMITS) -> Snapshot:
    """Check a notebook and copy it; see `pack_folder`."""
    content = read_notebook(notebook) if content is None else content
    check_notebook_size(notebook, len(content), limits.max_bytes)
    file = tempfile.SpooledTemporaryFile(max_size=_MAX_IN_MEMORY_BYTES)  # noqa: SIM115 - the snapshot closes it
    file.write(content)
    file.seek(0)
    return Snapshot(
        file=file,
        upload_filename=upload_filename(notebook, folder=False),
        input_filename=notebook.name,
        is_packaged=False,
        size_bytes=len(content),
        files=1,
    )


def pack_folder(notebook: Path, *, content: bytes | None = None, limits: SnapshotLimits = NO_LIMITS) -> Snapshot:
    """Check a notebook and zip its folder, with the notebook at the root of the zip.

    The zip leaves out what ignore files name, else `DEFAULT_PATTERNS`; outputs of earlier jobs; and links to folders or to
    the outside. It always includes the notebook. The same files result in the same bytes.

    Parameters
    ----------
    notebook
        Path of the notebook.
    content
        The result of `read_notebook`; by default, the notebook is read here.
    limits
        The service's limits. They are checked before any file is opened, and while the zip grows.

    Raises
    ------
    SnapshotError
        If a file cannot be read, an ignore file is invalid, or the notebook cannot run.
    SnapshotTooLargeError
        If the notebook or the folder is above a limit.
    """
    content = read_notebook(notebook) if content is None else content
    check_notebook_size(notebook, len(content), limits.max_notebook_bytes)
    listing = FolderListing(notebook.absolute())
    size = FolderSize(notebook.absolute().parent, limits)
    size.add(Member(notebook, notebook.name, is_folder=False, size_bytes=len(content)))
    members = _members(listing, size)
    file = tempfile.SpooledTemporaryFile(max_size=_MAX_IN_MEMORY_BYTES)  # noqa: SIM115 - the snapshot closes it
    try:
        write_zip(file, members, notebook=notebook.name, content=content, on_size=size.check_zip)
    except BaseException:
        file.close()
        raise
    size_bytes = file.tell()
    file.seek(0)
    return Snapshot(
        file=file,
        upload_filename=upload_filename(notebook, folder=True),
        input_filename=notebook.name,
        is_packaged=True,
        size_bytes=size_bytes,
        files=1 + sum(not member.is_folder for member in members),
        left_out=tuple(f"{each.name}: {each.reason}" for each in listing.left_out if each.reason),
    )


def _members(listing: FolderListing, size: FolderSize) -> list[Member]:
    """List the whole folder, so that an error can state its size, but keep no members beyond the limit."""
    members: list[Member] = []
    for member in listing.members():
        size.add(member)
        if not size.is_over:
            members.append(member)
    size.check()
    return members
