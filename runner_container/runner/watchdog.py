"""One thread that watches over the run and ends it early: stop, time-out, SIGTERM, silence, a run that is somebody else's."""

import logging
import os
import queue
import threading
import time
from collections.abc import Callable
from enum import Enum
from typing import Final

from runner.errors import StopRequestedError
from runner.launchers import Launcher
from runner.memory import MemoryWatch
from runner.outcomes import EXIT_NOT_MY_RUN, EXIT_UNREACHABLE, Code
from runner.processes import KernelProcess
from runner.settings import Intervals

__all__ = ["Request", "Watchdog"]

_LOG = logging.getLogger(__name__)
_TICK_SECONDS: Final = 1.0


class Request(Enum):
    """What the control can be asked."""

    STOP = Code.STOPPED
    TERMINATE = Code.TERMINATED
    TIME_OUT = Code.TIMEOUT
    LEAVE = EXIT_NOT_MY_RUN
    FINISH = 0


class Watchdog:
    """Watches over one run. Safe to use from any thread and from signal handlers.

    Parameters
    ----------
    intervals
        How long a kernel may take to obey, and the process to end.
    memory
        Sampled once a second.
    launcher
        Who ends what the notebook leaves behind.
    """

    def __init__(self, intervals: Intervals, memory: MemoryWatch, launcher: Launcher) -> None:
        self._intervals = intervals
        self._memory = memory
        self._launcher = launcher
        # A SimpleQueue, because its `put` may be called from a signal handler that interrupted another `put`.
        self._requests: queue.SimpleQueue[Request] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._watch, name="control", daemon=True)
        self._obey_at: list[tuple[float, Callable[[KernelProcess], None]]] = []
        self._grace_end: float | None = None
        self._answered_at: float | None = None
        self._self_fencing_seconds = 0.0
        self._deadline: float | None = None
        self._kernel: KernelProcess | None = None
        self.reason: Code | None = None
        """Why the run has to end early; None while it need not."""
        self.saved = False
        """Whether there is a work order, so that ending early means saving and reporting first."""
        self.final_code: Code | None = None
        """Set once everything is uploaded: then only the report may be lost."""

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def finish(self) -> None:
        """Stop watching and wait for the thread to end."""
        self.request(Request.FINISH)
        self._thread.join()

    def request(self, request: Request) -> None:
        """Ask to end the run; the first reason is the one that counts, later ones only add haste."""
        self._requests.put(request)

    def check(self) -> None:
        """Raise if the run has to end early.

        Raises
        ------
        StopRequestedError
            Then; `reason` says why.
        """
        if self.reason is not None:
            raise StopRequestedError(self.reason)

    def run_until(self, *, timeout_seconds: float, self_fencing_seconds: float) -> None:
        """Set the wall-clock limit, counted from now, and the longest silence of the service."""
        self._self_fencing_seconds = self_fencing_seconds
        self._answered_at = time.monotonic()
        self._deadline = time.monotonic() + timeout_seconds
        self.saved = True

    def answered(self) -> None:
        """Note that the service answered, whatever it said: it is there, so no other container takes over unnoticed."""
        if self._answered_at is not None:
            self._answered_at = time.monotonic()

    def kernel_started(self, kernel: KernelProcess) -> None:
        """Name the process to interrupt or kill from now on."""
        self._kernel = kernel
        if self.reason is not None:
            kernel.kill()

    def execution_ended(self) -> None:
        """Say that the notebook has ended: the time limit is for notebooks, not for uploads."""
        self._deadline = None
        self._kernel = None

    def _watch(self) -> None:
        try:
            self._watch_until_finished()
        except BaseException:  # noqa: BLE001 - a run that nobody watches could outlive its fence: better none
            _LOG.exception("the control failed")
            self._exit(Code.RUNNER_ERROR.exit_code)

    def _watch_until_finished(self) -> None:
        while True:
            try:
                request = self._requests.get(timeout=_TICK_SECONDS)
            except queue.Empty:
                pass
            else:
                if request is Request.FINISH:
                    return
                self._take(request)
            self._tick(time.monotonic())

    def _take(self, request: Request) -> None:
        _LOG.info("told to end: %s", request.name.lower().replace("_", " "))
        if request is Request.LEAVE:
            self._exit(EXIT_NOT_MY_RUN)
        if request is Request.TERMINATE:
            if not self.saved:
                self._exit(Code.TERMINATED.exit_code)
            self._grace_end = self._grace_end or time.monotonic() + self._intervals.grace_seconds
        if self.reason is None and isinstance(request.value, Code):
            self.reason = request.value
            self._end_cell()

    def _end_cell(self) -> None:
        now = time.monotonic()
        self._obey_at = [
            (now, KernelProcess.interrupt),
            (now + self._intervals.second_interrupt_seconds, KernelProcess.interrupt),
            (now + self._intervals.kill_seconds, KernelProcess.kill),
        ]

    def _tick(self, now: float) -> None:
        self._memory.sample()
        if self._deadline is not None and now >= self._deadline and self.reason is None:
            self._take(Request.TIME_OUT)
        while self._obey_at and self._obey_at[0][0] <= now:
            _, act = self._obey_at.pop(0)
            if self._kernel is not None:
                act(self._kernel)
        if self._grace_end is not None and now >= self._grace_end:
            _LOG.error("the time to end in is used up")
            self._exit((self.final_code or Code.TERMINATED).exit_code)
        if self._answered_at is not None and now - self._answered_at > self._self_fencing_seconds:
            _LOG.error(
                "no answer from the service for %.0f s: ending, because another container may take over",
                self._self_fencing_seconds,
            )
            self._exit(self.final_code.exit_code if self.final_code else EXIT_UNREACHABLE)

    def _exit(self, code: int) -> None:
        """End this process at once, the kernel first: whatever the main thread is doing, nothing more may leave."""
        try:
            if self._kernel is not None:
                self._kernel.kill()
            self._launcher.end_all()
            logging.shutdown()
        finally:
            os._exit(code)
