"""Keep the notebook's code away from the runner, whatever launcher starts the kernel."""

import ctypes
import logging
import os
import site
import sys
from pathlib import Path
from typing import Final

__all__ = ["adopt_orphans", "harden", "prefer_as_victim"]

_LOG = logging.getLogger(__name__)
_PR_SET_DUMPABLE: Final = 4
_PR_SET_CHILD_SUBREAPER: Final = 36
"""Numbers of `prctl` options: <linux/prctl.h>."""
_VICTIM_SCORE: Final = 500
"""Added to the kernel's badness (of 1000), so that the out-of-memory killer ends the kernel and not the runner, which reports it."""


def harden() -> None:
    """Close this process to others of the same user, and import no modules from folders that notebooks usually write to.

    On Linux the process becomes non-dumpable: others cannot read `/proc/<pid>/environ` or its memory, nor attach a debugger.
    """
    unsafe = {"", str(Path.cwd()), site.getusersitepackages()}
    sys.path[:] = [entry for entry in sys.path if entry not in unsafe]
    _set_process_option(_PR_SET_DUMPABLE, 0)


def adopt_orphans() -> None:
    """Become the parent of processes that the notebook orphans, so that they can be found and killed. On Linux only."""
    _set_process_option(_PR_SET_CHILD_SUBREAPER, 1)


def _set_process_option(option: int, value: int) -> None:
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(option, value, 0, 0, 0):
            _LOG.warning("prctl(%d) failed: %s", option, os.strerror(ctypes.get_errno()))


def prefer_as_victim(pid: int) -> None:
    """Make a process the first that is killed when memory runs out. Its children inherit this.

    Parameters
    ----------
    pid
        A child process. It is not an error if it has already ended, or if the system has no such file.
    """
    try:
        Path(f"/proc/{pid}/oom_score_adj").write_text(str(_VICTIM_SCORE), encoding="ascii")
    except OSError as error:
        _LOG.debug("oom_score_adj of %d: %s", pid, error)
