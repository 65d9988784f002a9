"""What cells say, as lines of the container's log, and how much of it is kept."""

import sys
from collections.abc import Iterable
from contextlib import suppress
from typing import Final, TextIO

from runner.outcomes import plain_text

__all__ = ["MOST_CELL_CHARACTERS", "CellLog", "redrawn"]

MOST_CELL_CHARACTERS: Final = 1_000_000
"""Text of one cell that is kept in the notebook and in the log: some 10,000 lines, and a page that a browser still opens."""
_LINE_CHARACTERS: Final = 10_000
"""Longest line of the log; CloudWatch Logs takes 256 KiB an event, but nobody reads that."""
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
    """Writes cells' streams as whole lines, and counts what a cell has said.

    Parameters
    ----------
    stream
        Where to write; the process's stdout, which the container's log driver reads.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stdout
        self._rest: dict[str, str] = {}
        self._left = MOST_CELL_CHARACTERS

    def begin(self, number: int, total: int) -> None:
        """Announce a code cell, counted from 1."""
        self._left = MOST_CELL_CHARACTERS
        self._write_lines([f"--- cell {number} of {total}"])

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
        self._write_lines(lines)
        return text

    def end(self, error: str = "") -> None:
        """Log what is left of lines without an end, and the cell's error, if any."""
        self._write_lines([*self._rest.values(), *error.splitlines()])
        self._rest.clear()

    def _write_lines(self, lines: Iterable[str]) -> None:
        # A log that cannot be written (its reader is gone, its disk full) is no reason to lose the run.
        with suppress(OSError):
            self._stream.write("".join(f"{plain_text(line)[:_LINE_CHARACTERS]}\n" for line in lines))
            self._stream.flush()
