"""List what goes into the snapshot of a notebook's folder. It opens only ignore files and manifests."""

import errno
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from jupyter_scheduler_aws.errors import SnapshotError
from jupyter_scheduler_aws.snapshots.ignore_rules import DEFAULT_PATTERNS, IgnoreRules
from jupyter_scheduler_aws.transfers.download_manifest import MANIFEST_NAME, downloaded_files

__all__ = ["FolderListing", "LeftOut", "Member"]

_BROKEN: Final = (errno.ENOENT, errno.ELOOP, errno.ENOTDIR)
"""Error numbers of a broken link."""


@dataclass(frozen=True, slots=True)
class Member:
    """A file, or an empty folder."""

    path: Path
    name: str
    """Relative to the folder, with `/`."""
    is_folder: bool
    size_bytes: int


@dataclass(frozen=True, slots=True)
class LeftOut:
    """What is in the folder and not in the snapshot."""

    name: str
    """Relative to the folder, with `/`; ignored folders end with it."""
    reason: str | None = None
    """Why; None if an ignore file or a default says so."""


class FolderListing:
    """List a notebook's folder without the notebook itself, in an order that is the same on every machine.

    Parameters
    ----------
    notebook
        Absolute path of the notebook.
    defaults
        Patterns that apply unless an ignore file overrides them; None: none.
    """

    def __init__(self, notebook: Path, *, defaults: Sequence[str] | None = DEFAULT_PATTERNS) -> None:
        self._notebook = notebook
        self._root = notebook.parent
        self._real_root = os.path.realpath(self._root)
        self._defaults = defaults
        self._outputs: set[Path] = set()
        self.left_out: list[LeftOut] = []
        """What was left out so far."""

    def members(self) -> Iterator[Member]:
        """Yield files and empty folders. Ignored folders are not read.

        Raises
        ------
        SnapshotError
            If a folder or an ignore file cannot be read.
        """
        return self._walk(self._root, "", IgnoreRules.of_root(self._root, defaults=self._defaults))

    def _walk(self, folder: Path, prefix: str, rules: IgnoreRules) -> Iterator[Member]:
        entries = _entries(folder)
        if not entries and prefix:
            yield Member(folder, prefix.rstrip("/"), is_folder=True, size_bytes=0)
        rules = rules.inside(prefix, entries)
        if outputs := downloaded_files(folder):
            self._outputs |= outputs
            self.left_out.append(LeftOut(prefix.rstrip("/") or ".", "outputs of earlier jobs"))
        for entry in entries:
            path, name = Path(entry.path), prefix + entry.name
            is_folder = entry.is_dir(follow_symlinks=False)
            if path == self._notebook:
                continue
            if rules.ignores(name, is_folder=is_folder):
                self.left_out.append(LeftOut(f"{name}/" if is_folder else name))
            elif is_folder:
                yield from self._walk(path, f"{name}/", rules)
            elif entry.name != MANIFEST_NAME and path not in self._outputs:
                found = self._size_or_reason(path)
                if isinstance(found, int):
                    yield Member(path, name, is_folder=False, size_bytes=found)
                else:
                    self.left_out.append(LeftOut(name, found))

    def _size_or_reason(self, path: Path) -> int | str:
        """Return the size of a file, or of a link to one inside of the folder; else the reason to leave it out."""
        is_link = path.is_symlink()
        if is_link and not Path(os.path.realpath(path)).is_relative_to(self._real_root):
            return "a link that leads out of the folder"
        try:
            found = path.stat()
        except OSError as error:
            if is_link and error.errno in _BROKEN:
                return "a broken link"
            raise SnapshotError(f"{path} cannot be read: {error.strerror or error}.") from error
        if stat.S_ISDIR(found.st_mode):
            return "a link to a folder"
        return found.st_size if stat.S_ISREG(found.st_mode) else "not a file"


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        raise SnapshotError(f"The folder {folder} cannot be read: {error.strerror or error}.") from error
