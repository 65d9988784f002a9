"""One run, from the work order to the outcome: download, execute, convert, upload.

At its top it imports nothing that only the execution needs: `command` loads that in the background meanwhile.
"""

import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from runner.errors import RunnerError, RunProblemError, RunRevokedError, StopRequestedError
from runner.exit_codes import Code
from runner.formats import make_formats
from runner.heartbeat import Heartbeats
from runner.launchers import Launcher
from runner.memory import MemoryWatch
from runner.outcomes import Outcome
from runner.outputs import Baseline, find_outputs
from runner.partial_uploads import PartialUploads
from runner.run_warnings import RunWarnings, WarningCode
from runner.scheduler_api import SchedulerApi
from runner.settings import Intervals
from runner.snapshot import Snapshot, download_snapshot
from runner.uploads import Output, Uploads
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
        self._uploads = Uploads(api, order.limits)
        self._warnings = RunWarnings()
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
        problems = self._upload_safely()
        return self._final(outcome, problems)

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
            return Outcome(
                code=self._watchdog.reason or Code.STOPPED, message="The run was stopped before its first cell."
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
        from runner.notebooks import parameterized, read_notebook  # noqa: PLC0415

        notebook = read_notebook(data, order.filename, self._warnings)
        if starter is None:
            kernel = choose_kernel(
                notebook.metadata, environment=order.environment, fallback=order.kernel, installed=installed_kernels()
            )
            starter = KernelStarter(kernel, launcher=self._launcher, watchdog=self._watchdog, folder=folder)
        write_kernel_metadata(notebook.metadata, starter.kernel)
        return Execution(
            parameterized(notebook, order, starter.kernel),
            order,
            starter,
            watchdog=self._watchdog,
            memory=self._memory,
            heartbeats=self._heartbeats,
            warnings=self._warnings,
            intervals=self._intervals,
        )

    def _upload_safely(self) -> Sequence[str]:
        try:
            return self._upload()
        except RunRevokedError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the outcome must be reported
            _LOG.exception("internal error")
            self._uploads.failures.append(f"internal error of the runner: {type(error).__name__}: {error}")
            return ()

    def _upload(self) -> Sequence[str]:
        """Upload the notebook, make the other formats, and upload them and the files. Return the problems of the formats."""
        saved = self._execution.manager.saved if self._execution else None
        if saved is None:
            return ()
        self._upload_notebook(saved)
        self._heartbeats.set_phase("converting")
        terminated = self._watchdog.reason is Code.TERMINATED
        converted = make_formats(
            saved,
            stem=self._order.output_stem,
            formats=self._order.output_formats,
            timeout_seconds=_CONVERT_IN_GRACE_SECONDS if terminated else _CONVERT_SECONDS,
        )
        self._heartbeats.set_phase("uploading")
        self._uploads.upload_all([*converted.outputs, *self._files()])
        _log_problems([*converted.problems, *self._uploads.failures])
        if skipped := self._uploads.skipped:
            count = len(skipped)
            message = f"{count} {'output was' if count == 1 else 'outputs were'} left out; nothing else has a copy."
            self._warnings.add(WarningCode.OUTPUTS_SKIPPED, message, names=skipped)
        return converted.problems

    def _upload_notebook(self, saved: bytes) -> None:
        try:
            self._uploads.upload_now(Output(format="ipynb", path=self._notebook_path, source=saved))
        except RunRevokedError:
            raise
        except RunnerError as error:
            self._uploads.failures.append(f"{self._notebook_path}: {error}")

    def _files(self) -> list[Output]:
        if self._snapshot is None or self._baseline is None:
            return []
        found, skipped = find_outputs(self._snapshot.folder, self._baseline)
        self._uploads.skipped += skipped
        return [Output(format="files", path=file.path, source=file.file) for file in found]

    def _final(self, outcome: Outcome, problems: Sequence[str]) -> Outcome:
        if self._watchdog.reason is Code.STOPPED and outcome.code is not Code.STOPPED:
            outcome = replace(
                outcome, code=Code.STOPPED, message="The run was stopped after its last cell.", error_name=None
            )
        if failures := self._uploads.failures:
            more = f" and {len(failures) - _REPORTED_FAILURES} more" if len(failures) > _REPORTED_FAILURES else ""
            outcome = _add_problem(
                outcome,
                Code.UPLOAD_FAILED,
                f"Not every output could be uploaded: {'; '.join(failures[:_REPORTED_FAILURES])}{more}",
            )
        if problems:
            outcome = _add_problem(
                outcome, Code.ENVIRONMENT_PROBLEM, f"Not every format could be made: {'; '.join(problems)}"
            )
        return outcome

    @property
    def _notebook_path(self) -> str:
        return f"{self._order.output_stem}.ipynb"


def _log_problems(problems: Sequence[str]) -> None:
    for problem in problems[:_LOGGED_PROBLEMS]:
        _LOG.warning("%s", problem)
    if (more := len(problems) - _LOGGED_PROBLEMS) > 0:
        _LOG.warning("… and %d more", more)


def _add_problem(outcome: Outcome, code: Code, message: str) -> Outcome:
    """Add a problem that occurred after the cells. It changes only the code of a success."""
    combined = code if outcome.code is Code.SUCCEEDED else outcome.code
    return replace(outcome, code=combined, message=f"{outcome.message}\n{message}".strip())
