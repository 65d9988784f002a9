"""Execute a notebook and determine the outcome."""

import logging
import signal

from nbclient.exceptions import DeadKernelError
from nbformat import NotebookNode

from runner.cell_log import CellLog
from runner.cell_results import CellError
from runner.engine import execute_cells
from runner.errors import StopRequestedError
from runner.exit_codes import Code
from runner.heartbeat import Heartbeats
from runner.kernel_start import KernelStarter
from runner.memory import MemoryWatch
from runner.outcomes import Outcome, clean_text, describe_cell_error, describe_early_end
from runner.run_manager import RunManager
from runner.run_warnings import RunWarnings, WarningCode
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
            outcome = self._execute()
            self._warn()
            self.manager.note_end(outcome.code)
            return outcome
        finally:
            self._watchdog.execution_ended()
            self.manager.save_final()

    def _execute(self) -> Outcome:
        try:
            execute_cells(
                self.manager,
                self._starter,
                start_seconds=self._intervals.start_seconds,
                iopub_seconds=int(self._intervals.iopub_seconds),
            )
        except (DeadKernelError, StopRequestedError, RuntimeError, OSError) as error:
            return self._interrupted_outcome(error)
        return self._completed_outcome()

    def _warn(self) -> None:
        manager = self.manager
        if incomplete := manager.incomplete:
            message = (
                "Some outputs of cells may be missing from the notebook, because the kernel sent them incompletely."
            )
            self._warnings.add(WarningCode.OUTPUTS_INCOMPLETE, message, names=incomplete)
        if (
            manager.index is not None
            and manager.ended
            and not manager.errors
            and (left := manager.cells - (manager.cell or 0))
        ):
            cells = "the cell after it" if left == 1 else f"the {left} cells after it"
            message = f"{_capitalized(manager.describe(manager.index))} ended the notebook; {cells} did not run."
            self._warnings.add(WarningCode.ENDED_EARLY, message)

    def _outcome(self, code: Code, message: str = "") -> Outcome:
        return Outcome(code=code, message=message, cell=self.manager.cell)

    def _completed_outcome(self) -> Outcome:
        if self._watchdog.reason is not None:
            return self._stopped_outcome(self._watchdog.reason)
        if not self.manager.errors:
            return Outcome(code=Code.SUCCEEDED)
        first, *_ = errors = self.manager.errors
        index, error = errors[-1] if self.manager.ended else first
        message = self._describe_error(index, error)
        if first != (index, error):
            message += f"\nBefore that: {self._describe_error(*first)}"
        if self._memory.ran_out():
            message += f" (A process was killed because the container's memory was full: {self._memory_advice()}.)"
        return Outcome(
            code=Code.NOTEBOOK_ERROR, message=message, cell=self.manager.number(index), error_name=error.name
        )

    def _describe_error(self, index: int, error: CellError) -> str:
        described = describe_cell_error(name=error.name, value=error.value, environment=self._order.environment)
        return f"{_capitalized(self.manager.describe(index))} raised {described}"

    def _interrupted_outcome(self, error: Exception) -> Outcome:
        kernel = self._starter.process
        if self._watchdog.reason is not None:
            return self._stopped_outcome(self._watchdog.reason)
        stderr = self._starter.stderr.lines() if self._starter.stderr else []
        for line in stderr:
            _LOG.info("kernel: %s", line)
        where = self._where()
        if kernel is not None and kernel.exit_code == -signal.SIGKILL and self._memory.ran_out():
            return self._outcome(
                Code.OUT_OF_MEMORY, f"The container's memory was full{where}: {self._memory_advice()}."
            )
        if kernel is None or not kernel.ready:
            _LOG.error("the kernel did not start", exc_info=error)
            last = f" Its last output: {clean_text(stderr[-1], limit=300)}" if stderr else ""
            reason = clean_text(str(error), limit=500)
            message = f"The kernel '{self._starter.kernel.name}' did not start: {reason}.{last}"
            return self._outcome(Code.ENVIRONMENT_PROBLEM, message)
        if isinstance(error, DeadKernelError):
            return self._outcome(
                Code.KERNEL_DIED, f"The kernel ended by itself{where}{_describe_exit_code(kernel.exit_code)}."
            )
        raise error

    def _stopped_outcome(self, reason: Code) -> Outcome:
        return describe_early_end(
            reason, where=self._where(), cell=self.manager.cell, timeout_seconds=self._order.timeout_seconds
        )

    def _where(self) -> str:
        index = self.manager.index
        return "" if index is None else f" in {self.manager.describe(index)}"

    def _memory_advice(self) -> str:
        size = self._memory.limit_bytes / (1 << 30)
        return f"{size:.1f} GiB. Choose a compute type with more, or work on less data at a time"


def _describe_exit_code(exit_code: int | None) -> str:
    if exit_code is None:
        return ""
    if exit_code < 0:
        return f": it was killed by {signal.Signals(-exit_code).name}"
    advice = "; a notebook that has nothing more to do can call `sys.exit(0)`" if exit_code == 0 else ""
    return f", with exit code {exit_code}{advice}"


def _capitalized(text: str) -> str:
    return text[:1].upper() + text[1:]
