"""Shorten MiniStack's wait for the log lines of an invocation: it waits 50 ms for a first line after each one that logs nothing."""
# ruff: noqa: SLF001  private members of MiniStack are what this file is about

from collections.abc import Mapping
from functools import partialmethod
from typing import Any, Final

from local_cloud.emulator_compatibility import require

__all__ = ["FunctionLogs"]

_FIRST_LINE_WAIT_SECONDS: Final = 0.005
"""A function writes its lines to a pipe before its response, so only the thread that reads the pipe can be late. A line that is later
still is logged with the next invocation."""

_RUNTIME: Final = "ministack.core.lambda_runtime"

_REQUIRED: Final[Mapping[str, Mapping[str, tuple[str, ...] | None]]] = {
    _RUNTIME: {"Worker._drain_stderr_bounded": ("self", "first_line_wait")},
}
"""What this file uses of MiniStack: module, name, and the first parameters of a function."""


class FunctionLogs:
    """The log lines of functions.

    Raises
    ------
    EmulatorMismatchError
        If MiniStack lacks something that is used here.
    """

    def __init__(self) -> None:
        self._worker: Any = require(_REQUIRED)[_RUNTIME].Worker

    def patch(self) -> None:
        """Replace the wait."""
        drain = self._worker._drain_stderr_bounded
        self._worker._drain_stderr_bounded = partialmethod(drain, first_line_wait=_FIRST_LINE_WAIT_SECONDS)
