"""Start the kernel through the container's init, as a user that can neither signal nor read the runner."""

import json
import logging
import os
import signal
import socket
import threading
from collections.abc import Mapping, MutableMapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from runner.init.main import SOCKET_VARIABLE
from runner.init.requests import MESSAGE_BYTES
from runner.init.users import NOTEBOOK
from runner.launchers import DirectLauncher, Launcher

__all__ = ["InitLauncher", "choose_launcher"]

_LOG = logging.getLogger(__name__)
_RUNNER_ONLY: Final = frozenset({"TMPDIR"})
"""Init sets this for the runner; the notebook's temporary files go to /tmp."""


def choose_launcher(environ: MutableMapping[str, str]) -> Launcher:
    """Return the launcher for init's socket, which is removed from the environment; without init, the direct launcher.

    Parameters
    ----------
    environ
        The process's environment.
    """
    if descriptor := environ.pop(SOCKET_VARIABLE, ""):
        return InitLauncher(socket.socket(fileno=int(descriptor)))
    return DirectLauncher()


class InitLauncher:
    """Sends requests to init, which is the parent of the kernel and of every orphaned process.

    Parameters
    ----------
    connection
        The socket to init. No child process inherits it.
    """

    def __init__(self, connection: socket.socket) -> None:
        connection.set_inheritable(False)
        self._connection = connection
        self._lock = threading.Lock()

    def change_owner(self, folder: Path) -> None:
        """Change the owner of the folder and its content. The folder above still belongs to the runner, and can be passed through."""
        folder.parent.chmod(0o711)
        self._request("change_owner", folder=str(folder))

    def start(
        self, argv: Sequence[str], *, environment: Mapping[str, str], folder: str, stdout: int, stderr: int
    ) -> "_Kernel":
        """Start a kernel as the notebook's user, with the home folder that has its packages and settings."""
        kept = {name: value for name, value in environment.items() if name not in _RUNNER_ONLY}
        response = self._request(
            "start",
            descriptors=(stdout, stderr),
            argv=list(argv),
            environment={**kept, "HOME": NOTEBOOK.home},
            folder=folder,
        )
        return _Kernel(self, response["pid"])

    def make_readable(self, file: Path) -> None:
        """Make a file readable for the notebook's group."""
        file.parent.chmod(0o711)
        os.chown(file, -1, NOTEBOOK.uid)
        file.chmod(0o640)

    def kill_all(self) -> None:
        """Kill every process of the notebook's user at once, and make its files in the working directory readable."""
        if left := self._request("kill_all")["left"]:
            _LOG.warning("%d processes of the notebook could not be killed", left)

    def poll(self, pid: int) -> int | None:
        """Return the exit code of a kernel; None while it runs."""
        code: int | None = self._request("poll", pid=pid)["exit_code"]
        return code

    def signal(self, pid: int, number: int) -> None:
        """Send a signal to a kernel and its process group, if it still runs."""
        with suppress(ProcessLookupError):
            self._request("signal", pid=pid, number=number)

    def _request(self, verb: str, *, descriptors: Sequence[int] = (), **arguments: Any) -> Mapping[str, Any]:
        request = json.dumps({"verb": verb, **arguments}).encode()
        with self._lock:
            socket.send_fds(self._connection, [request], descriptors)
            response: Mapping[str, Any] = json.loads(self._connection.recv(MESSAGE_BYTES))
        if "errno" in response:
            raise OSError(response["errno"], response["message"])
        return response


class _Kernel:
    """A kernel that init started, with the methods of `Popen` that jupyter_client calls."""

    stdin = stdout = stderr = None

    def __init__(self, launcher: InitLauncher, pid: int) -> None:
        self._launcher = launcher
        self.pid = pid
        self._exit_code: int | None = None

    def poll(self) -> int | None:
        """Return the exit code; None while it runs."""
        if self._exit_code is None:
            self._exit_code = self._launcher.poll(self.pid)
        return self._exit_code

    def wait(self) -> int | None:
        """Return the exit code. jupyter_client calls this only when `poll` has returned one."""
        return self.poll()

    def send_signal(self, number: int) -> None:
        """Send a signal to the kernel's process group."""
        self._launcher.signal(self.pid, number)

    def kill(self) -> None:
        """Kill the kernel's process group."""
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        """Send SIGTERM to the kernel's process group."""
        self.send_signal(signal.SIGTERM)
