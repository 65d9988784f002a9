"""Find the files that a run created or changed."""

import os
import re
import stat
import zlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Final, Self

__all__ = ["Baseline", "Findings", "Found", "find_outputs", "open_plain"]

_TOOL_FOLDERS: Final = (
    ("a virtual environment", "", {"pyvenv.cfg"}),
    ("a cache", "", {"CACHEDIR.TAG"}),
    ("a git repository", ".git", {"HEAD", "objects"}),
    ("a Mercurial repository", ".hg", {"store"}),
    ("a Subversion working copy", ".svn", {"wc.db"}),
    ("packages of JavaScript", "node_modules", {".package-lock.json"}),
)
"""What a folder of a tool is, its name if it always has the same, and what it contains. A name alone proves nothing.
CACHEDIR.TAG is defined by the Cache Directory Tagging Specification, which pytest, mypy, ruff, cargo and others follow."""
_TOOL_FILES: Final = re.compile(
    r"(.*/)?(__pycache__/[^/]+\.(py[co]|nb[ic])|\.ipynb_checkpoints/[^/]+-checkpoint(\.[^/]*)?)", re.DOTALL
)
"""Compiled code of Python and numba, and Jupyter's checkpoints: copies of other files, so that leaving them out needs no warning."""
_PATH_BYTES: Final = 700
"""The longest path in UTF-8 (docs/runner-protocol.md). Folders with a longer one are not entered, so no path is too long for the system."""
_UNUSABLE: Final = re.compile(r"[\x00-\x1f\x7f\\]")


@dataclass(frozen=True, kw_only=True)
class Found:
    """A file that a run created or changed."""

    path: str
    """Relative to the working directory, with `/`."""
    file: Path
    size_bytes: int


@dataclass(frozen=True)
class Findings:
    """What a run left in the working directory."""

    files: list[Found] = field(default_factory=list)
    """The files to upload, sorted by path."""
    skipped: list[str] = field(default_factory=list)
    """What cannot be uploaded: `path: reason`."""
    tool_folders: list[str] = field(default_factory=list)
    """Folders of tools that are not uploaded: `path: what it is, with the number of files`."""


@dataclass(frozen=True)
class _Entry:
    """A file or a folder that is not entered."""

    path: str
    state: os.stat_result | None = None
    problem: str = ""
    """Why it cannot be an output; empty if it may be one."""
    tool: str = ""
    """What it is, if it is a folder of a tool."""


@dataclass(frozen=True)
class Baseline:
    """The content of the working directory before the run."""

    stats: Mapping[str, tuple[int, int, int]]
    """Size and times of each file, by its path."""
    checksums: Mapping[str, int]
    """CRC-32 of each file, by its path."""
    others: frozenset[str]
    """Folders, and what cannot be read."""

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
        entries = list(_walk(folder, skip_tools=False))
        stats = {entry.path: _signature(entry.state) for entry in entries if entry.state}
        folders = {str(parent) for entry in entries for parent in PurePosixPath(entry.path).parents}
        return cls(stats, checksums, frozenset(folders.union(entry.path for entry in entries if not entry.state)))

    def has(self, path: str, file: Path, state: os.stat_result) -> bool:
        """Check whether a file is unchanged. The content is read only if its times changed and its size did not."""
        if path not in self.stats or self.stats[path][0] != state.st_size:
            return False
        return self.stats[path] == _signature(state) or self.checksums.get(path) == _checksum(file)


