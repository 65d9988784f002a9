"""Memory: how much there is, and whether the system killed a process because it ran out (out of memory)."""

from pathlib import Path
from typing import Final

import psutil  # type: ignore[import-not-found,import-untyped,unused-ignore]

from runner.cgroup import CGROUP_ROOT, MEMBERSHIPS, count_kills, memory_folders, read_all

__all__ = ["MemoryWatch"]

_NEARLY_FULL_PERCENT: Final = 95
"""Without a counter, a kill counts as out of memory from this usage on: the last sample is up to 1 s old."""
_UNLIMITED_BYTES: Final = 1 << 60
"""Control groups of version 1 express "no limit" as a number near 2⁶³."""


class MemoryWatch:
    """Detects that the kernel was killed for memory, from the counters of this container's control group (v2 or v1).

    The counters count kills of the container's processes, whichever limit was reached. On Fargate that is the task's limit,
    which the container does not see; the machine's memory, which is the task's own, stands for it.

    Parameters
    ----------
    root
        Where control groups are mounted.
    memberships
        The file that names this process's control groups.
    """

    def __init__(self, root: Path = CGROUP_ROOT, memberships: Path = MEMBERSHIPS) -> None:
        self._folders = memory_folders(root, memberships)
        self._kills_before = count_kills(self._folders)
        self._peak_percent = 0.0

    @property
    def limit_bytes(self) -> int:
        """The available memory [bytes]."""
        texts = read_all(self._folders, "memory.max", "memory.limit_in_bytes")
        limits = [int(text) for text in texts if text.strip().isdecimal()]
        machine: int = psutil.virtual_memory().total
        return min([limit for limit in limits if limit < _UNLIMITED_BYTES] + [machine])

    def sample(self) -> None:
        """Record the machine's current memory usage, which is needed only without a counter."""
        self._peak_percent = max(self._peak_percent, psutil.virtual_memory().percent)

    def ran_out(self) -> bool:
        """Check whether a process was killed for memory since this object was created."""
        kills = count_kills(self._folders)
        if kills is None or self._kills_before is None:
            return self._peak_percent >= _NEARLY_FULL_PERCENT
        return kills > self._kills_before
