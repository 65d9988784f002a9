"""An append-only journal of changes, in which a process that is killed leaves at most a torn last line.

A change is in the journal when `append` returns. The bytes are then with the operating system, so SIGKILL does not lose them;
a power cut may, because nothing waits for the disk.
"""

import json
import logging
import os
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

__all__ = ["Journal", "read_changes"]

_log = logging.getLogger(__name__)

_PATTERN: Final = "journal-*.log"
_NAME: Final = "journal-{:08d}.log"

Change = list[Any]
"""One change, as JSON; `saved_state.apply` defines its members."""


def read_changes(folder: Path) -> Iterator[Change]:
    """Yield every change in the order in which it was appended, over all files of a folder.

    Each line holds the changes that belong together. A file is read up to the first line that is torn or damaged.
    """
    for path in _files(folder):
        yield from _changes_in(path)


class Journal:
    """The journal of one process.

    Parameters
    ----------
    folder
        An existing folder. The files of earlier processes stay until they are discarded.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._number = max((_number(path) for path in _files(folder)), default=0)
        self._file = -1
        self._open_next()

    @property
    def size(self) -> int:
        """The size of the file that is written to [bytes]."""
        return os.fstat(self._file).st_size

    def append(self, changes: Sequence[Change]) -> None:
        """Append changes that belong together: after a crash, all of them are read or none.

        Raises
        ------
        OSError
            If they cannot be written; then the journal is as before.
        """
        body = json.dumps(changes, separators=(",", ":")).encode("ascii")
        line = b"%08x %s\n" % (zlib.crc32(body), body)
        size = self.size
        try:
            written = os.write(self._file, line)
            while written < len(line):
                written += os.write(self._file, line[written:])
        except OSError:
            os.ftruncate(self._file, size)
            raise

    def rotate(self) -> list[Path]:
        """Continue in a new file; return the earlier ones, to discard once their changes are saved elsewhere."""
        earlier = _files(self._folder)
        self._open_next()
        return earlier

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)

    def _open_next(self) -> None:
        if self._file >= 0:
            os.close(self._file)
        self._number += 1
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC
        self._file = os.open(self._folder / _NAME.format(self._number), flags, 0o600)


def _files(folder: Path) -> list[Path]:
    return sorted(folder.glob(_PATTERN), key=_number)


def _number(path: Path) -> int:
    return int(path.stem.partition("-")[2])


def _changes_in(path: Path) -> Iterator[Change]:
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            checksum, _, body = line.rstrip(b"\n").partition(b" ")
            if not line.endswith(b"\n") or checksum != b"%08x" % zlib.crc32(body):
                _log.warning("%s: line %d is incomplete; what follows is not read", path, number)
                return
            yield from json.loads(body)
