"""Remembers, in a folder, what downloads brought there, job by job.

A snapshot leaves those files out, a download may replace them, and JupyterLab learns without asking the service whether
a job's files are there.
"""

import json
import os
import secrets
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path, PurePosixPath
from typing import Any, Final

from jupyter_scheduler_aws.errors import DownloadError

__all__ = ["MARKER", "Downloaded", "DownloadedFile", "FileState", "downloaded", "marked_outputs", "update_marker"]

MARKER: Final = ".nbjobs.json"
"""Name of the file that a download writes into its folder."""

_ABOUT: Final = "Outputs of jobs that nbjobs or JupyterLab downloaded here. They stay out of snapshots, and a download may replace them."

_WRITING: Final = threading.Lock()
"""Among the threads of a process no entry is lost; see `update_marker` for other processes."""


class FileState(StrEnum):
    """What is known of a file that a download was to bring."""

    FINAL = "final"
    """If it is there, it is the job's last word."""
    PREVIEW = "preview"
    """It was fetched while the job ran."""
    EXPECTED = "expected"
    """It was on its way when this was written; what stands there, if anything, may be something older."""


@dataclass(frozen=True, kw_only=True)
class DownloadedFile:
    """A file that a download brought."""

    format: str
    """An output format, `files` for what the run made or changed, or `input`."""
    size_bytes: int
    """When it arrived; of one that is expected, as far as it is known."""
    state: FileState = FileState.FINAL


@dataclass(frozen=True, kw_only=True)
class Downloaded:
    """What downloads of one job brought into a folder."""

    complete: bool
    """Whether the job had ended when its files were listed, and every file that the last download asked for arrived."""
    files: Mapping[str, DownloadedFile]
    """By relative path, with `/`. They were there when this was written; the user may have removed or changed some."""


def downloaded(folder: Path, job_id: str) -> Downloaded | None:
    """Give what downloads of a job brought into a folder; None where there is no marker that can be read, or nothing of it.

    Opens one small file and looks at no other. Raises nothing.
    """
    return _read(folder).get(job_id)


def marked_outputs(folder: Path) -> set[Path]:
    """Give the files that downloads brought into a folder; none where there is no marker that can be read."""
    return {folder / name for entry in _read(folder).values() for name in entry.files}


def update_marker(folder: Path, job_id: str, change: Callable[[Downloaded | None], Downloaded | None]) -> None:
    """Write down what downloads of a job brought into a folder; what other jobs had under the same names is theirs no more.

    Another process that writes at the same moment may take no notice: the later one wins. Each download writes at its
    beginning and at its end, so an entry is lost only if two end within the same millisecond or so.

    Parameters
    ----------
    folder
        Where the files are.
    job_id
        The job.
    change
        Given the job's entry of now, gives the new one; None removes it.

    Raises
    ------
    DownloadError
        If the marker cannot be written.
    """
    path = folder / MARKER
    try:
        with _WRITING:
            entries = _read(folder)
            entry = change(entries.pop(job_id, None))
            entries = _without(entries, entry.files) if entry else entries
            _write(path, entries | ({job_id: entry} if entry else {}))
    except OSError as error:
        raise DownloadError(
            f"{path} cannot be written: {error.strerror or error}. Check space and permissions."
        ) from error


def _without(entries: Mapping[str, Downloaded], names: Mapping[str, object]) -> dict[str, Downloaded]:
    """Take names away from jobs; one that has lost a file is complete no more, one that has lost all is forgotten."""
    found = {}
    for job_id, entry in entries.items():
        left = {name: file for name, file in entry.files.items() if name not in names}
        if left or not entry.files:
            found[job_id] = replace(entry, complete=entry.complete and len(left) == len(entry.files), files=left)
    return found


def _read(folder: Path) -> dict[str, Downloaded]:
    try:
        with open(folder / MARKER, encoding="utf-8", opener=_open_plain) as file:
            document = json.load(file)
        return {job_id: _entry_of(entry) for job_id, entry in document["jobs"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}


def _open_plain(path: str, flags: int) -> int:
    """Open a file, but neither follow a link to elsewhere nor wait for a pipe."""
    return os.open(path, flags | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))


def _entry_of(document: Mapping[str, Any]) -> Downloaded:
    files = {}
    for name, file in document["files"].items():
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts:
            raise ValueError(name)
        files[name] = DownloadedFile(
            format=str(file["format"]),
            size_bytes=int(file["size_bytes"]),
            state=FileState(file.get("state", FileState.FINAL)),
        )
    return Downloaded(complete=document["complete"] is True, files=files)


def _write(path: Path, entries: Mapping[str, Downloaded]) -> None:
    """Replace the marker, or the link that somebody put in its place; remove it if there is nothing to say."""
    if not entries:
        path.unlink(missing_ok=True)
        return
    document = {"about": _ABOUT, "jobs": {job_id: _document_of(entry) for job_id, entry in entries.items()}}
    temporary = path.with_name(f"{MARKER}.{secrets.token_hex(8)}.part")
    try:
        with temporary.open("x", encoding="utf-8") as file:
            file.write(json.dumps(document, indent=1) + "\n")
        temporary.replace(path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise


def _document_of(entry: Downloaded) -> Mapping[str, Any]:
    files = {
        name: {"format": file.format, "size_bytes": file.size_bytes}
        | ({} if file.state == FileState.FINAL else {"state": file.state})
        for name, file in sorted(entry.files.items())
    }
    return {"complete": entry.complete, "files": files}
