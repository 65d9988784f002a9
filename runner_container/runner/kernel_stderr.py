"""What a kernel and its children write to stdout and stderr, past Jupyter's channels: logged, or shown only if the kernel fails."""

import logging
import os
import threading
from typing import Final, Self

from runner.log import NOTEBOOK
from runner.sanitize import sanitize_text

__all__ = ["KernelStderr"]

_NOTEBOOK = logging.getLogger(NOTEBOOK)
_KEPT_BYTES: Final = 1 << 14
"""Some two screens: a traceback, or the output of a crash handler."""


class KernelStderr:
    """Reads a pipe to its end and keeps the last part. Use it as a context manager: inside, `pipe` can be passed to a process.

    Parameters
    ----------
    logs
        Whether to log everything as it comes. Not for ipykernel, which also sends it to its channels.
    """

    def __init__(self, *, logs: bool) -> None:
        self._logs = logs
        self._kept = b""
        self._line = b""
        self._reading, self.pipe = os.pipe()
        self._thread = threading.Thread(target=self._read, name="kernel-stderr", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close this process's end of the pipe. A repeated call has no effect."""
        if self.pipe >= 0:
            os.close(self.pipe)
            self.pipe = -1

    def lines(self) -> list[str]:
        """Return the last lines. Wait at most 1 s for the process and its children to end."""
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
        if len(rest) > _KEPT_BYTES:  # A very long line is logged in parts, so that it does not fill the memory.
            lines, rest = [*lines, rest], b""
        self._line = rest
        if lines:
            _NOTEBOOK.info("%s", b"\n".join(lines).decode("utf-8", "replace"))
