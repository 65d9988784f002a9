"""From check-in to report: signals, the threads around a run, and the exit code."""

import logging
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from runner.errors import NotMyRunError, RefusedError, RunnerError, UnreachableError
from runner.heartbeat import Heartbeats
from runner.launchers import Launcher
from runner.memory import MemoryWatch
from runner.outcomes import EXIT_NOT_MY_RUN, EXIT_UNREACHABLE, Code, Outcome
from runner.run import Run
from runner.scheduler_api import Service
from runner.settings import Intervals, Settings
from runner.watchdog import Request, Watchdog

__all__ = ["Supervisor"]

_LOG = logging.getLogger(__name__)


class Supervisor:
    """Leads one run from check-in to report.

    Parameters
    ----------
    settings
        Where the run is.
    intervals
        How often and how long.
    memory
        Tells why a kernel was killed.
    launcher
        Who starts the kernel.
    """

    def __init__(self, settings: Settings, intervals: Intervals, memory: MemoryWatch, launcher: Launcher) -> None:
        self._intervals = intervals
        self._memory = memory
        self._launcher = launcher
        self._control = Watchdog(intervals, memory, launcher)
        self._service = Service(settings, intervals, answered=self._control.answered)

    def run(self) -> int:
        """Do everything; must be called from the main thread, because of signals.

        Returns
        -------
            The exit code. SIGTERM, silence of the service and a run that is somebody else's may end the process before.
        """
        self._control.start()
        try:
            with _signals_to(self._control):
                return self._check_in_and_run()
        except NotMyRunError as error:
            _LOG.error("%s", error)
            return EXIT_NOT_MY_RUN
        except UnreachableError as error:
            _LOG.error("%s; giving up", error)
            return EXIT_UNREACHABLE
        except RunnerError as error:
            _LOG.error("%s", error)
            return Code.RUNNER_ERROR.exit_code
        finally:
            self._control.finish()
            self._launcher.end_all()

    def _check_in_and_run(self) -> int:
        self._service.check_in()
        order = self._service.work_order()
        _LOG.info("job %s, attempt %d, environment %s", order.job_id, order.attempt, order.environment)
        self._control.run_until(timeout_seconds=order.timeout_seconds, self_fencing_seconds=order.self_fencing_seconds)
        heartbeats = Heartbeats(self._service, self._control, every_seconds=order.heartbeat_seconds)
        run = Run(
            order,
            self._service,
            launcher=self._launcher,
            control=self._control,
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
            # Before the report: a beat of a run that is over would be told that the run is not ours.
            heartbeats.end()
        self._report(run, outcome)
        return outcome.code.exit_code

    def _report(self, run: Run, outcome: Outcome) -> None:
        self._control.final_code = outcome.code
        try:
            status = self._service.report(run.report(outcome))
        except (RefusedError, UnreachableError) as error:
            _LOG.error("%s; the exit code has to tell: %d (%s)", error, outcome.code.exit_code, outcome.code)
        else:
            _LOG.info("reported %s: the job is %s", outcome.code, status)


@contextmanager
def _signals_to(control: Watchdog) -> Iterator[None]:
    def terminate(_number: int, _frame: FrameType | None) -> None:
        control.request(Request.TERMINATE)

    before = {number: signal.signal(number, terminate) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