def find_outputs(folder: Path, baseline: Baseline) -> Findings:
    """Find the files that are new or changed. A path that cannot be read does not affect the others.

    Parameters
    ----------
    folder
        The working directory.
    baseline
        Its state before the run.
    """
    findings = Findings()
    for entry in sorted(_walk(folder, skip_tools=True), key=lambda entry: entry.path):
        if entry.tool or entry.state is None:
            if entry.path not in baseline.others:
                _add_unread(findings, folder, entry)
            continue
        file = folder / entry.path
        try:
            if baseline.has(entry.path, file, entry.state):
                continue
            reason = entry.problem or _unusable(entry.path, file, entry.state)
        except OSError as error:
            reason = _unreadable(error)
        if reason:
            findings.skipped.append(f"{entry.path}: {reason}")
        else:
            findings.files.append(Found(path=entry.path, file=file, size_bytes=entry.state.st_size))
    return findings


def open_plain(path: str | Path, flags: int = os.O_RDONLY) -> int:
    """Open a file without following a link or waiting for a pipe, for `open(…, opener=open_plain)`.

    Raises
    ------
    OSError
        If it cannot be opened.
    """
    return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK)


def _add_unread(findings: Findings, folder: Path, entry: _Entry) -> None:
    if entry.tool:
        count = sum(len(names) for _, _, names in os.walk(folder / entry.path))
        findings.tool_folders.append(f"{entry.path}: {entry.tool} ({count:,} {'file' if count == 1 else 'files'})")
    else:
        findings.skipped.append(f"{entry.path}: {entry.problem}")


def _walk(folder: Path, *, skip_tools: bool) -> Iterator[_Entry]:
    """Yield what is in a folder and its subfolders, without following links and without files that only tools need."""
    pending = [""]
    while pending:
        parent = pending.pop()
        try:
            with os.scandir(folder / parent) as listing:
                entries = list(listing)
        except FileNotFoundError:
            continue
        except OSError as error:
            yield _Entry(parent, problem=f"the folder cannot be read ({error.strerror})")
            continue
        tool = _tool_of(parent, {entry.name for entry in entries}) if skip_tools and parent else ""
        if tool:
            yield _Entry(parent, tool=tool)
            continue
        for listed in entries:
            entry = _entry_of(f"{parent}/{listed.name}" if parent else listed.name, listed)
            if entry and entry.state and stat.S_ISDIR(entry.state.st_mode):
                pending.append(entry.path)
            elif entry:
                yield entry


def _entry_of(path: str, listed: os.DirEntry[str]) -> _Entry | None:
    if _TOOL_FILES.fullmatch(path):
        return None
    try:
        state = listed.stat(follow_symlinks=False)
    except FileNotFoundError:
        return None
    except OSError as error:
        return _Entry(path, problem=_unreadable(error))
    if len(os.fsencode(path)) <= _PATH_BYTES:
        return _Entry(path, state)
    problem = f"its path is longer than {_PATH_BYTES} bytes"
    return _Entry(path, None if stat.S_ISDIR(state.st_mode) else state, problem)


def _tool_of(path: str, names: Collection[str]) -> str:
    name = PurePosixPath(path).name
    kinds = (what for what, named, content in _TOOL_FOLDERS if named in ("", name) and content <= set(names))
    return next(kinds, "")


def _unusable(path: str, file: Path, state: os.stat_result) -> str:
    if stat.S_ISLNK(state.st_mode):
        return "a link, not a file"
    if not stat.S_ISREG(state.st_mode):
        return "not a regular file"
    if _UNUSABLE.search(path):
        return "its name has a backslash or control character"
    try:
        path.encode("utf-8")
    except UnicodeEncodeError:
        return "its name is not valid UTF-8"
    with open(file, "rb", opener=open_plain):
        return ""


def _unreadable(error: OSError) -> str:
    return f"cannot be read ({error.strerror})"


def _signature(state: os.stat_result) -> tuple[int, int, int]:
    # Nobody can set the change time, so a rewritten file is found even if its modification time was restored.
    return state.st_size, state.st_mtime_ns, state.st_ctime_ns


def _checksum(file: Path) -> int:
    checksum = 0
    with open(file, "rb", opener=open_plain) as opened:
        while chunk := opened.read(1 << 20):
            checksum = zlib.crc32(chunk, checksum)
    return checksum
