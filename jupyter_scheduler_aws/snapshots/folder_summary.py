"""What a snapshot of a notebook's folder would contain. It opens only ignore files and manifests."""

from dataclasses import dataclass
from pathlib import Path

from jupyter_scheduler_aws.api.deadline import remaining_seconds
from jupyter_scheduler_aws.api.response_models import SnapshotLimits
from jupyter_scheduler_aws.errors import SnapshotError
from jupyter_scheduler_aws.snapshots.folder_listing import FolderListing, Member
from jupyter_scheduler_aws.snapshots.notebook_file import check_name
from jupyter_scheduler_aws.snapshots.size_check import FolderSize, check_notebook_size

__all__ = ["FolderSummary", "summarize_folder"]


@dataclass(frozen=True, kw_only=True)
class FolderSummary:
    """What a snapshot would contain."""

    files: int
    """Number of files, with the notebook."""
    size_bytes: int
    """Their total size [B], before they are zipped."""
    left_out: tuple[str, ...]
    """What it would not contain: relative paths with `/`."""
    problem: str | None = None
    """Why there would be no snapshot; the numbers are then of what was found until then."""


def summarize_folder(notebook: Path, limits: SnapshotLimits) -> FolderSummary:
    """Summarize the snapshot that `pack_folder` would make. It ends at the deadline of the caller, with a problem.

    Parameters
    ----------
    notebook
        Path of the notebook.
    limits
        The service's limits. Whether the zip is too large is only known when it is made.
    """
    listing = FolderListing(notebook.absolute())
    size = FolderSize(notebook.absolute().parent, limits)
    files = size_bytes = 0
    problem: str | None = None
    try:
        check_name(notebook)
        notebook_bytes = notebook.stat().st_size
        size.add(Member(notebook, notebook.name, is_folder=False, size_bytes=notebook_bytes))
        files, size_bytes = 1, notebook_bytes
        check_notebook_size(notebook, notebook_bytes, limits.max_notebook_bytes)
        for member in listing.members():
            size.add(member)
            files += not member.is_folder
            size_bytes += member.size_bytes
            _check_time(files)
        size.check()
    except SnapshotError as error:
        problem = error.message
    except OSError as error:
        problem = f"{notebook} cannot be read: {error.strerror or error}."
    left_out = tuple(each.name for each in listing.left_out)
    return FolderSummary(files=files, size_bytes=size_bytes, left_out=left_out, problem=problem)


def _check_time(files: int) -> None:
    if remaining_seconds() == 0:
        raise SnapshotError(
            f"The folder has so many files that they cannot be listed in time; {files:,} were found. Move the notebook to a smaller folder."
        )
