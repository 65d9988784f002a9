"""What keeps the notebook's code away from the runner, whoever starts the kernel."""

import ctypes
import logging
import os
import site
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

__all__ = ["adopt_orphans", "harden", "kernel_environment", "prefer_as_victim"]

_LOG = logging.getLogger(__name__)
_PR_SET_DUMPABLE: Final = 4
_PR_SET_CHILD_SUBREAPER: Final = 36
"""Numbers of `prctl` options: <linux/prctl.h>."""
_VICTIM_SCORE: Final = 500
"""Added to the kernel's badness (of 1000), so that the out-of-memory killer takes it and not the runner that reports it."""
_RUNNER_ONLY: Final = frozenset({"PYTHONSAFEPATH", "PYTHONNOUSERSITE"})
"""How the image starts the runner's own Python; a kernel imports from its working directory and from `%pip install`."""


def harden() -> None:
    """Close this process to others of the same user, and load no module from folders that a notebook writes to by habit.

    Not dumpable: `/proc/<pid>/environ` and memory are out of reach, and no debugger attaches. Elsewhere than on Linux that is
    left out.
    """
    unsafe = {"", str(Path.cwd()), site.getusersitepackages()}
    sys.path[:] = [entry for entry in sys.path if entry not in unsafe]
    _set_process_option(_PR_SET_DUMPABLE, 0)


def adopt_orphans() -> None:
    """Become the parent of processes that the notebook abandons, so that they can be found and ended. On Linux only."""
    _set_process_option(_PR_SET_CHILD_SUBREAPER, 1)


def _set_process_option(option: int, value: int) -> None:
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(option, value, 0, 0, 0):
            _LOG.warning("prctl(%d) failed: %s", option, os.strerror(ctypes.get_errno()))


def kernel_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Give the environment for a kernel: this process's, without what is meant for the runner alone.

    Parameters
    ----------
    environ
        The environment, from which `take_settings` has removed its variables already.
    """
    kept = {name: value for name, value in environ.items() if name not in _RUNNER_ONLY}
    own = str(Path(__file__).parents[1])
    if path := [
        entry for entry in kept.pop("PYTHONPATH", "").split(os.pathsep) if entry and str(Path(entry).resolve()) != own
    ]:
        kept["PYTHONPATH"] = os.pathsep.join(path)
    return kept


def prefer_as_victim(pid: int) -> None:
    """Make a process the one that is killed when memory runs out; its children inherit that.

    Parameters
    ----------
    pid
        A child process. One that is gone already, or a system without such a file, is no error.
    """
    try:
        Path(f"/proc/{pid}/oom_score_adj").write_text(str(_VICTIM_SCORE), encoding="ascii")
    except OSError as error:
        _LOG.debug("oom_score_adj of %d: %s", pid, error)
