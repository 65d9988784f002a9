"""Remembers which files of a folder are outputs of jobs, so that a snapshot leaves them out and a download may replace them."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from jupyter_scheduler_aws.errors import DownloadError

__all__ = ["MARKER", "marked_outputs", "update_marker"]

MARKER: Final = ".nbjobs.json"
"""Name of the file that a download writes into its folder."""

_ABOUT: Final = (
    "Outputs of jobs that nbjobs downloaded here. They stay out of snapshots, and a download may replace them."
)


def marked_outputs(folder: Path) -> set[Path]:
    """Give the files that downloads brought into a folder; none where there is no marker that can be read."""
    try:
        files = json.loads((folder / MARKER).read_text(encoding="utf-8"))["files"]
        return {folder / name for name in files}
    except (OSError, ValueError, KeyError, TypeError):
        return set()


def update_marker(folder: Path, *, add: Iterable[Path], remove: Iterable[Path]) -> None:
    """Write down files of a folder as outputs, or no longer so; forget those that are gone.

    Raises
    ------
    DownloadError
        If the marker cannot be written.
    """
    marked = {path for path in marked_outputs(folder) if path.exists()}.union(add).difference(remove)
    document = {"about": _ABOUT, "files": sorted(path.relative_to(folder).as_posix() for path in marked)}
    try:
        (folder / MARKER).write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise DownloadError(f"{folder / MARKER} cannot be written: {error.strerror or error}.") from error
