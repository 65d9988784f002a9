"""Partial files: an incomplete download stays beside its target under a hidden name, so that any process can resume it.

The name is `.<hash of the target's name>-<ETag>.part`, which identifies the target and the version of its content. The
content is always the beginning of that version, because writes only append to it, or start at 0 with the same bytes. So two
processes can write the same partial file, each at its own offset.
"""

import hashlib
import io
import os
import re
import secrets
import stat
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final, Self

from jupyter_scheduler_aws.transfers.download_manifest import MANIFEST_NAME

__all__ = ["PartialFile", "find_partial_files", "is_partial_file"]

_NAME: Final = re.compile(r"\.([0-9a-f]{12})-(_[0-9a-f]{16}|([0-9A-Za-z-]{1,80}))\.part")
"""The first kind is for an ETag that cannot be part of a name; such a file cannot be resumed later."""

_ETAG: Final = re.compile(r'"([0-9A-Za-z-]{1,80})"')

_FLAGS: Final = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)

_CHUNK_BYTES: Final = 1024 * 1024


def is_partial_file(name: str) -> bool:
    """Check whether a name is that of a partial download, or of a partial manifest."""
    return _NAME.fullmatch(name) is not None or (name.startswith(f"{MANIFEST_NAME}.") and name.endswith(".part"))


def find_partial_files(targets: Iterable[Path]) -> Mapping[Path, Sequence[Path]]:
    """Find the partial files of each target that earlier downloads left, reading each folder once."""
    targets = list(targets)
    found: dict[tuple[Path, str], list[Path]] = {}
    for folder in {target.parent for target in targets}:
        # If the folder cannot be read, the download starts again; if it cannot be written either, that raises an error.
        with suppress(OSError):
            for entry in os.scandir(folder):
                if match := _NAME.fullmatch(entry.name):
                    found.setdefault((folder, match[1]), []).append(folder / entry.name)
    return {target: found.get((target.parent, _key(target)), ()) for target in targets}


def _key(target: Path) -> str:
    return hashlib.sha256(os.fsencode(target.name)).hexdigest()[:12]


def _status(path: Path) -> os.stat_result | None:
    try:
        return path.lstat()
    except FileNotFoundError:
        return None


def _is_plain(status: os.stat_result) -> bool:
    """Check whether a write to this file changes no other file."""
    return stat.S_ISREG(status.st_mode) and status.st_nlink == 1


class PartialFile:
    """The partial file of one target. As a context manager, it is kept at the end if it can be resumed.

    Every method can raise an `OSError`.

    Parameters
    ----------
    target
        Path of the complete file.
    found
        Partial files of this target that earlier downloads left.
    """

    def __init__(self, target: Path, found: Iterable[Path] = ()) -> None:
        self.target = target
        self._found = set(found)
        self._path: Path | None = None
        self._file: io.FileIO | None = None
        self._digest = hashlib.md5(usedforsecurity=False)
        self.etag: str | None = None
        """The header of the version that is downloaded, with its quotes."""
        self.offset = 0
        """Number of bytes so far [B]."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._path and not _ETAG.fullmatch(self.etag or ""):
            self.discard()
        self._close()

    @property
    def md5(self) -> str:
        """The hash of the content so far, in hexadecimal digits."""
        return self._digest.hexdigest()

    @property
    def _handle(self) -> io.FileIO:
        if self._file is None:
            raise ValueError("The partial file is not open.")
        return self._file

    def resume(self, size_bytes: int) -> None:
        """Open the largest partial file that can be the beginning of a file of this size.

        If it is complete already, its last byte is downloaded again, because the response shows whether the version is still
        the same.
        """
        usable = {}
        for path in self._found:
            status = _status(path)
            match = _NAME.fullmatch(path.name)
            if status and match and match[3] and _is_plain(status) and status.st_size:
                usable[path] = (status.st_size, match[3])
        for path in [path for path, (size, _) in usable.items() if size > size_bytes]:
            path.unlink(missing_ok=True)
            del usable[path]
        if usable:
            path = max(usable, key=lambda candidate: usable[candidate][0])
            size, tag = usable[path]
            self._open(path, f'"{tag}"')
            self._advance(min(size, size_bytes - 1))

    def start(self, etag: str | None) -> None:
        """Start at 0, and remove the partial files of other versions."""
        match = _ETAG.fullmatch(etag or "")
        tag = match[1] if match else f"_{secrets.token_hex(8)}"
        path = self.target.with_name(f".{_key(self.target)}-{tag}.part")
        self._found.update({self._path} if self._path and self._path != path else ())
        self._open(path, etag)
        self.remove_other_versions()

    def remove_other_versions(self) -> None:
        """Remove the partial files of other versions."""
        for path in self._found - {self._path}:
            with suppress(OSError):  # A leftover does no harm.
                path.unlink(missing_ok=True)
        self._found.clear()

    def write(self, chunk: bytes) -> None:
        """Append a chunk."""
        file, left = self._handle, memoryview(chunk)
        while left:
            written = file.write(left)
            self._digest.update(left[:written])
            self.offset += written
            left = left[written:]

    def discard(self) -> None:
        """Delete the content so far."""
        if self._path:
            self._path.unlink(missing_ok=True)
        self._close()
        self._path = self.etag = None
        self.offset = 0

    def finish(self) -> bool:
        """Move the file to its target. Return False if another download, of another version, has removed it."""
        own = os.fstat(self._handle.fileno())
        if self._path is None or own.st_size != self.offset:
            self.discard()
            return False
        if os.name == "nt":  # Windows cannot rename an open file. Elsewhere, an open file keeps its inode.
            self._close()
        is_in_place = self._rename(self._path, own)
        self._close()
        self._path = self.etag = None
        self.offset = 0
        return is_in_place

    def _rename(self, path: Path, own: os.stat_result) -> bool:
        with suppress(FileNotFoundError):
            if os.path.samestat(path.lstat(), own):
                path.replace(self.target)
                return True
        status = _status(self.target)
        return status is not None and os.path.samestat(status, own)

    def _open(self, path: Path, etag: str | None) -> None:
        self._close()
        status = _status(path)
        if status and not _is_plain(status):
            path.unlink()
        self._file = io.FileIO(os.open(path, _FLAGS, 0o666), "r+")
        self._path, self.etag, self.offset = path, etag, 0
        self._digest = hashlib.md5(usedforsecurity=False)

    def _advance(self, offset: int) -> None:
        file = self._handle
        while self.offset < offset and (chunk := file.read(min(_CHUNK_BYTES, offset - self.offset))):
            self._digest.update(chunk)
            self.offset += len(chunk)

    def _close(self) -> None:
        if self._file:
            self._file.close()
        self._file = None
