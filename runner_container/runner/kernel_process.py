"""The kernel's process: interrupt it and end it."""

import signal

from runner.launchers import LeaderProcess

__all__ = ["KernelProcess"]


class KernelProcess:
    """A running kernel. Safe to use from several threads.

    Parameters
    ----------
    process
        The kernel's process, which leads its own process group.
    """

    def __init__(self, process: LeaderProcess) -> None:
        self._process = process
        self.ready = False
        """Whether the kernel has responded. Before that, an interrupt would end it in the middle of its start."""

    @property
    def exit_code(self) -> int | None:
        """The exit code; negative for a signal; None while the kernel runs."""
        return self._process.poll()

    def interrupt(self) -> None:
        """Interrupt the running cell. Kill a kernel that is still starting."""
        self._process.send_signal(signal.SIGINT if self.ready else signal.SIGKILL)

    def kill(self) -> None:
        """Kill the kernel and its process group."""
        self._process.send_signal(signal.SIGKILL)
