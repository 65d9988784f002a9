"""An installed Chromium: whether it starts, and what it needs."""

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

__all__ = ["INSTALL_CHROMIUM", "Chromium", "ChromiumError", "reason"]

INSTALL_CHROMIUM: Final = "Install Chromium or Google Chrome, or name one in CHROME_PATH."

_START_SECONDS: Final = 60
"""Timeout of `--version`, which takes a fraction of a second on an idle machine."""


class ChromiumError(Exception):
    """No Chromium starts. The message is one line that explains what to do."""


@dataclass(frozen=True)
class Chromium:
    """A browser, and additional environment variables for it."""

    path: Path
    environment: Mapping[str, str] = field(default_factory=dict)

    def version(self) -> str:
        """Return the name and version of the browser. Ubuntu's `chromium-browser` may be a stub that fails.

        Raises
        ------
        ChromiumError
            If it does not start.
        """
        command, environment = [str(self.path), "--version"], {**os.environ, **self.environment}
        try:
            done = subprocess.run(
                command, env=environment, capture_output=True, text=True, check=False, timeout=_START_SECONDS
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise ChromiumError(f"{self.path} does not start: {error}") from None
        if done.returncode != 0:
            raise ChromiumError(f"{self.path} does not start: {reason(done)}")
        return done.stdout.strip()


def reason(done: subprocess.CompletedProcess[str]) -> str:
    """Return why a command failed, in one line: its output, or its exit code."""
    return " ".join((done.stderr or done.stdout).split()) or f"exit code {done.returncode}"
