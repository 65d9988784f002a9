"""One run, from the work order to the outcome: download, execute, convert, upload.

At its top it imports nothing that only the execution needs: `command` loads that in the background meanwhile.
"""

import logging
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from runner.errors import RunProblemError, RunRevokedError, StopRequestedError
from runner.exit_codes import Code
from runner.final_uploads import FinalUploads
from runner.heartbeat import Heartbeats
from runner.launchers import Launcher
from runner.memory import MemoryWatch
from runner.outcomes import Outcome, describe_early_end
from runner.outputs import Baseline, find_outputs
from runner.partial_uploads import PartialUploads
from runner.run_warnings import RunWarnings, WarningCode
from runner.scheduler_api import SchedulerApi
from runner.settings import Intervals
from runner.snapshot import Snapshot, download_snapshot
from runner.uploads import Uploads
from runner.watchdog import Watchdog
from runner.work_order import WorkOrder

if TYPE_CHECKING:
    from runner.execution import Execution

__all__ = ["Run"]

_LOG = logging.getLogger(__name__)
_CONVERT_SECONDS: Final = 600
"""A conversion that takes longer hangs: HTML of 100 MB takes a minute."""
_CONVERT_IN_GRACE_SECONDS: Final = 30
"""The limit after SIGTERM, when the uploads are more important."""
_REPORTED_FAILURES: Final = 3
"""How many failed uploads a message names …"""
_LOGGED_PROBLEMS: Final = 100
"""… and how many problems and failures the log names."""
_SHARED_MEMORY: Final = Path("/dev/shm")  # noqa: S108 - the folder in it gets a random name, and belongs to the runner
"""A place for conversions if the disk is full, for example because the notebook has filled it."""
_CONVERTED_SIZE: Final = 4
"""A conversion needs less than this multiple of the notebook's size, plus …"""
_TEMPLATE_BYTES: Final = 4 << 20
"""… this."""


