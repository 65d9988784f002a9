"""The download manifest: a file in a folder that lists, job by job, the files that downloads wrote there.

Snapshots leave those files out, downloads can replace them, and JupyterLab finds out without a request whether a job's
files are there.
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

__all__ = [
    "MANIFEST_NAME",
    "DownloadedFile",
    "FileState",
    "ManifestEntry",
    "downloaded_files",
    "read_manifest",
    "update_manifest",
]

MANIFEST_NAME: Final = ".nbjobs.json"
"""Name of the manifest that a download writes into its folder."""

_ABOUT: Final = "Outputs of jobs that nbjobs or JupyterLab downloaded here. Snapshots leave them out, and downloads can replace them."

_LOCK: Final = threading.Lock()
"""Keeps threads of this process from losing an entry; see `update_manifest` for other processes."""


class FileState(StrEnum):
    """What the manifest knows about a file."""

    FINAL = "final"
    """If it exists, it is the job's final version."""
    PREVIEW = "preview"
    """It was downloaded while the job was running."""
    EXPECTED = "expected"
    """Its download had started when the manifest was written. If the file exists, it may be an older one."""


@dataclass(frozen=True, kw_only=True)
class DownloadedFile:
    """A file that a download wrote."""

    format: str
    """An output format, `files` for what the run created or changed, or `input`."""
    size_bytes: int
    """After the download; of an expected file, the listed size or 0."""
    state: FileState = FileState.FINAL


@dataclass(frozen=True, kw_only=True)
class ManifestEntry:
    """What downloads of one job wrote into a folder."""

    complete: bool
    """Whether the job had ended when its files were listed, and the last download got every file that it requested."""
    files: Mapping[str, DownloadedFile]
    """By relative path, with `/`. The user may have removed or changed some since then."""


def read_manifest(folder: Path, job_id: str) -> ManifestEntry | None:
    """Return what downloads of a job wrote into a folder; None if there is no readable manifest or no entry.

    It opens one small file and no other. It raises nothing.
    """
    return _read(folder).get(job_id)


def downloaded_files(folder: Path) -> set[Path]:
    """Return the paths that downloads wrote into a folder; none if there is no readable manifest."""
    return {folder / name for entry in _read(folder).values() for name in entry.files}


def update_manifest(folder: Path, job_id: str, change: Callable[[ManifestEntry | None], ManifestEntry | None]) -> None:
    """Update a job's entry, and remove its files from the entries of other jobs.

    If another process writes at the same moment, the later one wins. Each download writes at its start and at its end, so
    an entry is lost only if two downloads end within about the same millisecond.
    `change` returns the new entry for the current one; None removes it.

    Raises
    ------
    DownloadError
        If the manifest cannot be written.
    """
    path = folder / MANIFEST_NAME
    try:
        with _LOCK:
            entries = _read(folder)
            entry = change(entries.pop(job_id, None))
            entries = _without(entries, entry.files) if entry else entries
            _write(path, entries | ({job_id: entry} if entry else {}))
    except OSError as error:
        raise DownloadError(
            f"{path} cannot be written: {error.strerror or error}. Check space and permissions."
        ) from error


def _without(entries: Mapping[str, ManifestEntry], names: Mapping[str, object]) -> dict[str, ManifestEntry]:
    """Remove files from entries. An entry that lost a file is incomplete; one that lost all of them is removed."""
    found = {}
    for job_id, entry in entries.items():
        left = {name: file for name, file in entry.files.items() if name not in names}
        if left or not entry.files:
            found[job_id] = replace(entry, complete=entry.complete and len(left) == len(entry.files), files=left)
    return found


def _read(folder: Path) -> dict[str, ManifestEntry]:
    try:
        with open(folder / MANIFEST_NAME, encoding="utf-8", opener=_open_plain) as file:
            document = json.load(file)
        return {job_id: _entry_of(entry) for job_id, entry in document["jobs"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}


def _open_plain(path: str, flags: int) -> int:
    """Open a file without following a link or waiting for a pipe."""
    return os.open(path, flags | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))


def _entry_of(document: Mapping[str, Any]) -> ManifestEntry:
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
    return ManifestEntry(complete=document["complete"] is True, files=files)


def _write(path: Path, entries: Mapping[str, ManifestEntry]) -> None:
    """Replace the manifest, or a link in its place. Remove it if there are no entries."""
    if not entries:
        path.unlink(missing_ok=True)
        return
    document = {"about": _ABOUT, "jobs": {job_id: _document_of(entry) for job_id, entry in entries.items()}}
    temporary = path.with_name(f"{MANIFEST_NAME}.{secrets.token_hex(8)}.part")
    try:
        with temporary.open("x", encoding="utf-8") as file:
            file.write(json.dumps(document, indent=1) + "\n")
        temporary.replace(path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise


def _document_of(entry: ManifestEntry) -> Mapping[str, Any]:
    files = {
        name: {"format": file.format, "size_bytes": file.size_bytes}
        | ({} if file.state == FileState.FINAL else {"state": file.state})
        for name, file in sorted(entry.files.items())
    }
    return {"complete": entry.complete, "files": files}
