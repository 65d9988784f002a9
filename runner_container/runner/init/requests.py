"""What the runner may ask init for: start and end the notebook's processes, and hand the work folder over and back."""

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
"""Room for any request: more than a socket takes without being asked to (net.core.wmem_default, 208 KiB)."""

_STREAMS: Final = 2
_END_SECONDS: Final = 5.0
"""Killed processes are gone within milliseconds, unless they wait for a disk."""
_FOLDER_SECONDS: Final = 60.0
"""`find` and `chown` take a second for 100,000 files."""
_ENVIRONMENT: Final = {"PATH": "/usr/bin:/bin", "LANG": "C"}
_OPEN_UP: Final = (
    *("-type", "d", "!", "-perm", "-550", "-exec", "chmod", "u+rwx,g+rx", "{}", ";"),
    *("-o", "-type", "f", "!", "-perm", "-440", "-exec", "chmod", "u+rw,g+r", "{}", "+"),
)
"""Arguments of `find` that make a tree readable to the owner's group. It follows no symbolic links, and a folder is opened up
before `find` looks into it. Modes that suffice stay, so that times of files that nobody touched stay, too."""


class Requests:
    """Answers requests from the runner, one at a time: one JSON object a message.

    Parameters
    ----------
    connection
        Init's end of a pair of sockets (`SOCK_SEQPACKET`) whose other end only the runner has.
    children
        Whom requests start and end.
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
            "end": self._end,
            "give": self._give,
        }

    def response(self) -> bool:
        """Take one request and answer it; give whether there can be more.

        An answer is what the request asks for, or `errno` and `message` of what went wrong.
        """
        data, streams, _, _ = socket.recv_fds(self._connection, MESSAGE_BYTES, _STREAMS, socket.MSG_CMSG_CLOEXEC)
        if not data:
            return False
        try:
            given = {**json.loads(data), **({"streams": streams} if streams else {})}
            response = self._verbs[given.pop("verb")](**given)
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
        """Start the kernel, with two descriptors as its stdout and stderr; nothing of an earlier one is left then."""
        self._children.end_notebook(seconds=_END_SECONDS)
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
        """Signal the kernel and its process group. While its number has not been reaped, no other process can have it."""
        if pid == self._kernel and self._children.exit_code(pid) is None:
            with acting_as_notebook():
                os.killpg(pid, signal.Signals(number))
        return {}

    def _end(self) -> Mapping[str, Any]:
        """End everything that is the notebook's; then make what it wrote in the work folder readable for the runner."""
        left = self._children.end_notebook(seconds=_END_SECONDS)
        if self._folder is not None:
            self._run(["find", self._folder, *_OPEN_UP], user=NOTEBOOK)
        return {"left": left}

    def _give(self, *, folder: str) -> Mapping[str, Any]:
        """Give the work folder to the notebook's user: what in it belongs to the runner, and before the first kernel only."""
        if self._kernel is not None:
            raise PermissionError(errno.EPERM, "the work folder belongs to the notebook already")
        owners = f"{NOTEBOOK.uid}:{NOTEBOOK.uid}"
        argv = ["chown", "-R", "--no-dereference", f"--from={RUNNER.uid}", owners, folder]
        if code := self._run(argv, user=User(0, "/")):
            raise OSError(errno.EIO, f"the work folder could not be given to the notebook: chown ended with {code}")
        self._folder = folder
        return {}

    def _run(self, argv: Sequence[str], *, user: User) -> int:
        """Run a program to its end, and give its exit code; one that takes too long is killed."""
        pid = spawn(argv, user=user, environment=_ENVIRONMENT, folder="/")
        self._children.watch(pid)
        code = self._children.wait_for(pid, seconds=_FOLDER_SECONDS)
        if code is not None:
            return code
        os.kill(pid, signal.SIGKILL)
        return -signal.SIGKILL
