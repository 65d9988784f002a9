"""papermill's execution of a notebook, with saves by time, progress, bounded text, and a kernel that can be interrupted from outside."""

import asyncio
import logging
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import nbformat
from jupyter_core.utils import run_sync
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode
from papermill.clientwrap import PapermillNotebookClient  # type: ignore[import-not-found,import-untyped,unused-ignore]
from papermill.engines import NotebookExecutionManager  # type: ignore[import-not-found,import-untyped,unused-ignore]
from papermill.execute import ERROR_ANCHOR_MSG, ERROR_MARKER_TAG, ERROR_MESSAGE_TEMPLATE  # type: ignore[import-not-found,import-untyped,unused-ignore]

from runner.cell_log import CellLog, redrawn
from runner.hardening import kernel_environment
from runner.kernel_stderr import KernelStderr
from runner.launchers import Launcher
from runner.processes import KernelProcess
from runner.provisioner import RunProvisioner
from runner.watchdog import Watchdog

__all__ = ["RunManager", "execute_cells"]

_IOPUB_SECONDS: Final = 60
"""How long to wait for the rest of a cell's output once it has ended; nbclient's 4 s lose output on a busy machine."""
_SAVE_SHARE: Final = 20
"""A save that took t is not repeated for 20 t, so that a large notebook spends at most 5 % of its time on saves."""


_PIECE_CHARACTERS: Final = 1 << 16
"""Pieces of a stream are joined up to this length: joining without end would copy the whole text again for each piece."""
_LEFT_WELL: Final = frozenset({("SystemExit", ""), ("SystemExit", "0"), ("SystemExit", "None")})


class RunManager(NotebookExecutionManager):  # type: ignore[misc]
    """Keeps the state of a running notebook, and a snapshot of it no older than a few seconds.

    Parameters
    ----------
    nb
        The notebook, changed in place.
    control, log
        Who may end the run, and where cells' text goes.
    on_cell
        Called with number (from 1) and count of code cells as each begins.
    save_seconds
        Least time between two snapshots.
    """

    def __init__(
        self,
        nb: NotebookNode,
        *,
        control: Watchdog,
        log: CellLog,
        on_cell: Callable[[int, int], None],
        save_seconds: float,
    ) -> None:
        super().__init__(nb, progress_bar=False)
        self.control = control
        self.log = log
        self.snapshot: bytes | None = None
        """The notebook as it was at the last save, replaced as a whole: threads may read it at any time."""
        self.cell: int | None = None
        self.error: CellExecutionError | None = None
        self.kernel: KernelProcess | None = None
        self.last_words: KernelStderr | None = None
        self.save_seconds = save_seconds
        self._on_cell = on_cell
        code_cells = [index for index, cell in enumerate(nb.cells) if cell.cell_type == "code"]
        self._numbers = {index: number for number, index in enumerate(code_cells, start=1)}
        self._index: int | None = None
        self._changed = False
        self._next_save = 0.0

    @property
    def cells(self) -> int:
        """How many code cells there are."""
        return len(self._numbers)

    def save(self, **kwargs: Any) -> None:  # noqa: ARG002 - papermill passes what it has
        """Note that something changed, and take a snapshot if the last one is old enough."""
        self._changed = True
        self.save_if_due()

    def autosave_cell(self) -> None:
        """Take note of a message of the kernel."""
        self.save()

    def save_if_due(self, *, now: bool = False) -> None:
        """Take a snapshot if something changed and the last one is old enough, or in any case."""
        begun = time.monotonic()
        if now or (self._changed and begun >= self._next_save):
            text: str = nbformat.v4.writes(self.nb)  # type: ignore[no-untyped-call]
            self.snapshot = text.encode("utf-8", "replace")
            self._changed = False
            ended = time.monotonic()
            self._next_save = ended + max(self.save_seconds, _SAVE_SHARE * (ended - begun))

    def cell_start(self, cell: NotebookNode, cell_index: int | None = None, **kwargs: Any) -> None:
        """Announce a cell; raises StopRequestedError if the run has to end."""
        self.control.check()
        self._index = cell_index
        if cell_index in self._numbers:
            self.cell = self._numbers[cell_index]
            self.log.begin(self.cell, len(self._numbers))
            self._on_cell(self.cell, len(self._numbers))
        super().cell_start(cell, cell_index, **kwargs)

    def cell_exception(self, cell: NotebookNode, cell_index: int | None = None, **kwargs: Any) -> None:
        """Keep the error that ended the run; leaving with `sys.exit(0)` is none."""
        error: CellExecutionError = kwargs["exception"]
        if (error.ename, error.evalue) not in _LEFT_WELL:
            super().cell_exception(cell, cell_index, **kwargs)
            self.error = error

    def broken_off(self) -> None:
        """Mark the running cell as failed, so that what comes after it is not taken for done."""
        if self._index is not None:
            super().cell_exception(self.nb.cells[self._index], self._index)

    def mark_error(self) -> None:
        """Put a note at the notebook's top that leads to the cell that raised, and an anchor there, as papermill does."""
        if self.error is None or self._index is None:
            return
        count = self.nb.cells[self._index].execution_count
        self.nb.cells.insert(self._index, _note(ERROR_ANCHOR_MSG))
        self.nb.cells.insert(0, _note(ERROR_MESSAGE_TEMPLATE % count))

    def cell_complete(self, cell: NotebookNode, cell_index: int | None = None, **kwargs: Any) -> None:
        """Log what the cell said last and, if it raised, the traceback."""
        errors = [output for output in cell.get("outputs", []) if output.output_type == "error"]
        self.log.end("\n".join(line for error in errors for line in error.traceback))
        super().cell_complete(cell, cell_index, **kwargs)


