"""A thread that watches the run and ends it early: stop, timeout, SIGTERM, a run that was revoked."""

import logging
import os
import queue
import threading
import time
from collections.abc import Callable
from enum import Enum
from typing import Final

from runner.errors import StopRequestedError
from runner.exit_codes import EXIT_RUN_REVOKED, Code
from runner.kernel_process import KernelProcess
from runner.launchers import Launcher
from runner.memory import MemoryWatch
from runner.settings import Intervals

__all__ = ["Request", "Watchdog"]

_LOG = logging.getLogger(__name__)
_TICK_SECONDS: Final = 1.0


class Request(Enum):
    """What others can request from the watchdog."""

    STOP = Code.STOPPED
    TERMINATE = Code.TERMINATED
    TIMEOUT = Code.TIMEOUT
    REVOKED = EXIT_RUN_REVOKED
    FINISH = 0


class Watchdog:
    """Watches one run. Safe to use from any thread and from signal handlers.

    Parameters
    ----------
    intervals
        How long a kernel may take to react, and the process to end.
    memory
        Sampled once a second.
    launcher
        Kills what the notebook leaves running.
    on_terminate
        Called at SIGTERM: from then on nothing may wait for long.
    """

    def __init__(
        self, intervals: Intervals, memory: MemoryWatch, launcher: Launcher, *, on_terminate: Callable[[], None]
    ) -> None:
        self._intervals = intervals
        self._memory = memory
        self._launcher = launcher
        self._on_terminate = on_terminate
        # A SimpleQueue, because a signal handler may call its `put` while it interrupts another `put`.
        self._requests: queue.SimpleQueue[Request] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)
        self._kernel_actions: list[tuple[float, Callable[[KernelProcess], None]]] = []
        self._grace_end: float | None = None
        self._deadline: float | None = None
        self._kernel: KernelProcess | None = None
        self.reason: Code | None = None
        """Why the run has to end early; None while it need not."""
        self.has_work_order = False
        """Whether there is a work order, so that the run is saved and reported before it ends early."""
        self.final_code: Code | None = None
        """Set once everything is uploaded: from then on only the report can be lost."""

    def start(self) -> None:
        """Start to watch."""
        self._thread.start()

    def finish(self) -> None:
        """Stop watching and wait for the thread to end."""
        self.request(Request.FINISH)
        self._thread.join()

    def request(self, request: Request) -> None:
        """Request the end of the run. The first reason counts; later ones only speed it up."""
        self._requests.put(request)

    def check(self) -> None:
        """Raise an error if the run has to end early.

        Raises
        ------
        StopRequestedError
            If so; `reason` says why.
        """
        if self.reason is not None:
            raise StopRequestedError(self.reason)

    def run_until(self, *, timeout_seconds: float) -> None:
        """Set the timeout of the run, counted from now."""
        self._deadline = time.monotonic() + timeout_seconds
        self.has_work_order = True

    def kernel_started(self, kernel: KernelProcess) -> None:
        """Set the process to interrupt or kill from now on."""
        self._kernel = kernel
        if self.reason is not None:
            kernel.kill()

    def execution_ended(self) -> None:
        """Record that the notebook has ended: the timeout is for notebooks, not for uploads."""
        self._deadline = None
        self._kernel = None

    def _watch(self) -> None:
        try:
            self._watch_until_finished()
        except BaseException:  # noqa: BLE001 - without a watchdog, a run could continue beside its replacement
            _LOG.exception("the watchdog failed")
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
                self._handle(request)
            self._tick(time.monotonic())

    def _handle(self, request: Request) -> None:
        _LOG.info("ending the run: %s", request.name.lower())
        if request is Request.REVOKED:
            self._exit(EXIT_RUN_REVOKED)
        if request is Request.TERMINATE:
            if not self.has_work_order:
                self._exit(Code.TERMINATED.exit_code)
            self._on_terminate()
            self._grace_end = self._grace_end or time.monotonic() + self._intervals.grace_seconds
        if self.reason is None and isinstance(request.value, Code):
            self.reason = request.value
            self._end_cell()

    def _end_cell(self) -> None:
        now = time.monotonic()
        self._kernel_actions = [
            (now, KernelProcess.interrupt),
            (now + self._intervals.second_interrupt_seconds, KernelProcess.interrupt),
            (now + self._intervals.kill_seconds, KernelProcess.kill),
        ]

    def _tick(self, now: float) -> None:
        self._memory.sample()
        if self._deadline is not None and now >= self._deadline and self.reason is None:
            self._handle(Request.TIMEOUT)
        while self._kernel_actions and self._kernel_actions[0][0] <= now:
            _, act = self._kernel_actions.pop(0)
            if self._kernel is not None:
                act(self._kernel)
        if self._grace_end is not None and now >= self._grace_end:
            _LOG.error("the grace period after SIGTERM is over")
            self._exit((self.final_code or Code.TERMINATED).exit_code)

    def _exit(self, code: int) -> None:
        """End this process at once, the kernel first: whatever the main thread is doing, it must send nothing more."""
        try:
            if self._kernel is not None:
                self._kernel.kill()
            self._launcher.kill_all()
            logging.shutdown()
        finally:
            os._exit(code)
