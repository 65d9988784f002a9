"""The container engine that builds the runner image."""

import os
import shutil
import subprocess
from typing import Final

__all__ = ["engine_name", "why_no_engine"]

_SECONDS: Final = 30
"""How long an engine may take to answer; Docker Desktop that starts takes some 20 s."""


def engine_name() -> str:
    """Name the engine's command, as the CDK CLI finds it: `CDK_DOCKER`, or `docker`."""
    return os.environ.get("CDK_DOCKER") or "docker"


def why_no_engine(name: str) -> str | None:
    """Say why an engine cannot build an image; None if it can."""
    if shutil.which(name) is None:
        return f"{name} is not on PATH"
    try:
        done = subprocess.run([name, "info"], capture_output=True, text=True, timeout=_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return f"{name} does not answer within {_SECONDS} s"
    except OSError as error:
        return f"{name} cannot be started: {error.strerror}"
    if done.returncode == 0:
        return None
    said = [line for line in done.stderr.splitlines() if line.strip()]
    return f"{name} does not answer: {said[-1].strip() if said else f'exit code {done.returncode}'}"
