"""From the container's start to its end: prepare the file system, start the runner, answer it, and exit with its exit code."""

import os
import socket
import sys
from typing import Final

from runner.init.children import Children
from runner.init.privileges import PrivilegeError, limit_privileges
from runner.init.requests import Requests
from runner.init.spawning import spawn
from runner.init.users import NOTEBOOK, RUNNER

__all__ = ["SOCKET_VARIABLE", "main"]

SOCKET_VARIABLE: Final = "INIT_SOCKET"
"""Names the runner's descriptor of the socket to init."""

_EXIT_SETTINGS: Final = 2
"""As in runner.outcomes, which init does not import."""

_RUNNER: Final = (sys.executable, "-P", "-s", "-m", "runner")
_FOLDERS: Final = (("/tmp", 0, 0o1777), (RUNNER.home, RUNNER.uid, 0o711), (NOTEBOOK.home, NOTEBOOK.uid, 0o700))  # noqa: S108
"""Path, owner and mode. They lie in volumes; ECS makes a volume with root as its owner unless the image declares it."""


def main() -> int:
    """Be the container's process 1, and return its exit code: the runner's, or 128 + n if signal n ended it."""
    try:
        children = Children()  # first: process 1 does not get a signal that it has no handler for
        limit_privileges()
        for path, owner, mode in _FOLDERS:
            _have(path, owner, mode)
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        runner = _start_runner(theirs)
    except (PrivilegeError, OSError) as error:
        print(f"init: {error}", file=sys.stderr)  # noqa: T201 - there is no log yet
        return _EXIT_SETTINGS
    children.runner = runner
    children.watch(runner)
    theirs.close()
    code = _serve(children, runner, ours)
    return code if code >= 0 else 128 - code


def _have(path: str, owner: int, mode: int) -> None:
    os.makedirs(path, exist_ok=True)  # noqa: PTH103 - see spawning
    if os.stat(path).st_uid == 0:  # noqa: PTH116
        os.chmod(path, mode)  # noqa: PTH101
        os.chown(path, owner, owner)


def _start_runner(connection: socket.socket) -> int:
    environment = {
        **os.environ,
        "HOME": RUNNER.home,
        "TMPDIR": RUNNER.home,
        SOCKET_VARIABLE: str(connection.fileno()),
    }
    return spawn(_RUNNER, user=RUNNER, environment=environment, folder=RUNNER.home, inherited=connection.fileno())


def _serve(children: Children, runner: int, connection: socket.socket) -> int:
    """Answer requests until the runner has ended; that ends the container, and with it everything that still runs there."""
    requests: Requests | None = Requests(connection, children)
    while (code := children.exit_code(runner)) is None:
        if children.wait(other=connection.fileno() if requests else None) and requests and not requests.response():
            requests = None
    return code
