"""Memory: how much there is, and whether the system killed a process for want of it."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import psutil  # type: ignore[import-not-found,import-untyped,unused-ignore]

__all__ = ["MemoryWatch"]

_ROOT: Final = Path("/sys/fs/cgroup")
_NEARLY_FULL_PERCENT: Final = 95
"""Where no counter tells, a kill is taken to be for memory from this use on: the last sample is up to 1 s old."""
_UNLIMITED_BYTES: Final = 1 << 60
"""Control groups of version 1 write no limit as some number near 2⁶³."""


class MemoryWatch:
    """Tells whether the kernel was killed for memory, from the counters of this container's control group (v2 or v1).

    The counters count kills of the container's processes whoever's limit was reached. On Fargate that limit is the task's,
    above what the container sees; then the machine's memory, which is the task's own, stands for it.

    Parameters
    ----------
    root
        Where control groups are mounted.
    memberships
        The file that names this process's control groups.
    """

    def __init__(self, root: Path = _ROOT, memberships: Path = Path("/proc/self/cgroup")) -> None:
        self._folders = list(_folders(root, memberships))
        self._kills_before = self._kills()
        self._peak_percent = 0.0

    @property
    def limit_bytes(self) -> int:
        """The memory that there is [bytes]."""
        texts = _read(self._folders, "memory.max", "memory.limit_in_bytes")
        limits = [int(text) for text in texts if text.strip().isdecimal()]
        machine: int = psutil.virtual_memory().total
        return min([limit for limit in limits if limit < _UNLIMITED_BYTES] + [machine])

    def sample(self) -> None:
        """Note the machine's memory in use now; needed only where no counter tells."""
        self._peak_percent = max(self._peak_percent, psutil.virtual_memory().percent)

    def ran_out(self) -> bool:
        """Tell whether a process that was killed since this object was made was killed for memory."""
        kills = self._kills()
        if kills is None or self._kills_before is None:
            return self._peak_percent >= _NEARLY_FULL_PERCENT
        return kills > self._kills_before

    def _kills(self) -> int | None:
        texts = _read(self._folders, "memory.events", "memory.oom_control")
        counts = [int(found[1]) for text in texts if (found := re.search(r"^oom_kill (\d+)", text, re.MULTILINE))]
        return sum(counts) if counts else None


def _folders(root: Path, memberships: Path) -> Iterator[Path]:
    """Give the control groups of this process, v2 and v1: by full name, or the mount's root, where a namespace shows it."""
    try:
        lines = memberships.read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = {controllers: name.lstrip("/") for _, controllers, name in (line.split(":", 2) for line in lines)}
    for base, name in ((root, names.get("", "")), (root / "memory", names.get("memory", ""))):
        found = [folder for folder in (base / name, base) if any(folder.glob("memory.*"))]
        yield from found[:1]


def _read(folders: list[Path], *names: str) -> Iterator[str]:
    for folder in folders:
        for name in names:
            try:
                yield (folder / name).read_text(encoding="utf-8")
            except OSError:
                continue
