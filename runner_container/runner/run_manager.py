"""The state of a running notebook: which cell runs, what failed, and a saved copy that is at most a few seconds old."""

import json
import time
from collections.abc import Callable
from typing import Any, Final

import nbformat
from nbformat import NotebookNode
from nbformat.v4.nbjson import BytesEncoder

from runner.cell_log import CellLog
from runner.cell_results import CellError, CellResult, quote_first_line
from runner.end_notes import add_end_notes
from runner.exit_codes import Code
from runner.papermill_without_stores import NotebookExecutionManager
from runner.watchdog import Watchdog

__all__ = ["RunManager"]

_SAVE_INTERVAL_FACTOR: Final = 20
"""A save that took t is not repeated for 20 t, so that a large notebook spends at most 5 % of its time on saves."""


class RunManager(NotebookExecutionManager):  # type: ignore[misc]
    """Keeps the state of a running notebook, and a saved copy of it that is at most a few seconds old.

    Parameters
    ----------
    nb
        The notebook, changed in place.
    watchdog, log
        The watchdog can end the run; the log receives what cells print.
    on_cell
        Called with the number (from 1) and the count of code cells when a code cell starts.
    save_seconds
        The shortest time between two saves.
    """

    def __init__(
        self,
        nb: NotebookNode,
        *,
        watchdog: Watchdog,
        log: CellLog,
        on_cell: Callable[[int, int], None],
        save_seconds: float,
    ) -> None:
        super().__init__(nb, progress_bar=False)
        self.watchdog = watchdog
        self.log = log
        self.saved: bytes | None = None
        """The notebook at the last save, replaced as a whole: threads may read it at any time."""
        self.index: int | None = None
        """The position of the code cell that runs, or ran last."""
        self.errors: list[tuple[int, CellError]] = []
        """The positions of the cells that failed, with their errors, in order."""
        self.ended = False
        """Whether the cell that ran last ended the run, by an error or because the notebook asked for it."""
        self.incomplete: list[str] = []
        """What cells have sent and the notebook does not contain, in words."""
        self.save_seconds = save_seconds
        self._on_cell = on_cell
        code_cells = [index for index, cell in enumerate(nb.cells) if cell.cell_type == "code"]
        self._numbers = {index: number for number, index in enumerate(code_cells, start=1)}
        self._changed = False
        self._next_save = 0.0

    @property
    def cell(self) -> int | None:
        """The number of the code cell that runs, or ran last, from 1."""
        return None if self.index is None else self._numbers[self.index]

    @property
    def cells(self) -> int:
        """The number of code cells."""
        return len(self._numbers)

    def save(self, **kwargs: Any) -> None:  # noqa: ARG002 - papermill passes arguments
        """Record that something changed, and save if the last save is old enough."""
        self._changed = True
        self.save_if_due()

    def autosave_cell(self) -> None:
        """Handle a message of the kernel."""
        self.save()

    def save_if_due(self) -> None:
        """Save if something changed and the last save is old enough, on one line: indentation costs ten times as much time."""
        started = time.monotonic()
        if self._changed and started >= self._next_save:
            self._save(json.dumps(self.nb, cls=BytesEncoder, ensure_ascii=False))
            ended = time.monotonic()
            self._next_save = ended + max(self.save_seconds, _SAVE_INTERVAL_FACTOR * (ended - started))

    def save_final(self) -> None:
        """Save in any case, formatted as Jupyter formats notebooks."""
        self._save(nbformat.v4.writes(self.nb))  # type: ignore[no-untyped-call]

    def _save(self, text: str) -> None:
        self.saved = text.encode("utf-8", "replace")
        self._changed = False

    def cell_start(self, cell: NotebookNode, cell_index: int | None = None, **kwargs: Any) -> None:
        """Log and report the start of a cell. Raise StopRequestedError if the run has to end."""
        self.watchdog.check()
        if cell_index in self._numbers:
            self.index, number = cell_index, self._numbers[cell_index]
            self.log.start_cell(number, self.cells)
            self._on_cell(number, self.cells)
        super().cell_start(cell, cell_index, **kwargs)

    def cell_ended(self, cell: NotebookNode, cell_index: int, result: CellResult) -> None:
        """Record the result of a cell."""
        self.ended = result.ends_run
        if result.error is not None:
            self.errors.append((cell_index, result.error))
            self.cell_exception(cell, cell_index)

    def mark_interrupted_cell(self) -> None:
        """Mark the cell that runs, or ran last, as failed, because the run ended in it."""
        if self.index is not None:
            self.cell_exception(self.nb.cells[self.index], self.index)

    def notebook_complete(self, **kwargs: Any) -> None:
        """Complete the metadata as papermill does, except that cells that have not run stay pending."""
        pending = [cell for cell in self.nb.cells if cell.metadata.papermill["status"] == self.PENDING]
        super().notebook_complete(**kwargs)
        for cell in pending:
            cell.metadata.papermill["status"] = self.PENDING

    def note_end(self, code: Code) -> None:
        """Add notes that lead to the cell where the run failed or ended, unless it succeeded or ended before its first cell."""
        index = self.errors[0][0] if code is Code.NOTEBOOK_ERROR and self.errors else self.index
        if code is not Code.SUCCEEDED and index is not None:
            add_end_notes(self.nb, code, index=index)

    def number(self, index: int) -> int:
        """Return the number of a code cell, from 1."""
        return self._numbers[index]

    def describe(self, index: int) -> str:
        """Describe a code cell for messages, by its number and its first line of code."""
        line = quote_first_line(self.nb.cells[index].source)
        return f"cell {self._numbers[index]} of {self.cells}" + (f" ({line})" if line else "")

    def cell_complete(self, cell: NotebookNode, cell_index: int | None = None, **kwargs: Any) -> None:
        """Log the rest of the cell's output and, if it raised, the traceback."""
        errors = [output for output in cell.get("outputs", []) if output.output_type == "error"]
        self.log.end_cell("\n".join(line for error in errors for line in error.traceback))
        super().cell_complete(cell, cell_index, **kwargs)
