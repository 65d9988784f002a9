"""Control groups (v2 or v1): the memory limits and counters of this container. Init uses it, so it imports only the standard library."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

__all__ = ["CGROUP_ROOT", "MEMBERSHIPS", "count_kills", "memory_folders", "read_all"]

CGROUP_ROOT: Final = Path("/sys/fs/cgroup")
"""Where control groups are mounted."""
MEMBERSHIPS: Final = Path("/proc/self/cgroup")
"""The file that names this process's control groups."""


def memory_folders(root: Path = CGROUP_ROOT, memberships: Path = MEMBERSHIPS) -> list[Path]:
    """Return the control groups of this process, v2 and v1: by full name, or the root of the mount if a namespace shows it there."""
    try:
        lines = memberships.read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = {controllers: name.lstrip("/") for _, controllers, name in (line.split(":", 2) for line in lines)}
    folders: list[Path] = []
    for base, name in ((root, names.get("", "")), (root / "memory", names.get("memory", ""))):
        found = [folder for folder in (base / name, base) if any(folder.glob("memory.*"))]
        folders += found[:1]
    return folders


def read_all(folders: Sequence[Path], *names: str) -> Iterator[str]:
    """Yield the content of every file with one of these names that exists."""
    for folder in folders:
        for name in names:
            try:
                yield (folder / name).read_text(encoding="utf-8")
            except OSError:
                continue


def count_kills(folders: Sequence[Path]) -> int | None:
    """Return how many processes were killed because memory was full; None if nothing counts them."""
    texts = read_all(folders, "memory.events", "memory.oom_control")
    counts = [int(found[1]) for text in texts if (found := re.search(r"^oom_kill (\d+)", text, re.MULTILINE))]
    return sum(counts) if counts else None
