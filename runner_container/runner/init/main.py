"""From the container's start to its end: prepare the file system, start the runner, handle its requests, exit with its exit code."""

import os
import signal
import socket
import sys
from typing import Final

from runner.cgroup import count_kills, memory_folders
from runner.init.children import Children
from runner.init.privileges import PrivilegeError, limit_privileges
from runner.init.requests import Requests
from runner.init.spawning import spawn
from runner.init.users import NOTEBOOK, RUNNER

__all__ = ["EXIT_OUT_OF_MEMORY", "EXIT_WRONG_SETTINGS", "SOCKET_VARIABLE", "exit_code", "main"]

SOCKET_VARIABLE: Final = "INIT_SOCKET"
"""The variable with the runner's descriptor of the socket to init."""

EXIT_WRONG_SETTINGS: Final = 2
"""As in runner.exit_codes, which init does not import; a test compares them."""
EXIT_OUT_OF_MEMORY: Final = 15
"""The same: the exit code of the outcome `out_of_memory`."""

_RUNNER: Final = (sys.executable, "-P", "-s", "-m", "runner")
_FOLDERS: Final = (("/tmp", 0, 0o1777), (RUNNER.home, RUNNER.uid, 0o711), (NOTEBOOK.home, NOTEBOOK.uid, 0o700))  # noqa: S108
"""Path, owner and mode. They are in volumes. ECS creates a volume with root as its owner unless the image declares it."""


def main() -> int:
    """Run as the container's process 1, and return its exit code: the runner's, 128 + n if signal n ended it, or the code of `out_of_memory`."""
    try:
        children = Children()  # first: process 1 does not receive signals without a handler
        limit_privileges()
        for path, owner, mode in _FOLDERS:
            _make_folder(path, owner, mode)
        init_end, runner_end = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        groups = memory_folders()
        kills = count_kills(groups)
        runner = _start_runner(runner_end)
    except (PrivilegeError, OSError) as error:
        print(f"init: {error}", file=sys.stderr)  # noqa: T201 - there is no log yet
        return EXIT_WRONG_SETTINGS
    children.runner = runner
    children.watch(runner)
    runner_end.close()
    return exit_code(_serve(children, runner, init_end), kills_before=kills, kills=count_kills(groups))


def exit_code(code: int, *, kills_before: int | None, kills: int | None) -> int:
    """Return the container's exit code.

    Parameters
    ----------
    code
        The runner's exit code, negative for a signal.
    kills_before, kills
        How many processes had been killed because memory was full, before the runner started and now; None if nothing counts them.
        Only this shows that the runner was killed for memory: anything else may have sent it the same signal.
    """
    if code == -signal.SIGKILL and kills is not None and kills_before is not None and kills > kills_before:
        print("init: the runner was killed because the container's memory was full", file=sys.stderr)  # noqa: T201
        return EXIT_OUT_OF_MEMORY
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
