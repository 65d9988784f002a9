"""What a kernel and its children write past Jupyter's channels: into the log, or shown only if the kernel fails."""

import logging
import os
import threading
from typing import Final, Self

from runner.log import NOTEBOOK
from runner.sanitize import sanitize_text

__all__ = ["KernelStderr"]

_NOTEBOOK = logging.getLogger(NOTEBOOK)
_KEPT_BYTES: Final = 1 << 14
"""Some two screens: a traceback, or what a crash handler prints."""


class KernelStderr:
    """Reads a pipe to its end and keeps the last part. Used as a context: inside it, `pipe` can be given to a process.

    Parameters
    ----------
    logs
        Whether everything goes into the log as it comes. ipykernel sends the same to its channels as well, so not for it.
    """

    def __init__(self, *, logs: bool) -> None:
        self._logs = logs
        self._kept = b""
        self._line = b""
        self._reading, self.pipe = os.pipe()
        self._thread = threading.Thread(target=self._read, name="last-words", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close this process's end of the pipe; may be repeated."""
        if self.pipe >= 0:
            os.close(self.pipe)
            self.pipe = -1

    def lines(self) -> list[str]:
        """Give the last lines, once the process has ended; one that lives on (or its child) is not waited for longer than 1 s."""
        self._thread.join(1)
        return [line for line in sanitize_text(self._kept.decode("utf-8", "replace")).splitlines() if line.strip()]

    def _read(self) -> None:
        with os.fdopen(self._reading, "rb", buffering=0) as pipe:
            while part := pipe.read(_KEPT_BYTES):
                self._kept = (self._kept + part)[-_KEPT_BYTES:]
                if self._logs:
                    self._log(part)
        if self._line:
            self._log(b"\n")

    def _log(self, part: bytes) -> None:
        *lines, rest = (self._line + part).split(b"\n")
        if len(rest) > _KEPT_BYTES:  # A line without an end is logged in parts: it must not fill the memory.
            lines, rest = [*lines, rest], b""
        self._line = rest
        if lines:
            _NOTEBOOK.info("%s", b"\n".join(lines).decode("utf-8", "replace"))
