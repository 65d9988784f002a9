"""Find and kill processes by process id, group or working directory, never by name."""

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

__all__ = ["kill_group", "kill_processes_in", "read_pid_file", "write_pid_file"]

_PROC: Final = Path("/proc")

_STATE_FIELD: Final = 0
_START_TIME_FIELD: Final = 19
"""Positions in `/proc/<pid>/stat` after the closing parenthesis of the command (proc(5): fields 3 and 22)."""


def kill_group(pid: int) -> None:
    """Send SIGKILL to a process group; do nothing if it does not exist."""
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def kill_processes_in(folder: Path) -> None:
    """Send SIGKILL to every process whose working directory is inside a folder; do nothing on a system without `/proc`.

    A kernel runs in its own session, so it is not in the process group of its parent.
    """
    for pid in _processes_in(folder):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue


def write_pid_file(path: Path, pid: int) -> None:
    """Write the id and the start time of a process; the start time distinguishes it from a later process with the same id."""
    path.write_text(f"{pid} {_started(pid)}", encoding="ascii")


def read_pid_file(path: Path) -> int | None:
    """Return the id of the process in a file, or None if it does not run any more."""
    try:
        pid, _, started = path.read_text(encoding="ascii").partition(" ")
    except OSError:
        return None
    return int(pid) if started and _started(int(pid)) == started else None


def _started(pid: int) -> str:
    """Return the start time of a process in a format of the system; empty if it does not run."""
    if not _PROC.is_dir():
        return subprocess.run(
            ["ps", "-o", "lstart=", "-p", str(pid)], check=False, capture_output=True, text=True
        ).stdout.strip()
    try:
        fields = (_PROC / str(pid) / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if fields[_STATE_FIELD] == "Z" else fields[_START_TIME_FIELD]


def _processes_in(folder: Path) -> Iterator[int]:
    inside = folder.resolve()
    for entry in _PROC.glob("[0-9]*"):
        try:
            if (entry / "cwd").readlink().is_relative_to(inside):
                yield int(entry.name)
        except OSError:
            continue
