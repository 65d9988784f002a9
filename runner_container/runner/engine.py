"""papermill's execution of a notebook, with timed saves, progress, bounded text, and a kernel that other threads can interrupt."""

import asyncio
import json
import logging
import time
from collections.abc import Callable
from typing import Any, Final

import nbformat
from jupyter_core.utils import run_sync
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode
from nbformat.v4.nbjson import BytesEncoder

from runner.cell_log import CellLog
from runner.kernel_start import KernelStarter
from runner.papermill_without_stores import (
    ERROR_ANCHOR_MSG,
    ERROR_MARKER_TAG,
    ERROR_MESSAGE_TEMPLATE,
    NotebookExecutionManager,
    PapermillNotebookClient,
)
from runner.watchdog import Watchdog

__all__ = ["RunManager", "execute_cells"]

_IOPUB_SECONDS: Final = 60
"""How long to wait for the rest of a cell's output once the cell has ended. nbclient's 4 s lose output on a busy machine."""
_SAVE_INTERVAL_FACTOR: Final = 20
"""A save that took t is not repeated for 20 t, so that a large notebook spends at most 5 % of its time on saves."""
_SUCCESSFUL_EXITS: Final = frozenset({("SystemExit", ""), ("SystemExit", "0"), ("SystemExit", "None")})


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
        self.cell: int | None = None
        self.error: CellExecutionError | None = None
        self.save_seconds = save_seconds
        self._on_cell = on_cell
        code_cells = [index for index, cell in enumerate(nb.cells) if cell.cell_type == "code"]
        self._numbers = {index: number for number, index in enumerate(code_cells, start=1)}
        self._index: int | None = None
        self._changed = False
        self._next_save = 0.0

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
        self._index = cell_index
        if cell_index in self._numbers:
            self.cell = self._numbers[cell_index]
            self.log.start_cell(self.cell, len(self._numbers))
            self._on_cell(self.cell, len(self._numbers))
        super().cell_start(cell, cell_index, **kwargs)

    def cell_exception(self, cell: NotebookNode, cell_index: int | None = None, **kwargs: Any) -> None:
        """Keep the error that ended the run. `sys.exit(0)` is not an error."""
        error: CellExecutionError = kwargs["exception"]
        if (error.ename, error.evalue) not in _SUCCESSFUL_EXITS:
            super().cell_exception(cell, cell_index, **kwargs)
            self.error = error

    def mark_interrupted_cell(self) -> None:
        """Mark the running cell as failed, so that the cells after it do not count as completed."""
        if self._index is not None:
            super().cell_exception(self.nb.cells[self._index], self._index)

    def mark_error(self) -> None:
        """Add a note at the top of the notebook that links to the cell that raised, and an anchor there, as papermill does."""
        if self.error is None or self._index is None:
            return
        count = self.nb.cells[self._index].execution_count
        self.nb.cells.insert(self._index, _make_note(ERROR_ANCHOR_MSG))
        self.nb.cells.insert(0, _make_note(ERROR_MESSAGE_TEMPLATE % count))

    def cell_complete(self, cell: NotebookNode, cell_index: int | None = None, **kwargs: Any) -> None:
        """Log the rest of the cell's output and, if it raised, the traceback."""
        errors = [output for output in cell.get("outputs", []) if output.output_type == "error"]
        self.log.end_cell("\n".join(line for error in errors for line in error.traceback))
        super().cell_complete(cell, cell_index, **kwargs)


