"""The container engine that builds the runner image."""

import os
import shutil
import subprocess
from typing import Final

__all__ = ["engine_name", "engine_problem"]

_SECONDS: Final = 30
"""Time limit [s] for an engine to respond; a busy Docker Desktop takes several seconds."""


def engine_name() -> str:
    """Name the engine's command, as the CDK CLI finds it: `CDK_DOCKER`, or `docker`."""
    return os.environ.get("CDK_DOCKER") or "docker"


def engine_problem(name: str) -> str | None:
    """Return the reason why an engine cannot build an image, or None if it can."""
    if shutil.which(name) is None:
        return f"{name} is not on PATH"
    try:
        result = subprocess.run([name, "info"], capture_output=True, text=True, timeout=_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return f"{name} did not respond within {_SECONDS} s"
    except OSError as error:
        return f"{name} cannot start: {error.strerror}"
    if result.returncode == 0:
        return None
    lines = [line for line in result.stderr.splitlines() if line.strip()]
    return f"{name} does not respond: {lines[-1].strip() if lines else f'exit code {result.returncode}'}"
