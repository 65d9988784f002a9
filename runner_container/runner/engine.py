"""papermill's execution of a notebook, with bounded text, tolerance for odd messages, and a kernel that other threads can interrupt."""

import asyncio
import logging
from typing import Any

from jupyter_core.utils import run_sync
from nbclient.exceptions import CellExecutionComplete
from nbformat import NotebookNode

from runner.cell_results import CellError, CellResult, judge_cell
from runner.kernel_messages import readable_content
from runner.kernel_start import KernelStarter
from runner.kernel_startup import startup_code, take_exit_status
from runner.papermill_without_stores import PapermillNotebookClient
from runner.run_manager import RunManager

__all__ = ["execute_cells"]

_LOG = logging.getLogger(__name__)


class RunClient(PapermillNotebookClient):  # type: ignore[misc]
    """nbclient for one run: starts its kernel with the run's launcher, saves while a cell runs, bounds what a cell may print.

    Whatever the kernel sends, the only errors are those that `execute_cells` names.
    """

    nb_man: RunManager
    clear_before_next_output: bool

    def __init__(self, manager: RunManager, starter: KernelStarter, **kwargs: Any) -> None:
        super().__init__(
            manager,
            km=starter.manager,
            kernel_name=starter.kernel.name,
            allow_errors=True,  # nbclient raises nothing; `judge_cell` decides
            on_cell_execute=self._cell_sent,
            on_cell_executed=self._cell_executed,
            **kwargs,
        )
        self._starter = starter
        self._shown: list[CellError] = []
        self._result = CellResult()
        self._has_all_outputs = True

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
        for channel in (client.shell_channel, client.iopub_channel):
            channel.on_unreadable = self._note_incomplete
        return client

    def _ports_were_taken(self) -> bool:
        stderr = self._starter.stderr
        return stderr is not None and any("Address already in use" in line for line in stderr.lines())

    def execute(self, **kwargs: Any) -> None:
        """Execute the cells. Everything that is asked of the kernel is asked before, so that the end of the last cell decides."""
        self.reset_execution_trackers()
        with self.setup_kernel(**kwargs):
            info = self.wait_for_reply(self.kc.kernel_info())["content"]
            if isinstance(info.get("language_info"), dict):
                self.nb.metadata["language_info"] = info["language_info"]
            if code := startup_code(self._starter.kernel.language):
                self.wait_for_reply(self.kc.execute(code, silent=True, store_history=False))
            try:
                self.papermill_execute_cells()
            finally:
                self._keep_widgets()

    async def async_execute_cells(self) -> None:
        """Execute the cells as papermill does, but in one run of the event loop instead of one for each cell, and save meanwhile."""
        saves = asyncio.ensure_future(self._save_regularly())
        try:
            for index, cell in enumerate(self.nb.cells):
                self.nb_man.cell_start(cell, index)
                self._shown, self._result = [], CellResult()
                try:
                    await self._execute(cell, index)
                    self.nb_man.cell_ended(cell, index, self._result)
                finally:
                    self.nb_man.cell_complete(cell, index)
                if self.nb_man.ended:
                    break
        finally:
            saves.cancel()

    papermill_execute_cells = run_sync(async_execute_cells)

    async def _execute(self, cell: NotebookNode, index: int) -> None:
        try:
            await self.async_execute_cell(cell, index)
        except (
            UnicodeEncodeError
        ) as error:  # half a surrogate pair in the source: JSON can express it, a kernel cannot get it
            self._result = CellResult(error=CellError(type(error).__name__, str(error)), ends_run=True)

    async def _save_regularly(self) -> None:
        while True:
            await asyncio.sleep(self.nb_man.save_seconds)
            self.nb_man.save_if_due()

    def _keep_widgets(self) -> None:
        try:
            self.set_widgets_metadata()
        except Exception as error:  # noqa: BLE001 - see `process_message`
            self._note_incomplete(f"the state of widgets: {type(error).__name__}: {error}")

    async def _async_cleanup_kernel(self) -> None:
        """End the kernel. If that fails, the launcher kills it; the outcome of the cells stays."""
        try:
            await super()._async_cleanup_kernel()
        except Exception:  # noqa: BLE001 - nothing about the end of the kernel can change what the cells have done
            _LOG.info("the kernel did not shut down", exc_info=True)

    _cleanup_kernel = run_sync(_async_cleanup_kernel)

    def _cell_sent(self, **_: Any) -> None:
        self._has_all_outputs = False

    def _cell_executed(self, cell: NotebookNode, execute_reply: dict[str, Any], **_: Any) -> None:
        if not self._has_all_outputs:
            self._note_incomplete("the kernel did not signal the end of the outputs")
        reply = execute_reply["content"]
        if status := take_exit_status(self._starter.kernel.language, cell.outputs):
            reply = {"status": "error", "ename": "SystemExit", "evalue": status}
        shown = [CellError.of(output) for output in cell.outputs if output.output_type == "error"]
        tags = cell.metadata.get("tags", [])
        self._result = judge_cell(reply, shown=[*self._shown, *shown], tags=tags)

    def _note_incomplete(self, what: str) -> None:
        place = f"cell {self.nb_man.cell}" if self.nb_man.cell else "before the first cell"
        self.nb_man.incomplete.append(f"{place}: {what}")

    def process_message(self, msg: dict[str, Any], cell: NotebookNode, cell_index: int) -> NotebookNode | None:
        """Handle a message of the kernel for a cell. One that cannot be handled is left out, and noted."""
        try:
            readable = {**msg, "content": readable_content(msg["msg_type"], msg["content"])}
            output: NotebookNode | None = super().process_message(readable, cell, cell_index)
        except CellExecutionComplete:
            self._has_all_outputs = True
            raise
        except Exception as error:  # noqa: BLE001 - libraries raise anything on odd messages, and none is the runner's fault
            self._note_incomplete(f"{msg['msg_type']}: {type(error).__name__}: {error}")
            return None
        return output

    def output(self, outs: list[NotebookNode], msg: dict[str, Any], display_id: str | None, cell_index: int) -> Any:
        """Log what cells print, join consecutive chunks, and cut what exceeds a stream's limit."""
        hooked = bool(self.output_hook_stack[msg["parent_header"].get("msg_id")])
        if hooked and msg["msg_type"] == "error":
            self._shown.append(CellError.of(msg["content"]))
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


def execute_cells(manager: RunManager, starter: KernelStarter, *, start_seconds: int, iopub_seconds: int) -> None:
    """Execute all cells, up to the first that ends the run, and end the kernel.

    The notebook in the manager is consistent whatever happens.

    Parameters
    ----------
    manager
        The manager, with the notebook.
    starter
        Has started the kernel, or starts it now.
    start_seconds
        How long the kernel may take to start.
    iopub_seconds
        How long to wait for the rest of a cell's output.

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
            iopub_timeout=iopub_seconds,
            raise_on_iopub_timeout=False,
            log=logging.getLogger("nbclient"),
        ).execute(cleanup_kc=True)
    except BaseException:
        manager.mark_interrupted_cell()
        raise
    finally:
        manager.notebook_complete()