class RunClient(PapermillNotebookClient):  # type: ignore[misc]
    """nbclient for one run: names its kernel to the control, saves while a cell runs, bounds what a cell may print."""

    nb_man: RunManager

    def __init__(self, manager: RunManager, *, launcher: Launcher, **kwargs: Any) -> None:
        super().__init__(manager, **kwargs)
        self._launcher = launcher

    def create_kernel_manager(self) -> Any:
        """Make a manager whose kernels the run's launcher starts."""
        manager = super().create_kernel_manager()
        manager.provisioner = RunProvisioner(self._launcher, manager)
        return manager

    def start_new_kernel(self, **kwargs: Any) -> None:
        """Start the kernel with a cleaned environment and hand it to the control."""
        self._start_arguments = kwargs
        with KernelStderr(logs=not _is_ipykernel(self.km.kernel_spec.argv)) as words:
            pipes = {"stdout": words.pipe, "stderr": words.pipe}
            super().start_new_kernel(env=kernel_environment(os.environ), **pipes, **kwargs)
        self.nb_man.last_words = words
        self.nb_man.kernel = KernelProcess(self.km.provisioner.leader)
        self.nb_man.control.kernel_started(self.nb_man.kernel)

    def start_new_kernel_client(self) -> Any:
        """Wait until the kernel answers; from then on it can be interrupted.

        jupyter_client chooses free ports before the kernel binds them. If another process binds one first, a new kernel gets other ports.
        """
        try:
            client = super().start_new_kernel_client()
        except RuntimeError:
            if not self._ports_were_taken():
                raise
            self.create_kernel_manager()
            self.start_new_kernel(**self._start_arguments)
            client = super().start_new_kernel_client()
        if self.nb_man.kernel:
            self.nb_man.kernel.ready = True
        return client

    def _ports_were_taken(self) -> bool:
        words = self.nb_man.last_words
        return words is not None and any("Address already in use" in line for line in words.lines())

    async def async_execute_cell(self, *args: Any, **kwargs: Any) -> NotebookNode:
        """Execute a cell and take snapshots meanwhile."""
        saves = asyncio.ensure_future(self._save_regularly())
        try:
            executed: NotebookNode = await super().async_execute_cell(*args, **kwargs)
            return executed
        finally:
            saves.cancel()

    execute_cell = run_sync(async_execute_cell)

    async def _save_regularly(self) -> None:
        while True:
            await asyncio.sleep(self.nb_man.save_seconds)
            self.nb_man.save_if_due()

    def output(self, outs: list[NotebookNode], msg: dict[str, Any], display_id: str | None, cell_index: int) -> Any:
        """Log streams, leave out what exceeds a cell's allowance, and join pieces that follow each other."""
        hooked = bool(self.output_hook_stack[msg["parent_header"].get("msg_id")])
        if msg["msg_type"] != "stream" or hooked or self.clear_before_next_output:
            return super().output(outs, msg, display_id, cell_index)
        content = msg["content"]
        text = self.nb_man.log.take(content["name"], content["text"])
        last = outs[-1] if outs and outs[-1].output_type == "stream" and outs[-1].name == content["name"] else None
        if last is None or len(last.text) > _PIECE_CHARACTERS:
            return (
                super().output(outs, {**msg, "content": {**content, "text": text}}, display_id, cell_index)
                if text
                else None
            )
        last.text = redrawn(last.text + text)
        return last


def execute_cells(
    manager: RunManager, kernel_name: str, *, launcher: Launcher, folder: Path, start_seconds: int
) -> None:
    """Execute all cells, up to the first that raises.

    The notebook in the manager is right whatever happens, and `manager.error` is what a cell raised.

    Parameters
    ----------
    manager
        With the notebook.
    kernel_name
        An installed kernel.
    launcher
        Who starts it.
    folder
        The kernel's working directory.
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
            launcher=launcher,
            kernel_name=kernel_name,
            startup_timeout=start_seconds,
            timeout=None,
            iopub_timeout=_IOPUB_SECONDS,
            raise_on_iopub_timeout=False,
            log=logging.getLogger("nbclient"),
        ).execute(cwd=str(folder))
    except BaseException:
        manager.broken_off()
        raise
    finally:
        manager.notebook_complete()
        manager.save_if_due(now=True)


def _is_ipykernel(argv: Sequence[str]) -> bool:
    """Tell whether a kernel is ipykernel, which sends what is written to its stdout and stderr to Jupyter's channels as well."""
    return any(argument.startswith("ipykernel") for argument in argv)


def _note(text: str) -> NotebookNode:
    note: NotebookNode = nbformat.v4.new_markdown_cell(text)  # type: ignore[no-untyped-call]
    note.metadata["tags"] = [ERROR_MARKER_TAG]
    return note
