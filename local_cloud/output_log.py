"""The file that a container's output goes to, read as Docker's Python client would give it."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Final

__all__ = ["OutputLog"]

_POLL_SECONDS: Final = 0.1
"""How long a follower waits for more [s]."""


class OutputLog:
    """What a container wrote.

    Parameters
    ----------
    path
        The file; the container's process has it open already.
    ended
        Set once nothing more will be written.
    """

    def __init__(self, path: Path, ended: threading.Event) -> None:
        self._path = path
        self._ended = ended

    def read(self, *, stream: bool, follow: bool, tail: int | None) -> bytes | Iterator[bytes]:
        """Return all of it, the last `tail` lines, or a stream of whole lines till the end."""
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