class RunClient(PapermillNotebookClient):  # type: ignore[misc]
    """nbclient for one run: starts its kernel with the run's launcher, saves while a cell runs, bounds what a cell may print."""

    nb_man: RunManager
    clear_before_next_output: bool

    def __init__(self, manager: RunManager, starter: KernelStarter, **kwargs: Any) -> None:
        super().__init__(manager, km=starter.manager, kernel_name=starter.kernel.name, **kwargs)
        self._starter = starter

    def create_kernel_manager(self) -> Any:
        """Start the kernel, if that did not succeed early, and return its manager."""
        return self._starter.start()

    def start_new_kernel_client(self) -> Any:
        """Wait until the kernel responds; from then on it can be interrupted.

        jupyter_client chooses free ports before the kernel binds them. If another process binds one first, start a kernel with other ports.
        """
        try:
            client = super().start_new_kernel_client()
        except RuntimeError:
            if not self._ports_were_taken():
                raise
            self.km = self._starter.start()
            client = super().start_new_kernel_client()
        if self._starter.process:
            self._starter.process.ready = True
        return client

    def _ports_were_taken(self) -> bool:
        stderr = self._starter.stderr
        return stderr is not None and any("Address already in use" in line for line in stderr.lines())

    async def async_execute_cells(self) -> None:
        """Execute the cells as papermill does, but in one run of the event loop instead of one for each cell, and save meanwhile."""
        saves = asyncio.ensure_future(self._save_regularly())
        try:
            for index, cell in enumerate(self.nb.cells):
                try:
                    self.nb_man.cell_start(cell, index)
                    await self.async_execute_cell(cell, index)
                except CellExecutionError as error:
                    self.nb_man.cell_exception(self.nb.cells[index], index, exception=error)
                    break
                finally:
                    self.nb_man.cell_complete(self.nb.cells[index], index)
        finally:
            saves.cancel()

    papermill_execute_cells = run_sync(async_execute_cells)

    async def _save_regularly(self) -> None:
        while True:
            await asyncio.sleep(self.nb_man.save_seconds)
            self.nb_man.save_if_due()

    def output(self, outs: list[NotebookNode], msg: dict[str, Any], display_id: str | None, cell_index: int) -> Any:
        """Log what cells print, join consecutive chunks, and cut what exceeds a stream's limit."""
        hooked = bool(self.output_hook_stack[msg["parent_header"].get("msg_id")])
        if msg["msg_type"] != "stream" or hooked:
            return super().output(outs, msg, display_id, cell_index)
        name, text = msg["content"]["name"], msg["content"]["text"]
        if self.clear_before_next_output:
            outs.clear()
            self.clear_display_id_mapping(cell_index)
            self.clear_before_next_output = False
        else:
            self.nb_man.log.write(name, text)
        if new_indexes := self.nb_man.log.add(outs, name, text):
            for by_cell in self._display_id_map.values():
                by_cell[cell_index] = [new_indexes[index] for index in by_cell.get(cell_index, ())]
        return outs[-1] if outs else None


def execute_cells(manager: RunManager, starter: KernelStarter, *, start_seconds: int) -> None:
    """Execute all cells, up to the first that raises, and end the kernel.

    The notebook in the manager is consistent whatever happens, and `manager.error` is the error that a cell raised.

    Parameters
    ----------
    manager
        The manager, with the notebook.
    starter
        Has started the kernel, or starts it now.
    start_seconds
        How long the kernel may take to start.

    Raises
    ------
    DeadKernelError
        If the kernel ended by itself, or was killed.
    StopRequestedError
        If the run has to end, between two cells.
    RuntimeError, OSError
        If the kernel does not start.
    """
    manager.notebook_start()
    try:
        RunClient(
            manager,
            starter,
            startup_timeout=start_seconds,
            timeout=None,
            iopub_timeout=_IOPUB_SECONDS,
            raise_on_iopub_timeout=False,
            log=logging.getLogger("nbclient"),
        ).execute(cleanup_kc=True)
    except BaseException:
        manager.mark_interrupted_cell()
        raise
    finally:
        manager.notebook_complete()
        manager.mark_error()
        manager.save_final()


def _make_note(text: str) -> NotebookNode:
    note: NotebookNode = nbformat.v4.new_markdown_cell(text)  # type: ignore[no-untyped-call]
    note.metadata["tags"] = [ERROR_MARKER_TAG]
    return note
