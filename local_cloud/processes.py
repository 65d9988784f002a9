"""Finding and ending processes of this machine by what identifies them, never by name."""

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

__all__ = ["kill_group", "kill_inside", "note_process", "noted_process"]

_PROC: Final = Path("/proc")

_STATE_FIELD: Final = 0
_START_TIME_FIELD: Final = 19
"""Places in `/proc/<pid>/stat` after the command's closing parenthesis (proc(5): fields 3 and 22 of all)."""


def kill_group(pid: int) -> None:
    """Send SIGKILL to a process group; do nothing if there is none."""
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def kill_inside(folder: Path) -> None:
    """Send SIGKILL to every process that works inside the folder (where there is a `/proc` to tell).

    A kernel is started in a session of its own, so the group of the process that started it does not have it.
    """
    for pid in _working_inside(folder):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue


def note_process(path: Path, pid: int) -> None:
    """Write down a process with its start time, by which it is told from a later one with the same number."""
    path.write_text(f"{pid} {_started(pid)}", encoding="ascii")


def noted_process(path: Path) -> int | None:
    """Give the process that was written down, if it still runs."""
    try:
        pid, _, started = path.read_text(encoding="ascii").partition(" ")
    except OSError:
        return None
    return int(pid) if started and _started(int(pid)) == started else None


def _started(pid: int) -> str:
    """When a process started, in whatever terms the system tells it; empty if it does not run."""
    if not _PROC.is_dir():
        return subprocess.run(
            ["ps", "-o", "lstart=", "-p", str(pid)], check=False, capture_output=True, text=True
        ).stdout.strip()
    try:
        fields = (_PROC / str(pid) / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if fields[_STATE_FIELD] == "Z" else fields[_START_TIME_FIELD]


def _working_inside(folder: Path) -> Iterator[int]:
    inside = folder.resolve()
    for entry in _PROC.glob("[0-9]*"):
        try:
            if (entry / "cwd").readlink().is_relative_to(inside):
                yield int(entry.name)
        except OSError:
            continue
