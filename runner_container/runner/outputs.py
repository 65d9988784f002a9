"""Find the files that a run created or changed."""

import os
import re
import stat
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

__all__ = ["Baseline", "Found", "find_outputs"]

_SKIPPED_FOLDERS: Final = frozenset(
    [
        ".git",
        ".hg",
        ".svn",
        ".ipynb_checkpoints",
        "__pycache__",
        ".venv",
        "venv",
        "node_modules",
        ".cache",
        ".local",
        ".config",
        ".ipython",
        ".jupyter",
        ".npm",
        ".mypy_cache",
        ".ruff_cache",
        ".pytest_cache",
        ".Rproj.user",
        ".Trash",
        "lost+found",
    ]
)
"""Folders of tools, which are not results."""
_SKIPPED_FILES: Final = re.compile(r"\.DS_Store|.*\.py[co]|\.~lock\..*|core\.\d+")
_PATH_BYTES: Final = 700
"""The longest path in UTF-8 (docs/runner-protocol.md)."""
_UNUSABLE: Final = re.compile(r"[\x00-\x1f\x7f\\]")


@dataclass(frozen=True, kw_only=True)
class Found:
    """A file that a run created or changed."""

    path: str
    """Relative to the working directory, with `/`."""
    file: Path
    size_bytes: int


@dataclass(frozen=True)
class Baseline:
    """The content of the working directory before the run: the stat and the checksum of each path."""

    stats: Mapping[str, tuple[int, int, int]]
    checksums: Mapping[str, int]

    @classmethod
    def of(cls, folder: Path, checksums: Mapping[str, int]) -> Self:
        """Record the state of a folder.

        Parameters
        ----------
        folder
            The working directory.
        checksums
            CRC-32 of each file by its relative path, as `download_snapshot` returns them.
        """
        return cls({path: _signature(state) for path, state in _files(folder)}, checksums)

    def has(self, path: str, file: Path, state: os.stat_result) -> bool:
        """Check whether a file is unchanged. The content is read only if its times changed and its size did not."""
        if path not in self.stats or self.stats[path][0] != state.st_size:
            return False
        return self.stats[path] == _signature(state) or self.checksums.get(path) == _checksum(file)


def find_outputs(folder: Path, baseline: Baseline) -> tuple[list[Found], list[str]]:
    """Find the files that are new or changed.

    Parameters
    ----------
    folder
        The working directory. Nothing in it may change meanwhile.
    baseline
        Its state before the run.

    Returns
    -------
        The files, sorted by path, and the skipped files: `path: reason`.
    """
    found: list[Found] = []
    skipped: list[str] = []

    def skip_folder(error: OSError) -> None:
        path = Path(error.filename).relative_to(folder).as_posix()
        skipped.append(f"{path}: the folder cannot be read ({error.strerror})")

    for path, state in sorted(_files(folder, skip_folder), key=lambda entry: entry[0]):
        file = folder / path
        try:
            if baseline.has(path, file, state):
                continue
            reason = _unusable(path, file, state)
        except OSError as error:
            reason = f"cannot be read ({error.strerror})"
        if reason:
            skipped.append(f"{path}: {reason}")
        else:
            found.append(Found(path=path, file=file, size_bytes=state.st_size))
    return found, skipped


def _unusable(path: str, file: Path, state: os.stat_result) -> str:
    if stat.S_ISLNK(state.st_mode):
        return "a link, not a file"
    if not stat.S_ISREG(state.st_mode):
        return "not a regular file"
    if _UNUSABLE.search(path):
        return "its name has a backslash or control character"
    try:
        if len(path.encode("utf-8")) > _PATH_BYTES:
            return f"its path is longer than {_PATH_BYTES} bytes"
    except UnicodeEncodeError:
        return "its name is not valid UTF-8"
    with file.open("rb"):
        return ""


def _files(folder: Path, on_error: Callable[[OSError], None] | None = None) -> Iterator[tuple[str, os.stat_result]]:
    for parent, folders, names in os.walk(folder, onerror=on_error):
        links = [name for name in folders if os.path.islink(os.path.join(parent, name))]  # noqa: PTH114, PTH118 - of bytes that Path may refuse
        folders[:] = [name for name in folders if name not in _SKIPPED_FOLDERS and name not in links]
        for name in (*names, *links):
            file = Path(parent, name)
            if not _SKIPPED_FILES.fullmatch(name):
                try:
                    yield file.relative_to(folder).as_posix(), file.lstat()
                except FileNotFoundError:
                    continue


def _signature(state: os.stat_result) -> tuple[int, int, int]:
    # Nobody can set the change time, so a rewritten file is found even if its modification time was restored.
    return state.st_size, state.st_mtime_ns, state.st_ctime_ns


def _checksum(file: Path) -> int:
    checksum = 0
    with file.open("rb") as opened:
        while chunk := opened.read(1 << 20):
            checksum = zlib.crc32(chunk, checksum)
    return checksum
