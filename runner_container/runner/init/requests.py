"""The runner's requests to init: start and kill the notebook's processes, and change the owner of the working directory."""

import errno
import json
import os
import signal
import socket
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from runner.init.children import Children
from runner.init.privileges import acting_as_notebook
from runner.init.spawning import spawn
from runner.init.users import NOTEBOOK, RUNNER, User

__all__ = ["MESSAGE_BYTES", "Requests"]

MESSAGE_BYTES: Final = 1 << 18
"""Large enough for any request: more than a socket accepts by default (net.core.wmem_default, 208 KiB)."""

_STREAMS: Final = 2
_KILL_SECONDS: Final = 5.0
"""Killed processes end within milliseconds, unless they wait for a disk."""
_FOLDER_SECONDS: Final = 60.0
"""`find` and `chown` take a second for 100,000 files."""
_ENVIRONMENT: Final = {"PATH": "/usr/bin:/bin", "LANG": "C"}
_MAKE_READABLE: Final = (
    *("-type", "d", "!", "-perm", "-550", "-exec", "chmod", "u+rwx,g+rx", "{}", ";"),
    *("-o", "-type", "f", "!", "-perm", "-440", "-exec", "chmod", "u+rw,g+r", "{}", "+"),
)
"""Arguments of `find` that make a tree readable for the owner's group. `find` follows no symbolic links, and changes a folder before
it reads it. It keeps sufficient modes, so that the change times of untouched files stay the same."""


class Requests:
    """Handles requests from the runner, one at a time: one JSON object a message.

    Parameters
    ----------
    connection
        Init's end of a socket pair (`SOCK_SEQPACKET`); only the runner has the other end.
    children
        The processes that requests start and kill.
    """

    def __init__(self, connection: socket.socket, children: Children) -> None:
        self._connection = connection
        self._children = children
        self._kernel: int | None = None
        self._folder: str | None = None
        self._verbs: Mapping[str, Callable[..., Mapping[str, Any]]] = {
            "start": self._start,
            "poll": self._poll,
            "signal": self._signal,
            "kill_all": self._kill_all,
            "change_owner": self._change_owner,
        }

    def handle(self) -> bool:
        """Handle one request and send the response. Return whether there can be more.

        The response is the result of the request, or `errno` and `message` of the error.
        """
        data, streams, _, _ = socket.recv_fds(self._connection, MESSAGE_BYTES, _STREAMS, socket.MSG_CMSG_CLOEXEC)
        if not data:
            return False
        try:
            arguments = {**json.loads(data), **({"streams": streams} if streams else {})}
            response = self._verbs[arguments.pop("verb")](**arguments)
        except OSError as error:
            response = {"errno": error.errno, "message": error.strerror}
        finally:
            for stream in streams:
                os.close(stream)
        self._connection.sendall(json.dumps(response).encode())
        return True

    def _start(
        self, *, argv: Sequence[str], environment: Mapping[str, str], folder: str, streams: Sequence[int]
    ) -> Mapping[str, Any]:
        """Start the kernel, with two descriptors as its stdout and stderr, after killing what is left of an earlier one."""
        self._children.kill_notebook(seconds=_KILL_SECONDS)
        with open(os.devnull, "rb") as nothing:  # noqa: PTH123 - see spawning
            pid = spawn(
                argv,
                user=NOTEBOOK,
                environment=environment,
                folder=folder,
                streams=(nothing.fileno(), *streams),
            )
        self._kernel = pid
        self._children.watch(pid)
        return {"pid": pid}

    def _poll(self, *, pid: int) -> Mapping[str, Any]:
        return {"exit_code": self._children.exit_code(pid)}

    def _signal(self, *, pid: int, number: int) -> Mapping[str, Any]:
        """Send a signal to the kernel and its process group. Until init reaps it, no other process can get its id."""
        if pid == self._kernel and self._children.exit_code(pid) is None:
            with acting_as_notebook():
                os.killpg(pid, signal.Signals(number))
        return {}

    def _kill_all(self) -> Mapping[str, Any]:
        """Kill all processes of the notebook; then make what it wrote in the working directory readable for the runner."""
        left = self._children.kill_notebook(seconds=_KILL_SECONDS)
        if self._folder is not None:
            self._run(["find", self._folder, *_MAKE_READABLE], user=NOTEBOOK)
        return {"left": left}

    def _change_owner(self, *, folder: str) -> Mapping[str, Any]:
        """Make the notebook's user the owner of the runner's files in the working directory. Only before the first kernel."""
        if self._kernel is not None:
            raise PermissionError(errno.EPERM, "the working directory already belongs to the notebook")
        owners = f"{NOTEBOOK.uid}:{NOTEBOOK.uid}"
        argv = ["chown", "-R", "--no-dereference", f"--from={RUNNER.uid}", owners, folder]
        if code := self._run(argv, user=User(0, "/")):
            raise OSError(
                errno.EIO, f"the owner of the working directory could not be changed: chown ended with exit code {code}"
            )
        self._folder = folder
        return {}

    def _run(self, argv: Sequence[str], *, user: User) -> int:
        """Run a program to its end, and return its exit code. Kill it if it takes too long."""
        pid = spawn(argv, user=user, environment=_ENVIRONMENT, folder="/")
        self._children.watch(pid)
        code = self._children.wait_for(pid, seconds=_FOLDER_SECONDS)
        if code is not None:
            return code
        os.kill(pid, signal.SIGKILL)
        return -signal.SIGKILL
