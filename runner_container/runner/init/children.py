"""Init's children: the runner, processes that the runner requests, and every orphaned process of the container."""

import os
import select
import signal
import time
from collections.abc import Iterator
from typing import Final

from runner.init.privileges import FORWARDED, acting_as_notebook
from runner.init.users import NOTEBOOK

__all__ = ["Children"]

_SIGNAL_BYTES: Final = 4096


class Children:
    """Reaps children, forwards signals to the runner, and keeps the exit codes of watched children.

    Everything happens in `wait` and nothing in a signal handler, so a signal never interrupts init between two lines.
    """

    def __init__(self) -> None:
        self.runner: int | None = None
        """The process id of the runner, once it has been started."""
        self._exit_codes: dict[int, int] = {}
        self._watched: set[int] = set()
        self._reading, writing = os.pipe()
        os.set_blocking(self._reading, False)
        os.set_blocking(writing, False)
        for number in (*FORWARDED, signal.SIGCHLD):
            signal.signal(number, lambda *_: None)
        signal.set_wakeup_fd(writing, warn_on_full_buffer=False)

    def watch(self, pid: int) -> None:
        """Keep the exit code of a child when it ends."""
        self._exit_codes.pop(pid, None)  # of an earlier process with this id
        self._watched.add(pid)

    def exit_code(self, pid: int) -> int | None:
        """Return the exit code of a watched child, negative for a signal; None while it runs."""
        return self._exit_codes.get(pid)

    def wait(self, seconds: float | None = None, *, other: int | None = None) -> bool:
        """Wait for a signal, the descriptor `other`, or the end of the time, and handle every signal that was received.

        Returns
        -------
            Whether `other` can be read.
        """
        waited = [self._reading] if other is None else [self._reading, other]
        ready, _, _ = select.select(waited, [], [], seconds)
        if self._reading in ready:
            numbers = set(os.read(self._reading, _SIGNAL_BYTES))
            self._reap()
            self._forward(numbers)
        return other in ready

    def wait_for(self, pid: int, *, seconds: float) -> int | None:
        """Wait for a watched child, and return its exit code; None if it still runs after the time."""
        deadline = time.monotonic() + seconds
        while self.exit_code(pid) is None and (left := deadline - time.monotonic()) > 0:
            self.wait(left)
        return self.exit_code(pid)

    def kill_notebook(self, *, seconds: float) -> int:
        """Kill every process of the notebook's user and wait until all have ended. Return the number of those that have not.

        One system call reaches them all: it holds the lock that a fork needs to add a process, and a process with a fatal signal
        cannot fork any more (Linux, kernel/fork.c, copy_process). It exempts process 1 and the caller (kill(2)); init is both.
        """
        with acting_as_notebook():
            try:
                os.kill(-1, signal.SIGKILL)
            except ProcessLookupError:
                return 0
        deadline = time.monotonic() + seconds
        while (count := sum(1 for _ in _notebook_processes())) and (left := deadline - time.monotonic()) > 0:
            self.wait(left)
        return count

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if pid in self._watched:
                self._watched.remove(pid)
                self._exit_codes[pid] = os.waitstatus_to_exitcode(status)

    def _forward(self, numbers: set[int]) -> None:
        for number in FORWARDED:
            if number in numbers and self.runner is not None and self.exit_code(self.runner) is None:
                os.kill(self.runner, number)


def _notebook_processes() -> Iterator[int]:
    """Yield the ids of the notebook's processes, including zombies. `Uid:` shows the user even if the process's folder belongs to root."""
    for name in os.listdir("/proc"):  # noqa: PTH208 - see spawning
        if not name.isdecimal():
            continue
        try:
            with open(f"/proc/{name}/status", encoding="utf-8", errors="replace") as file:  # noqa: PTH123 - see spawning
                uids = next((line.split()[1:5] for line in file if line.startswith("Uid:")), [])
        except OSError:
            continue
        if str(NOTEBOOK.uid) in uids and int(name) != 1:
            yield int(name)