class Run:
    """One run of one notebook.

    Parameters
    ----------
    order
        What to run.
    api
        The service.
    launcher, watchdog, memory, heartbeats
        The launcher starts the kernel, the watchdog can end the run, `memory` detects that the kernel was killed for memory, and
        heartbeats carry the progress.
    intervals
        How often to save and upload.
    """

    def __init__(
        self,
        order: WorkOrder,
        api: SchedulerApi,
        *,
        launcher: Launcher,
        watchdog: Watchdog,
        memory: MemoryWatch,
        heartbeats: Heartbeats,
        intervals: Intervals,
    ) -> None:
        self._order = order
        self._api = api
        self._launcher = launcher
        self._watchdog = watchdog
        self._memory = memory
        self._heartbeats = heartbeats
        self._intervals = intervals
        self._finish_end = time.monotonic() + order.timeout_seconds + order.finish_seconds
        self._uploads = Uploads(api, patience_seconds=intervals.retry_seconds)
        self._warnings = RunWarnings()
        self._final_uploads = FinalUploads(order, self._uploads, self._warnings)
        self._internal_errors: dict[str, str] = {}
        self._snapshot: Snapshot | None = None
        self._baseline: Baseline | None = None
        self._execution: Execution | None = None

    def run(self, base: Path) -> Outcome:
        """Run the notebook and upload whatever outputs there are.

        Parameters
        ----------
        base
            An existing, empty folder.

        Raises
        ------
        RunRevokedError
            If the run no longer belongs to this container.
        """
        outcome = self._execute_safely(base)
        _LOG.info("%s %s", outcome.code, outcome.message)
        self._api.retry_until(self._finish_end)
        self._upload(base)
        return self._final(outcome)

    def report(self, outcome: Outcome) -> dict[str, Any]:
        """Return the body of the report."""
        return {
            "outcome": outcome.as_json(),
            "warnings": self._warnings.as_json(),
            "files_count": self._uploads.count,
            "files_bytes": self._uploads.size_bytes,
        }

    def _execute_safely(self, base: Path) -> Outcome:
        try:
            return self._execute(base)
        except RunRevokedError:
            raise
        except StopRequestedError:
            return describe_early_end(
                self._watchdog.reason or Code.STOPPED, timeout_seconds=self._order.timeout_seconds
            )
        except RunProblemError as error:
            return Outcome(code=error.code, message=str(error))
        except Exception as error:  # noqa: BLE001 - whatever it is, the outputs must be uploaded and the outcome reported
            _LOG.exception("internal error")
            return Outcome(code=Code.RUNNER_ERROR, message=f"{type(error).__name__}: {error}")
        finally:
            self._watchdog.execution_ended()
            self._launcher.kill_all()

    def _execute(self, base: Path) -> Outcome:
        self._snapshot = download_snapshot(self._order, self._api, base, check=self._watchdog.check)
        execution = self._prepare(self._snapshot)
        self._execution = execution
        self._watchdog.check()
        partial = PartialUploads(
            self._uploads,
            self._watchdog,
            saved=lambda: execution.manager.saved,
            path=self._notebook_path,
            intervals=self._intervals,
        )
        partial.start()
        try:
            return execution.run()
        finally:
            partial.end()

    def _prepare(self, snapshot: Snapshot) -> "Execution":
        """Start the kernel and, while it starts, read the notebook.

        Everything that the notebook's user may change from then on is read before: the notebook itself, and the state of its folder.
        """
        data = snapshot.notebook.read_bytes()
        self._launcher.change_owner(snapshot.folder)
        self._baseline = Baseline.of(snapshot.folder, snapshot.checksums)
        from runner.kernel_start import KernelStarter, start_kernel_early  # noqa: PLC0415 - see the module's docstring

        order, folder = self._order, snapshot.folder
        starter = start_kernel_early(data, order, launcher=self._launcher, watchdog=self._watchdog, folder=folder)
        from runner.execution import Execution  # noqa: PLC0415 - the kernel starts while these are imported
        from runner.kernels import choose_kernel, installed_kernels, write_kernel_metadata  # noqa: PLC0415
        from runner.notebooks import read_notebook  # noqa: PLC0415
        from runner.parameterize import parameterized  # noqa: PLC0415

        notebook = read_notebook(data, order.filename, self._warnings)
        if starter is None:
            kernel = choose_kernel(
                notebook.metadata, environment=order.environment, fallback=order.kernel, installed=installed_kernels()
            )
            starter = KernelStarter(
                kernel, launcher=self._launcher, watchdog=self._watchdog, folder=folder, variables=order.variables
            )
        write_kernel_metadata(notebook.metadata, starter.kernel)
        return Execution(
            parameterized(notebook, order, starter.kernel, self._warnings),
            order,
            starter,
            watchdog=self._watchdog,
            memory=self._memory,
            heartbeats=self._heartbeats,
            warnings=self._warnings,
            intervals=self._intervals,
        )

    def _upload(self, base: Path) -> None:
        """Upload the notebook, the files and the other formats. A problem with one of them does not affect the others."""
        if self._execution is None or (saved := self._execution.manager.saved) is None:
            return
        self._warn_of_cut_text(self._execution)
        self._execution = None  # its notebook takes more memory than the saved one, and the converter needs much
        uploads = self._final_uploads
        self._heartbeats.set_phase("uploading")
        self._safely("notebook", lambda: uploads.upload_notebook(saved))
        self._safely("files", lambda: self._upload_files(base, saved))
        if uploads.formats:
            self._heartbeats.set_phase("converting")
            self._safely("formats", lambda: self._convert(base, saved))
        uploads.warn_of_refusals()
        _log_problems([*uploads.format_problems, *_describe(uploads.missing)])

    def _safely(self, what: str, step: Callable[[], None]) -> None:
        try:
            step()
        except RunRevokedError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the rest must be uploaded and the outcome reported
            _LOG.exception("internal error")
            self._internal_errors[what] = f"internal error of the runner: {type(error).__name__}: {error}"

    def _upload_files(self, base: Path, saved: bytes) -> None:
        if self._snapshot and self._baseline:
            findings = find_outputs(self._snapshot.folder, self._baseline)
            self._final_uploads.upload_files(findings, base=base, notebook=saved)

    def _convert(self, base: Path, saved: bytes) -> None:
        needed_bytes = _CONVERTED_SIZE * len(saved) + _TEMPLATE_BYTES
        has_space = shutil.disk_usage(base).free > needed_bytes or not _SHARED_MEMORY.is_dir()
        terminated = self._watchdog.reason is Code.TERMINATED
        with tempfile.TemporaryDirectory(prefix="formats-", dir=base if has_space else _SHARED_MEMORY) as folder:
            notebook = Path(folder, "executed.ipynb")
            notebook.write_bytes(saved)
            self._final_uploads.upload_formats(
                notebook, timeout_seconds=_CONVERT_IN_GRACE_SECONDS if terminated else _CONVERT_SECONDS
            )

    def _warn_of_cut_text(self, execution: "Execution") -> None:
        from runner.cell_log import MAX_STREAM_CHARACTERS  # noqa: PLC0415 - see the module's docstring

        if cut := execution.manager.log.cut_cells:
            message = (
                f"Some cells printed more than the {MAX_STREAM_CHARACTERS:,} characters that the notebook keeps of stdout and of stderr: "
                "the middle was left out. Write long results to a file."
            )
            self._warnings.add(WarningCode.TEXT_CUT, message, names=[f"cell {number}" for number in cut])

    def _final(self, outcome: Outcome) -> Outcome:
        if self._watchdog.reason is Code.STOPPED and outcome.code is not Code.STOPPED:
            outcome = replace(
                outcome, code=Code.STOPPED, message="The run was stopped after its last cell.", error_name=None
            )
        if missing := _describe({**self._final_uploads.missing, **self._internal_errors}):
            more = f" and {len(missing) - _REPORTED_FAILURES} more" if len(missing) > _REPORTED_FAILURES else ""
            outcome = _add_problem(
                outcome,
                Code.UPLOAD_FAILED,
                f"Not every output could be uploaded: {'; '.join(missing[:_REPORTED_FAILURES])}{more}",
            )
        if problems := self._final_uploads.format_problems:
            outcome = _add_problem(
                outcome, Code.ENVIRONMENT_PROBLEM, f"Not every format could be made: {'; '.join(problems)}"
            )
        return outcome

    @property
    def _notebook_path(self) -> str:
        return f"{self._order.output_stem}.ipynb"


def _describe(problems: Mapping[str, str]) -> list[str]:
    return [f"{what}: {why}" for what, why in problems.items()]


def _log_problems(problems: Sequence[str]) -> None:
    for problem in problems[:_LOGGED_PROBLEMS]:
        _LOG.warning("%s", problem)
    if (more := len(problems) - _LOGGED_PROBLEMS) > 0:
        _LOG.warning("… and %d more", more)


def _add_problem(outcome: Outcome, code: Code, message: str) -> Outcome:
    """Add a problem that occurred after the cells. It changes only the code of a success."""
    combined = code if outcome.code is Code.SUCCEEDED else outcome.code
    return replace(outcome, code=combined, message=f"{outcome.message}\n{message}".strip())
