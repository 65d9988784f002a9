"""What a kernel writes past Jupyter's channels: shown only if it fails, because ipykernel sends the same to its channels too."""

import os
import threading
from typing import Final, Self

from runner.outcomes import plain_text

__all__ = ["LastWords"]

_KEPT_BYTES: Final = 1 << 14
"""Some two screens: a traceback, or what a crash handler prints."""


class LastWords:
    """Reads a pipe to its end and keeps the last part. Used as a context: inside it, `pipe` can be given to a process."""

    def __init__(self) -> None:
        self._kept = b""
        self._reading, self.pipe = os.pipe()
        self._thread = threading.Thread(target=self._read, name="last-words", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self.pipe)

    def lines(self) -> list[str]:
        """Give the last lines, once the process has ended; one that lives on (or its child) is not waited for longer than 1 s."""
        self._thread.join(1)
        return [line for line in plain_text(self._kept.decode("utf-8", "replace")).splitlines() if line.strip()]

    def _read(self) -> None:
        with os.fdopen(self._reading, "rb", buffering=0) as pipe:
            while part := pipe.read(_KEPT_BYTES):
                self._kept = (self._kept + part)[-_KEPT_BYTES:]
