"""Starting a program as another user."""

import os
import resource
import signal
from collections.abc import Mapping, Sequence
from typing import Final, NoReturn

from runner.init.privileges import FORWARDED
from runner.init.users import NOTEBOOK, RUNNER, User

__all__ = ["MOST_PROCESSES", "spawn"]

MOST_PROCESSES: Final = 4096
"""Processes and threads that the notebook's user may have: enough for every CPU of the largest Fargate size (16) to have 256
threads, and few enough that a fork bomb leaves the runner memory to work in."""

_VICTIM_SCORE: Final = 500
"""Added to the notebook's badness (of 1000), so that the out-of-memory killer takes it and not the runner that reports it."""

_NICENESS: Final = 19
"""The least share of a busy CPU: the runner's heartbeats come in time beside any number of busy processes of the notebook. A
notebook alone still gets every CPU whole."""


def spawn(
    argv: Sequence[str],
    *,
    user: User,
    environment: Mapping[str, str],
    folder: str,
    streams: Sequence[int] = (0, 1, 2),
    inherited: int | None = None,
) -> int:
    """Start a program, and give its process id.

    Parameters
    ----------
    argv
        The program, looked up in the environment's `PATH`, and its arguments.
    user
        Whose process it becomes. Processes of the notebook's user get a session of their own and limits.
    environment, folder
        Its whole environment and its working directory.
    streams
        What it gets as stdin, stdout and stderr.
    inherited
        One more descriptor that it keeps under the same number.

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
    """Turn the child that `fork` made into the program. The descriptor `failure` gets the error number if that fails."""
    try:
        if user == NOTEBOOK:
            _limit()
        os.setgroups([NOTEBOOK.uid] if user == RUNNER else [])  # the runner reads outputs by the notebook's group
        os.setresgid(user.uid, user.uid, user.uid)
        os.setresuid(user.uid, user.uid, user.uid)
        os.chdir(folder)
        # Copies first: a stream's own number may be the target of another.
        for target, copy in enumerate([os.dup(stream) for stream in streams]):
            os.dup2(copy, target)
        if user == RUNNER:
            signal.pthread_sigmask(signal.SIG_BLOCK, FORWARDED)  # until it has handlers: see runner.__main__
        if inherited is not None:
            os.set_inheritable(inherited, True)
        for number in (signal.SIGPIPE, signal.SIGXFSZ):  # Python ignores them, and exec keeps that
            signal.signal(number, signal.SIG_DFL)
        os.execvpe(argv[0], list(argv), environment)  # noqa: S606 - no shell is wanted
    except OSError as error:
        os.write(failure, str(error.errno).encode())
    finally:
        os._exit(127)


def _limit() -> None:
    """Be the first that is killed for memory, the last that gets a CPU, and bounded in number."""
    os.setsid()
    with open("/proc/self/oom_score_adj", "w", encoding="ascii") as file:  # noqa: PTH123 - pathlib takes as long to import as all of init
        file.write(str(_VICTIM_SCORE))
    os.setpriority(os.PRIO_PROCESS, 0, _NICENESS)
    hard = resource.getrlimit(resource.RLIMIT_NPROC)[1]
    most = MOST_PROCESSES if hard == resource.RLIM_INFINITY else min(MOST_PROCESSES, hard)
    resource.setrlimit(resource.RLIMIT_NPROC, (most, most))
