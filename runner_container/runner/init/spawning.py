"""Start a program as another user."""

import os
import resource
import signal
from collections.abc import Mapping, Sequence
from typing import Final, NoReturn

from runner.init.privileges import FORWARDED
from runner.init.users import NOTEBOOK, RUNNER, User

__all__ = ["MAX_PROCESSES", "spawn"]

MAX_PROCESSES: Final = 4096
"""The limit on processes and threads of the notebook's user: 256 threads for every CPU of the largest Fargate size (16), and few
enough that a fork bomb leaves memory for the runner."""

_VICTIM_SCORE: Final = 500
"""Added to the notebook's badness (of 1000), so that the out-of-memory killer ends it and not the runner, which reports it."""

_NICENESS: Final = 19
"""The smallest share of a busy CPU: the runner's heartbeats are in time beside any number of busy processes of the notebook. A
notebook alone still gets all CPUs."""


def spawn(
    argv: Sequence[str],
    *,
    user: User,
    environment: Mapping[str, str],
    folder: str,
    streams: Sequence[int] = (0, 1, 2),
    inherited: int | None = None,
) -> int:
    """Start a program, and return its process id.

    Parameters
    ----------
    argv
        The program, looked up in the environment's `PATH`, and its arguments.
    user
        The user of the process. Processes of the notebook's user get their own session and limits.
    environment, folder
        Its environment and its working directory.
    streams
        Its stdin, stdout and stderr.
    inherited
        Another descriptor that it keeps, with the same number.

    Raises
    ------
    OSError
        If the program cannot be started.
    """
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        _become(argv, user, environment, folder, streams, inherited, writing)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        number = pipe.read()
    if number:
        os.waitpid(pid, 0)
        raise OSError(int(number), os.strerror(int(number)), argv[0])
    return pid


def _become(  # noqa: PLR0917 - the steps between fork and exec are one sequence
    argv: Sequence[str],
    user: User,
    environment: Mapping[str, str],
    folder: str,
    streams: Sequence[int],
    inherited: int | None,
    failure: int,
) -> NoReturn:
    """Turn the forked child into the program. If that fails, write the error number to the descriptor `failure`."""
    try:
        if user == NOTEBOOK:
            _limit()
        os.setgroups(
            [NOTEBOOK.uid] if user == RUNNER else []
        )  # the runner reads outputs as a member of the notebook's group
        os.setresgid(user.uid, user.uid, user.uid)
        os.setresuid(user.uid, user.uid, user.uid)
        os.chdir(folder)
        # Copy first: the number of one stream may be the target of another.
        for target, copy in enumerate([os.dup(stream) for stream in streams]):
            os.dup2(copy, target)
        if user == RUNNER:
            signal.pthread_sigmask(signal.SIG_BLOCK, FORWARDED)  # until it has handlers: see runner.__main__
        if inherited is not None:
            os.set_inheritable(inherited, True)
        for number in (signal.SIGPIPE, signal.SIGXFSZ):  # Python ignores them, and exec would keep that
            signal.signal(number, signal.SIG_DFL)
        os.execvpe(argv[0], list(argv), environment)  # noqa: S606 - without a shell
    except OSError as error:
        os.write(failure, str(error.errno).encode())
    finally:
        os._exit(127)


def _limit() -> None:
    """Become the first to be killed for memory and the last to get a CPU, with a limited number of processes."""
    os.setsid()
    with open("/proc/self/oom_score_adj", "w", encoding="ascii") as file:  # noqa: PTH123 - pathlib takes as long to import as all of init
        file.write(str(_VICTIM_SCORE))
    os.setpriority(os.PRIO_PROCESS, 0, _NICENESS)
    hard = resource.getrlimit(resource.RLIMIT_NPROC)[1]
    limit = MAX_PROCESSES if hard == resource.RLIM_INFINITY else min(MAX_PROCESSES, hard)
    resource.setrlimit(resource.RLIMIT_NPROC, (limit, limit))
