"""Decide what to leave out of a folder's snapshot, from default patterns and ignore files."""

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
"""Name of the file, in any folder, with patterns of what to leave out."""

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
"""Left out unless an ignore file overrides it: it can be recreated, or no run needs it."""

VIRTUAL_ENVIRONMENT_FILE: Final = "pyvenv.cfg"
"""A folder with this file is a virtual environment of Python, whatever its name; it is also left out by default."""


@dataclass(frozen=True)
class IgnoreRules:
    """What is ignored in one folder: by the ignore files there and above, else by default."""

    _root: Path
    _defaults: IgnorePatterns | None
    _levels: tuple[tuple[int, IgnorePatterns], ...] = ()
    """Patterns, deepest first, each with the length of the path of the ignore file's own folder."""

    @classmethod
    def of_root(cls, root: Path, *, defaults: Sequence[str] | None = DEFAULT_PATTERNS) -> Self:
        """Return the rules for a root folder, without its own ignore file, which `inside` adds.

        `defaults` apply unless an ignore file overrides them. None: none, and virtual environments are included.
        """
        return cls(root, None if defaults is None else IgnorePatterns.parse(defaults, source="default patterns"))

    def inside(self, folder: str, entries: Sequence[os.DirEntry[str]]) -> Self:
        """Return the rules inside of a folder: they include its own ignore file, if it has one.

        The path of the folder is relative to the root, with a `/` at its end; it is empty for the root itself.

        Raises
        ------
        SnapshotError
            If the ignore file cannot be read, or is a link: it could lead anywhere, and git does not follow it either.
        """
        entry = next((entry for entry in entries if entry.name == IGNORE_FILE), None)
        if entry is None:
            return self
        if not stat.S_ISREG(entry.stat(follow_symlinks=False).st_mode):
            raise SnapshotError(f"{entry.path} is not a regular file. Replace it with a file that has the patterns.")
        patterns = read_ignore_file(Path(entry.path))
        return replace(self, _levels=((len(folder), patterns), *self._levels))

    def ignores(self, path: str, *, is_folder: bool) -> bool:
        """Check whether to leave out a file or folder. Do not call it for the content of a folder that is left out.

        The path is relative to the root, with `/`. A link to a folder is not a folder.
        """
        for start, patterns in self._levels:
            if (is_ignored := patterns.match(path[start:], is_folder=is_folder)) is not None:
                return is_ignored
        if self._defaults is None:
            return False
        if self._defaults.match(path, is_folder=is_folder):
            return True
        # Unlike pathlib's, it returns False without permission to look; the listing then raises a better error.
        return is_folder and os.path.isfile(self._root / path / VIRTUAL_ENVIRONMENT_FILE)  # noqa: PTH113
