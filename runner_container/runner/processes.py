"""The kernel's process and everything that it started: interrupting and ending them."""

import logging
import os
import signal
import subprocess
from contextlib import suppress

import psutil  # type: ignore[import-not-found,import-untyped,unused-ignore]

__all__ = ["KernelProcess", "end_descendants"]

_LOG = logging.getLogger(__name__)


class KernelProcess:
    """A running kernel. Safe to use from several threads.

    Parameters
    ----------
    process
        The kernel's process, leader of its own process group.
    """

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self.ready = False
        """Whether it has answered: before that, an interrupt would end it in the middle of its start."""

    @property
    def pid(self) -> int:
        """The kernel's process id, which is its process group's too."""
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """The exit code; negative for a signal; None while it runs."""
        return self._process.poll()

    def interrupt(self) -> None:
        """Interrupt the running cell; a kernel that is still starting is killed."""
        self._signal(signal.SIGINT if self.ready else signal.SIGKILL)

    def kill(self) -> None:
        """Kill the kernel and its process group."""
        self._signal(signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> None:
        if self.exit_code is None:
            with suppress(ProcessLookupError):
                os.killpg(self.pid, number)


def end_descendants() -> None:
    """Kill every process that descends from this one and wait until they are gone (at most 5 s).

    With `harden` (subreaper) these include daemons that a notebook detached.
    """
    left = psutil.Process().children(recursive=True)
    for process in left:
        with suppress(psutil.NoSuchProcess):
            _LOG.info("ending process %d, which the notebook left behind", process.pid)
            process.kill()
    psutil.wait_procs(left, timeout=5)
