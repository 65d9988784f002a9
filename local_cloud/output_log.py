"""Read the file with a container's output, with the interface of Docker's Python client."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Final

__all__ = ["OutputLog"]

_POLL_SECONDS: Final = 0.1
"""The polling interval of a reader that follows the output [s]."""


class OutputLog:
    """The output of a container.

    Parameters
    ----------
    path
        The file, which the process of the container writes to.
    ended
        Set when the output is complete.
    """

    def __init__(self, path: Path, ended: threading.Event) -> None:
        self._path = path
        self._ended = ended

    def read(self, *, stream: bool, follow: bool, tail: int | None) -> bytes | Iterator[bytes]:
        """Return all of it, the last `tail` lines, or a stream of complete lines until the end."""
        if stream:
            return self._lines(follow=follow)
        written = self._path.read_bytes()
        return written if tail is None else b"".join(written.splitlines(keepends=True)[-tail:])

    def _lines(self, *, follow: bool) -> Iterator[bytes]:
        with self._path.open("rb") as log:
            rest = b""
            while True:
                last = self._ended.is_set() or not follow
                *lines, rest = (rest + log.read()).split(b"\n")
                yield from (line for line in lines if line)
                if last:
                    break
                self._ended.wait(_POLL_SECONDS)
            if rest:
                yield rest
