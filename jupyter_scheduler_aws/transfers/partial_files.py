"""Half files: what has arrived of a file stays beside its place under a hidden name, for this process or another to go on.

The name is `.<hash of the file's name>-<ETag>.part`, so a half file says by itself whose it is and of which version. Its
content is always the beginning of that version: it is only ever written from what is there on, or from 0 with the same
bytes. So two processes may write the same half file, each at its own offset.
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
from types import TracebackType
from typing import Final, Self

from jupyter_scheduler_aws.transfers.download_manifest import MARKER

__all__ = ["Part", "find_parts", "is_part"]

_NAME: Final = re.compile(r"\.([0-9a-f]{12})-(_[0-9a-f]{16}|([0-9A-Za-z-]{1,80}))\.part")
"""The first kind is of files whose ETag cannot stand in a name: nobody can go on with them later."""

_ETAG: Final = re.compile(r'"([0-9A-Za-z-]{1,80})"')

_FLAGS: Final = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)

_CHUNK_BYTES: Final = 1024 * 1024


def is_part(name: str) -> bool:
    """Say whether a file of this name is half of a download, or of a marker."""
    return _NAME.fullmatch(name) is not None or (name.startswith(f"{MARKER}.") and name.endswith(".part"))


def find_parts(targets: Iterable[Path]) -> Mapping[Path, Sequence[Path]]:
    """Find the half files of each target that earlier downloads left, reading each folder once."""
    targets = list(targets)
    found: dict[tuple[Path, str], list[Path]] = {}
    for folder in {target.parent for target in targets}:
        # Without a look at what is there, the download begins anew; if it cannot be written either, that will be said.
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
    """Say whether writing to a file writes to nothing else."""
    return stat.S_ISREG(status.st_mode) and status.st_nlink == 1


class Part:
    """The half file of one target; leaving it as a context manager keeps it if anybody can go on with it.

    Every method raises an `OSError` if the disk does.

    Parameters
    ----------
    target
        Where the whole file goes.
    found
        Half files of this target that earlier downloads left.
    """

    def __init__(self, target: Path, found: Iterable[Path] = ()) -> None:
        self.target = target
        self._found = set(found)
        self._path: Path | None = None
        self._file: io.FileIO | None = None
        self._digest = hashlib.md5(usedforsecurity=False)
        self.etag: str | None = None
        """The header of the version that is being fetched, with its quotes."""
        self.offset = 0
        """How much of it is here [B]."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._path and not _ETAG.fullmatch(self.etag or ""):
            self.discard()
        self._close()

    @property
    def md5(self) -> str:
        """The hash of what is here, in hexadecimal digits."""
        return self._digest.hexdigest()

    @property
    def _handle(self) -> io.FileIO:
        if self._file is None:
            raise ValueError("Nothing was begun.")
        return self._file

    def take_up(self, size_bytes: int) -> None:
        """Go on with the largest half file that may be the beginning of a file of this size.

        Of one that is whole already, the last byte is fetched again: the answer says whether it is still that version.
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
            path = max(usable, key=lambda each: usable[each][0])
            size, tag = usable[path]
            self._open(path, f'"{tag}"')
            self._advance(min(size, size_bytes - 1))

    def begin(self, etag: str | None) -> None:
        """Write from 0, and remove the half files of other versions."""
        match = _ETAG.fullmatch(etag or "")
        tag = match[1] if match else f"_{secrets.token_hex(8)}"
        path = self.target.with_name(f".{_key(self.target)}-{tag}.part")
        self._found.update({self._path} if self._path and self._path != path else ())
        self._open(path, etag)
        self.remove_others()

    def remove_others(self) -> None:
        """Remove the half files of other versions."""
        for path in self._found - {self._path}:
            with suppress(OSError):  # It is in nobody's way.
                path.unlink(missing_ok=True)
        self._found.clear()

    def write(self, chunk: bytes) -> None:
        """Write all of a chunk behind what is here."""
        file, left = self._handle, memoryview(chunk)
        while left:
            written = file.write(left)
            self._digest.update(left[:written])
            self.offset += written
            left = left[written:]

    def discard(self) -> None:
        """Throw away what is here."""
        if self._path:
            self._path.unlink(missing_ok=True)
        self._close()
        self._path = self.etag = None
        self.offset = 0

    def land(self) -> bool:
        """Put the file in its place. False if it is gone and not there: another download wanted another version."""
        own = os.fstat(self._handle.fileno())
        if self._path is None or own.st_size != self.offset:
            self.discard()
            return False
        if os.name == "nt":  # It renames no open file. Elsewhere an open one keeps its number to itself.
            self._close()
        is_there = self._rename(self._path, own)
        self._close()
        self._path = self.etag = None
        self.offset = 0
        return is_there

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
