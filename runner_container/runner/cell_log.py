"""What cells say, as lines of the container's log, and how much of it is kept."""

import logging
from collections.abc import Iterable
from typing import Final

from runner.log import NOTEBOOK

__all__ = ["MOST_CELL_CHARACTERS", "CellLog", "redrawn"]

_LOG = logging.getLogger(__name__)
_NOTEBOOK = logging.getLogger(NOTEBOOK)
MOST_CELL_CHARACTERS: Final = 1_000_000
"""Text of one cell that is kept in the notebook and in the log: some 10,000 lines, and a page that a browser still opens."""
_CUT: Final = (
    f"\n[… the rest is left out: a cell may print {MOST_CELL_CHARACTERS:,} characters; write more to a file]\n"
)


def redrawn(text: str) -> str:
    """Give a text as a terminal would show it: of each line what follows its last carriage return, as progress bars use them."""
    if "\r" not in text:
        return text
    lines = [line.rstrip("\r").rpartition("\r")[2] + "\r" * line.endswith("\r") for line in text.split("\n")]
    return "\n".join(lines)


class CellLog:
    """Logs cells' streams as whole lines, and counts what a cell has said."""

    def __init__(self) -> None:
        self._rest: dict[str, str] = {}
        self._left = MOST_CELL_CHARACTERS

    def begin(self, number: int, total: int) -> None:
        """Announce a code cell, counted from 1."""
        self._left = MOST_CELL_CHARACTERS
        _LOG.info("cell %d of %d", number, total)

    def take(self, name: str, text: str) -> str:
        """Log a piece of a stream, and give what of it the notebook keeps.

        Parameters
        ----------
        name
            `stdout` or `stderr`.
        text
            The piece, not always whole lines.

        Returns
        -------
            The piece; cut, with a note, where the cell's allowance ends; empty after that.
        """
        if self._left <= 0:
            return ""
        rest = self._rest.pop(name, "")
        drawn = redrawn(rest + text)
        over = len(drawn) - len(rest) - self._left
        self._left = -over
        if over >= 0:
            text, drawn = text[: len(text) - over] + _CUT, drawn[: len(drawn) - over] + _CUT
        *lines, rest = drawn.split("\n")
        if rest:
            self._rest[name] = rest
        _log(lines)
        return text

    def end(self, error: str = "") -> None:
        """Log what is left of lines without an end, and the cell's error, if any."""
        _log([*self._rest.values(), *error.splitlines()])
        self._rest.clear()


def _log(lines: Iterable[str]) -> None:
    for line in lines:
        _NOTEBOOK.info("%s", line)
