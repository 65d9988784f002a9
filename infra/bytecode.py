"""Bytecode for the function bundle: Lambda's task folder is read-only, so a function without it compiles every module at each cold start."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

__all__ = ["Compiler"]

_TASK_FOLDER: Final = "/var/task"
"""Where Lambda unpacks the bundle; tracebacks name it."""

_DESCRIBE: Final = "import sys; print(*sys.version_info[:4], sys.implementation.cache_tag, sys.version)"


@dataclass(frozen=True)
class Compiler:
    """A Python of the bundle's target, which writes bytecode that the target can load."""

    executable: str
    """Path of the interpreter."""

    version: str
    """Its full version and build."""

    @classmethod
    def local(cls) -> Self:
        """Return this machine's Python, which the local cloud runs the functions with."""
        return cls(sys.executable, sys.version)

    @classmethod
    def for_runtime(cls, python: str, *, uv: str) -> Self | None:
        """Find a released CPython of a runtime's version, for instance `3.13`, on this machine. It is never downloaded."""
        found = _run(uv, "python", "find", "--no-python-downloads", "--no-project", python)
        description = found and _run(found.strip(), "-I", "-c", _DESCRIBE)
        if not found or not description:
            return None
        major, minor, _, level, cache_tag, version = description.split(" ", maxsplit=5)
        matches = (f"{major}.{minor}", level, cache_tag) == (python, "final", f"cpython-{major}{minor}")
        return cls(found.strip(), version.strip()) if matches else None

    def compile(self, root: Path, *folders: str) -> None:
        """Write bytecode beside every module of a bundle, or of some of its folders.

        It is not compared with its source when it is loaded ("unchecked hash"): nothing changes in a bundle. It holds neither the
        time nor the path of the build, so that the same bundle has the same asset hash wherever it is built.

        Raises
        ------
        subprocess.CalledProcessError
            If a module has a syntax error.
        """
        options = ["-q", "--invalidation-mode", "unchecked-hash", "-s", str(root), "-p", _TASK_FOLDER]
        command = [self.executable, "-I", "-m", "compileall", *options, *[str(root / name) for name in folders or [""]]]
        subprocess.run(command, check=True, stdout=sys.stderr)


def _run(*command: str) -> str | None:
    """Return what a command prints, or None if it fails."""
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    return result.stdout if result.returncode == 0 else None
