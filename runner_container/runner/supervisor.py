"""From check-in to report: signals, the threads around a run, and the exit code."""

import logging
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from runner.errors import RefusedError, RunnerError, RunRevokedError, UnreachableError
from runner.exit_codes import EXIT_CONNECTION_LOST, EXIT_RUN_REVOKED, Code
from runner.heartbeat import Heartbeats
from runner.launchers import Launcher
from runner.memory import MemoryWatch
from runner.outcomes import Outcome
from runner.run import Run
from runner.scheduler_api import SchedulerApi
from runner.settings import Intervals, Settings
from runner.watchdog import Request, Watchdog

__all__ = ["Supervisor"]

_LOG = logging.getLogger(__name__)


class Supervisor:
    """Manages one run from check-in to report.

    Parameters
    ----------
    settings
        The address of the run, and its credentials.
    intervals
        How often and how long to do things.
    memory
        Detects that the kernel was killed for memory.
    launcher
        Starts the kernel.
    """

    def __init__(self, settings: Settings, intervals: Intervals, memory: MemoryWatch, launcher: Launcher) -> None:
        self._intervals = intervals
        self._memory = memory
        self._launcher = launcher
        self._watchdog = Watchdog(intervals, memory, launcher)
        self._api = SchedulerApi(settings, intervals, on_response=self._watchdog.response_received)

    def run(self) -> int:
        """Do everything. Call it from the main thread, because it handles signals.

        Returns
        -------
            The exit code. SIGTERM, a lost connection and a revoked run can end the process before it returns.
        """
        self._watchdog.start()
        try:
            with _forward_signals_to(self._watchdog):
                return self._check_in_and_run()
        except RunRevokedError as error:
            _LOG.error("%s", error)
            return EXIT_RUN_REVOKED
        except UnreachableError as error:
            _LOG.error("%s; giving up", error)
            return EXIT_CONNECTION_LOST
        except RunnerError as error:
            _LOG.error("%s", error)
            return Code.RUNNER_ERROR.exit_code
        finally:
            self._watchdog.finish()
            self._launcher.kill_all()

    def _check_in_and_run(self) -> int:
        self._api.check_in()
        order = self._api.work_order()
        _LOG.info("job %s, attempt %d, environment %s", order.job_id, order.attempt, order.environment)
        self._watchdog.run_until(timeout_seconds=order.timeout_seconds, self_fencing_seconds=order.self_fencing_seconds)
        heartbeats = Heartbeats(self._api, self._watchdog, interval_seconds=order.heartbeat_seconds)
        run = Run(
            order,
            self._api,
            launcher=self._launcher,
            watchdog=self._watchdog,
            memory=self._memory,
            heartbeats=heartbeats,
            intervals=self._intervals,
        )
        heartbeats.start()
        try:
            base = Path(tempfile.mkdtemp(prefix="run-")).resolve()
            try:
                outcome = run.run(base)
            finally:
                shutil.rmtree(base, ignore_errors=True)
        finally:
            # Before the report: the service responds to a heartbeat of a run that is over as if the run had been revoked.
            heartbeats.end()
        self._report(run, outcome)
        return outcome.code.exit_code

    def _report(self, run: Run, outcome: Outcome) -> None:
        self._watchdog.final_code = outcome.code
        try:
            status = self._api.report(run.report(outcome))
        except (RefusedError, UnreachableError) as error:
            _LOG.error("%s; only exit code %d (%s) shows the outcome", error, outcome.code.exit_code, outcome.code)
        else:
            _LOG.info("reported %s: the job is %s", outcome.code, status)


@contextmanager
def _forward_signals_to(watchdog: Watchdog) -> Iterator[None]:
    def terminate(_number: int, _frame: FrameType | None) -> None:
        watchdog.request(Request.TERMINATE)

    before = {number: signal.signal(number, terminate) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
