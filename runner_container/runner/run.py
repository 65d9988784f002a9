"""One run, once there is a work order: fetch, execute, convert, upload, and say how it ended."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from runner.errors import NotMyRunError, RunnerError, RunProblemError, StopRequestedError
from runner.execution import Execution, parameterized
from runner.formats import make_formats
from runner.heartbeat import Heartbeats
from runner.kernels import choose_kernel, installed_kernels
from runner.launchers import Launcher
from runner.memory import MemoryWatch
from runner.outcomes import Code, Outcome, clean_text
from runner.outputs import Baseline, find_outputs
from runner.partial_uploads import PartialUploads
from runner.scheduler_api import Service
from runner.settings import Intervals
from runner.snapshot import Snapshot, fetch_snapshot, read_notebook
from runner.uploads import Output, Uploads
from runner.watchdog import Watchdog
from runner.work_order import WorkOrder

__all__ = ["Run"]

_LOG = logging.getLogger(__name__)
_CONVERT_SECONDS: Final = 600
"""A conversion that takes longer hangs: HTML of 100 MB takes a minute."""
_CONVERT_IN_GRACE_SECONDS: Final = 30
"""After SIGTERM uploading comes first."""
_NAMED_SKIPPED: Final = 20
"""How many skipped files a report names (docs/runner-protocol.md)."""
_NAMED_FAILURES: Final = 3
"""How many failed uploads a message names …"""
_LOGGED: Final = 100
"""… and how many problems, failures and skipped files the log names."""


class Run:
    """One run of one notebook.

    Parameters
    ----------
    order
        What to run.
    service, launcher, control, memory, beats
        The service; who starts the kernel; who may end the run; who knows why a kernel was killed; whom to tell how far it is.
    intervals
        How often to save and upload.
    """

    def __init__(
        self,
        order: WorkOrder,
        service: Service,
        *,
        launcher: Launcher,
        control: Watchdog,
        memory: MemoryWatch,
        heartbeats: Heartbeats,
        intervals: Intervals,
    ) -> None:
        self._order = order
        self._service = service
        self._launcher = launcher
        self._control = control
        self._memory = memory
        self._heartbeats = heartbeats
        self._intervals = intervals
        self._uploads = Uploads(service, order.limits)
        self._snapshot: Snapshot | None = None
        self._baseline: Baseline | None = None
        self._execution: Execution | None = None

    def run(self, base: Path) -> Outcome:
        """Run the notebook and upload whatever there is then.

        Parameters
        ----------
        base
            An existing, empty folder.

        Raises
        ------
        NotMyRunError
            If the run is no longer this container's.
        """
        outcome = self._execute_safely(base)
        _LOG.info("%s %s", outcome.code, outcome.message)
        problems = self._hand_over_safely()
        return self._final(outcome, problems)

    def report(self, outcome: Outcome) -> dict[str, Any]:
        """Give the report's body."""
        skipped = [clean_text(told, limit=300) for told in self._uploads.skipped]
        if (more := len(skipped) - _NAMED_SKIPPED) > 0:
            skipped = [*skipped[: _NAMED_SKIPPED - 1], f"… and {more + 1} more"]
        return {
            "outcome": outcome.as_json(),
            "files_count": self._uploads.count,
            "files_bytes": self._uploads.size_bytes,
            "skipped_files": skipped,
        }

    def _execute_safely(self, base: Path) -> Outcome:
        try:
            return self._execute(base)
        except NotMyRunError:
            raise
        except StopRequestedError:
            return Outcome(
                code=self._control.reason or Code.STOPPED, message="The run was ended before its first cell."
            )
        except RunProblemError as error:
            return Outcome(code=error.code, message=str(error))
        except Exception as error:  # noqa: BLE001 - whatever it is, what there is must be uploaded and the end reported
            _LOG.exception("a fault of the runner")
            return Outcome(code=Code.RUNNER_ERROR, message=f"{type(error).__name__}: {error}")
        finally:
            self._control.execution_ended()
            self._launcher.end_all()

    def _execute(self, base: Path) -> Outcome:
        snapshot = fetch_snapshot(self._order, self._service, base, check=self._control.check)
        execution = self._prepare(snapshot)
        self._snapshot, self._execution = snapshot, execution
        self._control.check()
        partial = PartialUploads(
            self._uploads,
            self._control,
            snapshot=lambda: execution.manager.snapshot,
            path=self._notebook_path,
            intervals=self._intervals,
        )
        partial.start()
        try:
            return execution.run(snapshot.folder)
        finally:
            partial.end()

    def _prepare(self, snapshot: Snapshot) -> Execution:
        order = self._order
        notebook = read_notebook(snapshot.notebook)
        kernel = choose_kernel(
            notebook, environment=order.environment, fallback=order.kernel, installed=installed_kernels()
        )
        self._launcher.give(snapshot.folder)
        self._baseline = Baseline.of(snapshot.folder, snapshot.checksums)
        return Execution(
            parameterized(notebook, order, kernel),
            order,
            kernel,
            launcher=self._launcher,
            control=self._control,
            memory=self._memory,
            heartbeats=self._heartbeats,
            intervals=self._intervals,
        )

    def _hand_over_safely(self) -> Sequence[str]:
        try:
            return self._hand_over()
        except NotMyRunError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the end must be reported
            _LOG.exception("a fault of the runner")
            self._uploads.failures.append(f"a fault of the runner: {type(error).__name__}: {error}")
            return ()

    def _hand_over(self) -> Sequence[str]:
        """Upload the notebook first, then make the other formats, then upload them and the files; give the formats' problems."""
        snapshot = self._execution.manager.snapshot if self._execution else None
        if snapshot is None:
            return ()
        self._upload_notebook(snapshot)
        self._heartbeats.phase("converting")
        hurried = self._control.reason is Code.TERMINATED
        converted = make_formats(
            snapshot,
            stem=self._order.output_stem,
            formats=self._order.output_formats,
            for_seconds=_CONVERT_IN_GRACE_SECONDS if hurried else _CONVERT_SECONDS,
        )
        self._heartbeats.phase("uploading")
        self._uploads.upload_all([*converted.outputs, *self._files()])
        _log_some([*converted.problems, *self._uploads.failures, *self._uploads.skipped])
        return converted.problems

    def _upload_notebook(self, snapshot: bytes) -> None:
        try:
            self._uploads.upload_now(Output(format="ipynb", path=self._notebook_path, source=snapshot))
        except NotMyRunError:
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
        if self._control.reason is Code.STOPPED and outcome.code is not Code.STOPPED:
            outcome = replace(
                outcome, code=Code.STOPPED, message="The run was stopped after its last cell.", error_name=None
            )
        if failures := self._uploads.failures:
            more = f" and {len(failures) - _NAMED_FAILURES} more" if len(failures) > _NAMED_FAILURES else ""
            outcome = _add(
                outcome,
                Code.UPLOAD_FAILED,
                f"Not every output could be uploaded: {'; '.join(failures[:_NAMED_FAILURES])}{more}",
            )
        if problems:
            outcome = _add(outcome, Code.ENVIRONMENT_PROBLEM, f"Not every format could be made: {'; '.join(problems)}")
        return outcome

    @property
    def _notebook_path(self) -> str:
        return f"{self._order.output_stem}.ipynb"


def _log_some(told: Sequence[str]) -> None:
    for line in told[:_LOGGED]:
        _LOG.warning("%s", line)
    if (more := len(told) - _LOGGED) > 0:
        _LOG.warning("… and %d more", more)


def _add(outcome: Outcome, code: Code, message: str) -> Outcome:
    """Add a fault that came after the cells; it changes the code of a success only."""
    worse = code if outcome.code is Code.SUCCEEDED else outcome.code
    return replace(outcome, code=worse, message=f"{outcome.message}\n{message}".strip())
