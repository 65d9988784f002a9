"""Who starts the kernel and ends what it leaves behind: this process itself, or the container's init."""

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
    """A process that leads a process group. Safe to use from several threads."""

    @property
    def pid(self) -> int:
        """Its process id, which is its group's too."""

    def poll(self) -> int | None:
        """Give the exit code; negative for a signal; None while it runs."""

    def send_signal(self, number: int) -> None:
        """Signal the whole group; nothing happens once it has ended."""


class Launcher(Protocol):
    """Starts kernels. Safe to use from several threads."""

    def give(self, folder: Path) -> None:
        """Make the working directory the kernel's, before it starts.

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
            The program with its arguments, its whole environment, and its working directory.
        stdout, stderr
            Descriptors for its output.

        Raises
        ------
        OSError
            If the program cannot be started.
        """

    def share(self, file: Path) -> None:
        """Let the kernel read a file of the runner's."""

    def end_all(self) -> None:
        """Kill whatever the kernel started and left behind, and wait until it is gone (at most 5 s)."""


class DirectLauncher:
    """Starts the kernel as a child of this process, with this user's permissions: there is no isolation.

    For developers' machines and tests. On Linux orphans of the notebook become children of this process, so that most can be
    found; processes that fork faster than they are listed get away.
    """

    def __init__(self) -> None:
        adopt_orphans()

    def give(self, folder: Path) -> None:
        """Do nothing: the kernel's user is this one."""

    def start(
        self, argv: Sequence[str], *, environment: Mapping[str, str], folder: str, stdout: int, stderr: int
    ) -> LeaderProcess:
        """Start a kernel that ends itself when this process is gone, if it is ipykernel (JPY_PARENT_PID)."""
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

    def share(self, file: Path) -> None:
        """Do nothing: the kernel's user is this one."""

    def end_all(self) -> None:
        """Kill every process that descends from this one."""
        left = psutil.Process().children(recursive=True)
        for process in left:
            try:
                _LOG.info("ending process %d, which the notebook left behind", process.pid)
                process.kill()
            except psutil.NoSuchProcess:
                continue
        psutil.wait_procs(left, timeout=5)


class _Child(subprocess.Popen[bytes]):
    """A child that leads a process group."""

    def send_signal(self, sig: int) -> None:
        """Signal the whole group."""
        if self.poll() is None:
            try:
                os.killpg(self.pid, signal.Signals(sig))
            except ProcessLookupError:
                return
