"""What cells print, as lines of the container's log, and the limit on it."""

import logging
from collections.abc import Sequence
from typing import Final

from runner.log import NOTEBOOK

__all__ = ["MAX_CELL_CHARACTERS", "CellLog", "apply_carriage_returns"]

_LOG = logging.getLogger(__name__)
_NOTEBOOK = logging.getLogger(NOTEBOOK)
MAX_CELL_CHARACTERS: Final = 1_000_000
"""The limit on the text of one cell in the notebook and in the log: some 10,000 lines, a page that a browser can still open."""
_CUT: Final = f"\n[… the rest is left out: a cell can print {MAX_CELL_CHARACTERS:,} characters; write more to a file]\n"


def apply_carriage_returns(text: str) -> str:
    """Return a text as a terminal shows it: of each line, what follows the last carriage return. Progress bars rely on this."""
    if "\r" not in text:
        return text
    lines = [line.rstrip("\r").rpartition("\r")[2] + "\r" * line.endswith("\r") for line in text.split("\n")]
    return "\n".join(lines)


class CellLog:
    """Logs the streams of cells as whole lines, and counts what a cell has printed."""

    def __init__(self) -> None:
        self._rest: dict[str, str] = {}
        self._left = MAX_CELL_CHARACTERS

    def start_cell(self, number: int, total: int) -> None:
        """Log the start of a code cell, counted from 1."""
        self._left = MAX_CELL_CHARACTERS
        _LOG.info("cell %d of %d", number, total)

    def write(self, name: str, text: str) -> str:
        """Log a chunk of a stream, and return the part that the notebook keeps.

        Parameters
        ----------
        name
            `stdout` or `stderr`.
        text
            The chunk, not always whole lines.

        Returns
        -------
            The chunk; cut, with a note, at the cell's limit; empty after that.
        """
        if self._left <= 0:
            return ""
        rest = self._rest.pop(name, "")
        shown = apply_carriage_returns(rest + text)
        over = len(shown) - len(rest) - self._left
        self._left = -over
        if over >= 0:
            text, shown = text[: len(text) - over] + _CUT, shown[: len(shown) - over] + _CUT
        *lines, rest = shown.split("\n")
        if rest:
            self._rest[name] = rest
        _log(lines)
        return text

    def end_cell(self, error: str = "") -> None:
        """Log unfinished lines, and the cell's error, if any."""
        _log([*self._rest.values(), *error.splitlines()])
        self._rest.clear()


def _log(lines: Sequence[str]) -> None:
    if lines:
        _NOTEBOOK.info("%s", "\n".join(lines))
