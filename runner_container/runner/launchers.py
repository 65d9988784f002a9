"""Launchers start the kernel and kill what it leaves behind: here this process does it; in `init_launcher` the container's init."""

import logging
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

import psutil  # type: ignore[import-not-found,import-untyped,unused-ignore]

from runner.hardening import adopt_orphans, prefer_as_victim

__all__ = ["DirectLauncher", "Launcher", "LeaderProcess"]

_LOG = logging.getLogger(__name__)


class LeaderProcess(Protocol):
    """The leader of a process group. Safe to use from several threads."""

    @property
    def pid(self) -> int:
        """The id of the process and of its group."""

    def poll(self) -> int | None:
        """Return the exit code; negative for a signal; None while it runs."""

    def send_signal(self, number: int) -> None:
        """Send a signal to the whole group. Do nothing if it has ended."""


class Launcher(Protocol):
    """Starts kernels. Safe to use from several threads."""

    def change_owner(self, folder: Path) -> None:
        """Make the kernel's user the owner of the working directory, before the kernel starts.

        Raises
        ------
        OSError
            If that fails.
        """

    def start(
        self, argv: Sequence[str], *, environment: Mapping[str, str], folder: str, stdout: int, stderr: int
    ) -> LeaderProcess:
        """Start a kernel in a session of its own.

        Parameters
        ----------
        argv, environment, folder
            The program with its arguments, its environment, and its working directory.
        stdout, stderr
            Descriptors for its output.

        Raises
        ------
        OSError
            If the program cannot be started.
        """

    def make_readable(self, file: Path) -> None:
        """Make a file of the runner readable for the kernel."""

    def kill_all(self) -> None:
        """Kill what the kernel started and left behind, and wait until it has ended (at most 5 s)."""


class DirectLauncher:
    """Starts the kernel as a child of this process, with this user's permissions and without isolation.

    For developers' machines and tests. On Linux, orphaned processes of the notebook become children of this process, so that most
    can be found; processes that fork faster than they are listed escape.
    """

    def __init__(self) -> None:
        adopt_orphans()

    def change_owner(self, folder: Path) -> None:
        """Do nothing: the kernel has the same user."""

    def start(
        self, argv: Sequence[str], *, environment: Mapping[str, str], folder: str, stdout: int, stderr: int
    ) -> LeaderProcess:
        """Start a kernel. If it is ipykernel, it exits when this process has ended (JPY_PARENT_PID)."""
        _LOG.info("there is no init: the notebook runs as the runner's user, without isolation")
        process = _Child(
            argv,
            cwd=folder,
            env={**environment, "JPY_PARENT_PID": str(os.getpid())},
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            start_new_session=True,
        )
        prefer_as_victim(process.pid)
        return process

    def make_readable(self, file: Path) -> None:
        """Do nothing: the kernel has the same user."""

    def kill_all(self) -> None:
        """Kill every descendant of this process."""
        processes = psutil.Process().children(recursive=True)
        for process in processes:
            try:
                _LOG.info("killing process %d, which the notebook left behind", process.pid)
                process.kill()
            except psutil.NoSuchProcess:
                continue
        psutil.wait_procs(processes, timeout=5)


class _Child(subprocess.Popen[bytes]):
    """A child that leads its process group."""

    def send_signal(self, sig: int) -> None:
        """Send a signal to the whole group."""
        if self.poll() is None:
            try:
                os.killpg(self.pid, signal.Signals(sig))
            except ProcessLookupError:
                return
