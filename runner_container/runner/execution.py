"""Execute a notebook and determine the outcome."""

import logging
import signal
from datetime import timedelta

from nbclient.exceptions import DeadKernelError
from nbformat import NotebookNode

from runner.cell_log import CellLog
from runner.engine import RunManager, execute_cells
from runner.errors import StopRequestedError
from runner.exit_codes import Code
from runner.heartbeat import Heartbeats
from runner.kernel_start import KernelStarter
from runner.memory import MemoryWatch
from runner.outcomes import Outcome, clean_text, describe_cell_error
from runner.run_warnings import RunWarnings
from runner.settings import Intervals
from runner.watchdog import Watchdog
from runner.work_order import WorkOrder

__all__ = ["Execution"]

_LOG = logging.getLogger(__name__)


class Execution:
    """One execution of a notebook.

    Parameters
    ----------
    notebook
        The notebook with parameters and kernel; executed in place.
    order
        What to run.
    starter
        Has started the kernel, or starts it when the execution begins.
    watchdog, memory, heartbeats, warnings
        The watchdog can end the run, `memory` detects that the kernel was killed for memory, heartbeats carry the progress, and
        `warnings` collects what a person would want to know besides the outcome.
    intervals
        How often to save.
    """

    def __init__(
        self,
        notebook: NotebookNode,
        order: WorkOrder,
        starter: KernelStarter,
        *,
        watchdog: Watchdog,
        memory: MemoryWatch,
        heartbeats: Heartbeats,
        warnings: RunWarnings,
        intervals: Intervals,
    ) -> None:
        self._order = order
        self._starter = starter
        self._watchdog = watchdog
        self._memory = memory
        self._warnings = warnings
        self._intervals = intervals
        self.manager = RunManager(
            notebook, watchdog=watchdog, log=CellLog(), on_cell=heartbeats.set_cell, save_seconds=intervals.save_seconds
        )
        # File names, where papermill has paths of a machine.
        notebook.metadata.papermill["input_path"] = order.filename
        notebook.metadata.papermill["output_path"] = f"{order.output_stem}.ipynb"

    def run(self) -> Outcome:
        """Execute the cells.

        Returns
        -------
            Why the execution ended. Errors that are not the notebook's fault and that no outcome describes are raised.
        """
        try:
            execute_cells(self.manager, self._starter, start_seconds=self._intervals.start_seconds)
        except (DeadKernelError, StopRequestedError, RuntimeError, OSError) as error:
            return self._interrupted_outcome(error)
        finally:
            self._watchdog.execution_ended()
        return self._completed_outcome()

    def _outcome(self, code: Code, message: str = "", *, error_name: str | None = None) -> Outcome:
        return Outcome(code=code, message=message, cell=self.manager.cell, error_name=error_name)

    def _completed_outcome(self) -> Outcome:
        error = self.manager.error
        if self._watchdog.reason is not None:
            return self._stopped_outcome(self._watchdog.reason)
        if error is None:
            return Outcome(code=Code.SUCCEEDED)
        message = describe_cell_error(name=error.ename, value=error.evalue, environment=self._order.environment)
        if self._memory.ran_out():
            message += f" (A process was killed because the container's memory was full: {self._memory_advice()}.)"
        return self._outcome(Code.NOTEBOOK_ERROR, message, error_name=error.ename)

    def _interrupted_outcome(self, error: Exception) -> Outcome:
        kernel = self._starter.process
        if self._watchdog.reason is not None:
            return self._stopped_outcome(self._watchdog.reason)
        stderr = self._starter.stderr.lines() if self._starter.stderr else []
        for line in stderr:
            _LOG.info("kernel: %s", line)
        if kernel is not None and kernel.exit_code == -signal.SIGKILL and self._memory.ran_out():
            return self._outcome(Code.OUT_OF_MEMORY, f"The container's memory was full: {self._memory_advice()}.")
        if kernel is None or not kernel.ready:
            _LOG.error("the kernel did not start", exc_info=error)
            last = f" Its last output: {clean_text(stderr[-1], limit=300)}" if stderr else ""
            reason = clean_text(str(error), limit=500)
            message = f"The kernel '{self._starter.kernel.name}' did not start: {reason}.{last}"
            return self._outcome(Code.ENVIRONMENT_PROBLEM, message)
        if isinstance(error, DeadKernelError):
            return self._outcome(
                Code.KERNEL_DIED, f"The kernel ended by itself{_describe_exit_code(kernel.exit_code)}."
            )
        raise error

    def _stopped_outcome(self, reason: Code) -> Outcome:
        where = (
            f" in cell {self.manager.cell} of {self.manager.cells}" if self.manager.cell else " before its first cell"
        )
        limit = timedelta(seconds=self._order.timeout_seconds)
        messages = {
            Code.STOPPED: f"The run was stopped{where}.",
            Code.TIMEOUT: f"The run reached its maximum run time ({limit}){where}. You can set a longer one for the next run.",
            Code.TERMINATED: f"The container was terminated{where}: Spot capacity was reclaimed, or the task was stopped from outside.",
        }
        return self._outcome(reason, messages[reason])

    def _memory_advice(self) -> str:
        size = self._memory.limit_bytes / (1 << 30)
        return f"{size:.1f} GiB. Choose a compute type with more, or work on less data at a time"


def _describe_exit_code(exit_code: int | None) -> str:
    if exit_code is None:
        return ""
    if exit_code < 0:
        return f": it was killed by {signal.Signals(-exit_code).name}"
    return f" with exit code {exit_code}" + (", for example because a cell called `exit()`" if exit_code == 0 else "")
