"""From the container's start to its end: prepare the file system, start the runner, handle its requests, exit with its exit code."""

import os
import socket
import sys
from typing import Final

from runner.init.children import Children
from runner.init.privileges import PrivilegeError, limit_privileges
from runner.init.requests import Requests
from runner.init.spawning import spawn
from runner.init.users import NOTEBOOK, RUNNER

__all__ = ["EXIT_WRONG_SETTINGS", "SOCKET_VARIABLE", "main"]

SOCKET_VARIABLE: Final = "INIT_SOCKET"
"""The variable with the runner's descriptor of the socket to init."""

EXIT_WRONG_SETTINGS: Final = 2
"""As in runner.exit_codes, which init does not import; a test compares them."""

_RUNNER: Final = (sys.executable, "-P", "-s", "-m", "runner")
_FOLDERS: Final = (("/tmp", 0, 0o1777), (RUNNER.home, RUNNER.uid, 0o711), (NOTEBOOK.home, NOTEBOOK.uid, 0o700))  # noqa: S108
"""Path, owner and mode. They are in volumes. ECS creates a volume with root as its owner unless the image declares it."""


def main() -> int:
    """Run as the container's process 1, and return its exit code: the runner's, or 128 + n if signal n ended it."""
    try:
        children = Children()  # first: process 1 does not receive signals without a handler
        limit_privileges()
        for path, owner, mode in _FOLDERS:
            _make_folder(path, owner, mode)
        init_end, runner_end = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        runner = _start_runner(runner_end)
    except (PrivilegeError, OSError) as error:
        print(f"init: {error}", file=sys.stderr)  # noqa: T201 - there is no log yet
        return EXIT_WRONG_SETTINGS
    children.runner = runner
    children.watch(runner)
    runner_end.close()
    code = _serve(children, runner, init_end)
    return code if code >= 0 else 128 - code


def _make_folder(path: str, owner: int, mode: int) -> None:
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
    """Handle requests until the runner has ended. That ends the container, and with it everything that still runs there."""
    requests: Requests | None = Requests(connection, children)
    while (code := children.exit_code(runner)) is None:
        if children.wait(other=connection.fileno() if requests else None) and requests and not requests.handle():
            requests = None
    return code
