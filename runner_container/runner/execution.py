"""Executing one notebook: parameters, kernel, cells, and the outcome."""

import logging
import signal
from datetime import timedelta
from pathlib import Path

from nbclient.exceptions import DeadKernelError
from nbformat import NotebookNode
from papermill.exceptions import PapermillException  # type: ignore[import-not-found,import-untyped,unused-ignore]
from papermill.execute import remove_error_markers  # type: ignore[import-not-found,import-untyped,unused-ignore]
from papermill.parameterize import parameterize_notebook  # type: ignore[import-not-found,import-untyped,unused-ignore]

from runner.cell_log import CellLog
from runner.engine import RunManager, execute_cells
from runner.errors import RunProblemError, StopRequestedError
from runner.heartbeat import Heartbeats
from runner.kernels import Kernel
from runner.launchers import Launcher
from runner.memory import MemoryWatch
from runner.outcomes import Code, Outcome, clean_text, describe_cell_error
from runner.parameters import typed_parameters
from runner.settings import Intervals
from runner.watchdog import Watchdog
from runner.work_order import WorkOrder

__all__ = ["Execution", "parameterized"]

_LOG = logging.getLogger(__name__)


def parameterized(notebook: NotebookNode, order: WorkOrder, kernel: Kernel) -> NotebookNode:
    """Give the notebook with the parameters put in, as papermill does, after the cell that is tagged `parameters`.

    Raises
    ------
    RunProblemError
        `environment_problem`, if papermill cannot write them in the kernel's language.
    """
    notebook = remove_error_markers(notebook)
    if not order.parameters:
        return notebook
    values = typed_parameters(order.parameters)
    try:
        made: NotebookNode = parameterize_notebook(notebook, values, kernel_name=kernel.name, language=kernel.language)
    except (PapermillException, NotImplementedError) as error:
        told = f"Parameters cannot be given to the kernel '{kernel.name}' ({kernel.language}): {clean_text(str(error), limit=300)}"
        raise RunProblemError(Code.ENVIRONMENT_PROBLEM, told) from error
    return made


class Execution:
    """One execution of a notebook.

    Parameters
    ----------
    notebook
        With parameters and kernel; executed in place.
    order, kernel
        What to run, and with what.
    launcher, control, memory, beats
        Who starts the kernel, who may end it, who knows why it was killed, and whom to tell how far it is.
    intervals
        How often to take snapshots.
    """

    def __init__(
        self,
        notebook: NotebookNode,
        order: WorkOrder,
        kernel: Kernel,
        *,
        launcher: Launcher,
        control: Watchdog,
        memory: MemoryWatch,
        heartbeats: Heartbeats,
        intervals: Intervals,
    ) -> None:
        self._order = order
        self._kernel = kernel
        self._launcher = launcher
        self._control = control
        self._memory = memory
        self._intervals = intervals
        self.manager = RunManager(
            notebook, control=control, log=CellLog(), on_cell=heartbeats.cell, save_seconds=intervals.save_seconds
        )
        self._name_files()

    def run(self, folder: Path) -> Outcome:
        """Execute the cells.

        Parameters
        ----------
        folder
            The working directory.

        Returns
        -------
            Why the execution ended. What the notebook's fault is not and no outcome describes is raised.
        """
        try:
            execute_cells(
                self.manager,
                self._kernel.name,
                launcher=self._launcher,
                folder=folder,
                start_seconds=self._intervals.start_seconds,
            )
        except (DeadKernelError, StopRequestedError, RuntimeError, OSError) as error:
            return self._broken_off(error)
        finally:
            self._control.execution_ended()
        self.manager.mark_error()
        self.manager.save_if_due(now=True)
        return self._ended()

    def _name_files(self) -> None:
        """Write files' names into the notebook's metadata, where papermill has paths of a machine."""
        papermill = self.manager.nb.metadata.papermill
        papermill["input_path"] = self._order.filename
        papermill["output_path"] = f"{self._order.output_stem}.ipynb"

    def _outcome(self, code: Code, message: str = "", *, error_name: str | None = None) -> Outcome:
        return Outcome(code=code, message=message, cell=self.manager.cell, error_name=error_name)

    def _ended(self) -> Outcome:
        error = self.manager.error
        if self._control.reason is not None:
            return self._told_to_end(self._control.reason)
        if error is None:
            return Outcome(code=Code.SUCCEEDED)
        message = describe_cell_error(name=error.ename, value=error.evalue, environment=self._order.environment)
        if self._memory.ran_out():
            message += f" (A process was killed because the container's memory was full: {self._memory_told()}.)"
        return self._outcome(Code.NOTEBOOK_ERROR, message, error_name=error.ename)

    def _broken_off(self, error: Exception) -> Outcome:
        kernel = self.manager.kernel
        if self._control.reason is not None:
            return self._told_to_end(self._control.reason)
        words = self.manager.last_words.lines() if self.manager.last_words else []
        for line in words:
            _LOG.info("kernel: %s", line)
        if kernel is not None and kernel.exit_code == -signal.SIGKILL and self._memory.ran_out():
            return self._outcome(Code.OUT_OF_MEMORY, f"The container's memory was full: {self._memory_told()}.")
        if kernel is None or not kernel.ready:
            _LOG.error("the kernel did not start", exc_info=error)
            last = f" Its last words: {clean_text(words[-1], limit=300)}" if words else ""
            told = f"The kernel '{self._kernel.name}' did not start: {clean_text(str(error), limit=500)}.{last}"
            return self._outcome(Code.ENVIRONMENT_PROBLEM, told)
        if isinstance(error, DeadKernelError):
            return self._outcome(Code.KERNEL_DIED, f"The kernel ended by itself{_how(kernel.exit_code)}.")
        raise error

    def _told_to_end(self, reason: Code) -> Outcome:
        where = (
            f" in cell {self.manager.cell} of {self.manager.cells}" if self.manager.cell else " before its first cell"
        )
        limit = timedelta(seconds=self._order.timeout_seconds)
        messages = {
            Code.STOPPED: f"The run was stopped{where}.",
            Code.TIMEOUT: f"The run reached its maximum run time ({limit}){where}; it can be raised for the next one.",
            Code.TERMINATED: f"The container was told to end{where}: Spot capacity was reclaimed, or it was stopped from outside.",
        }
        return self._outcome(reason, messages[reason])

    def _memory_told(self) -> str:
        return f"{self._memory.limit_bytes / (1 << 30):.1f} GiB. Choose a compute type with more, or work on less data at a time"


def _how(exit_code: int | None) -> str:
    if exit_code is None:
        return ""
    if exit_code < 0:
        return f": it was killed by {signal.Signals(-exit_code).name}"
    return (
        f" with exit code {exit_code}, as `exit()` in a cell makes it"
        if exit_code == 0
        else f" with exit code {exit_code}"
    )
