"""Decides what of a folder stays out of its snapshot: by default, and by its ignore files."""

import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Self

from jupyter_scheduler_aws.errors import SnapshotError
from jupyter_scheduler_aws.snapshots.ignore_patterns import IgnorePatterns, read_ignore_file

__all__ = ["DEFAULT_PATTERNS", "IGNORE_FILE", "VIRTUAL_ENVIRONMENT_FILE", "IgnoreRules"]

IGNORE_FILE: Final = ".jupyterschedulerignore"
"""Name of the file, in any folder, with patterns of what stays out."""

DEFAULT_PATTERNS: Final = (
    ".git",
    ".hg",
    ".svn",
    ".ipynb_checkpoints",
    ".virtual_documents",
    "__pycache__",
    "*.pyc",
    ".venv",
    "node_modules",
    ".mypy_cache",
    ".pytest_cache",
    ".ruff_cache",
    ".cache",
    ".tox",
    ".nox",
    ".DS_Store",
    "Thumbs.db",
    ".Trash*",
    ".*.part",
    IGNORE_FILE,
)
"""What stays out unless an ignore file says otherwise: it is made again from what is there, or no run needs it."""

VIRTUAL_ENVIRONMENT_FILE: Final = "pyvenv.cfg"
"""A folder with this file is a virtual environment of Python, whatever its name; it stays out by default, too."""


@dataclass(frozen=True)
class IgnoreRules:
    """What is ignored in one folder, by the ignore files there and above, and by default where they say nothing."""

    _root: Path
    _defaults: IgnorePatterns | None
    _levels: tuple[tuple[int, IgnorePatterns], ...] = ()
    """Patterns, the deepest first, each with how much of a path is that of the ignore file's own folder."""

    @classmethod
    def of_root(cls, root: Path, *, defaults: Sequence[str] | None = DEFAULT_PATTERNS) -> Self:
        """Begin with a folder; its own ignore file comes with `inside`.

        Parameters
        ----------
        root
            The folder.
        defaults
            Patterns that hold where no ignore file says otherwise. None: none, and virtual environments are nothing special.
        """
        return cls(root, None if defaults is None else IgnorePatterns.parse(defaults, source="default patterns"))

    def inside(self, folder: str, entries: Sequence[os.DirEntry[str]]) -> Self:
        """Give the rules inside of a folder: with its own ignore file, if there is one among its entries.

        Parameters
        ----------
        folder
            Relative to the root, with `/` between and at the end; empty for the root itself.
        entries
            What is in the folder.

        Raises
        ------
        SnapshotError
            If the ignore file cannot be read. It must be a file: a link could lead anywhere, and git reads none either.
        """
        entry = next((each for each in entries if each.name == IGNORE_FILE), None)
        if entry is None:
            return self
        if not stat.S_ISREG(entry.stat(follow_symlinks=False).st_mode):
            raise SnapshotError(f"{entry.path} is not a file of its own. Put a file with the patterns there.")
        patterns = read_ignore_file(Path(entry.path))
        return replace(self, _levels=((len(folder), patterns), *self._levels))

    def ignores(self, path: str, *, is_folder: bool) -> bool:
        """Say whether a file or folder stays out; what is in a folder that does is not asked about.

        Parameters
        ----------
        path
            Relative to the root, with `/`.
        is_folder
            Whether it is a folder, and not a link to one.
        """
        for start, patterns in self._levels:
            if (verdict := patterns.verdict(path[start:], is_folder=is_folder)) is not None:
                return verdict
        if self._defaults is None:
            return False
        if self._defaults.verdict(path, is_folder=is_folder):
            return True
        # Unlike that of pathlib, it says no where it may not look; the listing tells that better.
        return is_folder and os.path.isfile(self._root / path / VIRTUAL_ENVIRONMENT_FILE)  # noqa: PTH113
