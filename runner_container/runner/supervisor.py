"""From check-in to report: signals, the threads around a run, and the exit code."""

import logging
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from runner.errors import RefusedError, RunnerError, RunRevokedError, UnreachableError
from runner.exit_codes import EXIT_CONNECTION_LOST, EXIT_RUN_REVOKED, Code
from runner.heartbeat import Heartbeats
from runner.launchers import Launcher
from runner.memory import MemoryWatch
from runner.result_object import ResultObject
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
        self._api = SchedulerApi(settings, intervals)
        self._watchdog = Watchdog(intervals, memory, launcher, on_terminate=self._api.hurry)

    def run(self) -> int:
        """Do everything. Call it from the main thread, because it handles signals.

        Returns
        -------
            The exit code. SIGTERM and a revoked run can end the process before it returns.
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
        self._watchdog.run_until(timeout_seconds=order.timeout_seconds)
        result = ResultObject(self._api, order.result_form)
        heartbeats = Heartbeats(self._api, self._watchdog, result, interval_seconds=order.heartbeat_seconds)
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
        self._report(run.report(outcome), outcome.code, result)
        return outcome.code.exit_code

    def _report(self, body: Mapping[str, Any], code: Code, result: ResultObject) -> None:
        """Store the result and report it. One of the two is enough, so the report is given up sooner if the result is stored."""
        self._watchdog.final_code = code
        end = time.monotonic() + self._api.reach_seconds
        while True:
            stored = result.store(body)
            round_end = min(end, time.monotonic() + self._intervals.report_seconds)
            try:
                status = self._api.report(body, retry_seconds=round_end - time.monotonic())
            except RefusedError as error:
                _LOG.error("%s", error)
                break
            except UnreachableError as error:
                if stored or time.monotonic() >= end or self._api.reach_seconds <= 0:
                    _LOG.error("%s", error)
                    break
            else:
                _LOG.info("reported %s: the job is %s", code, status)
                return
        _LOG.error(
            "not reported; %s shows the outcome", "the result object" if stored else f"only exit code {code.exit_code}"
        )


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
