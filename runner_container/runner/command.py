"""Run the notebook that this container was started for, and exit with the outcome's code."""

import logging
import os
import sys

from runner.errors import SettingsError
from runner.hardening import harden
from runner.init_launcher import choose_launcher
from runner.memory import MemoryWatch
from runner.outcomes import EXIT_SETTINGS
from runner.settings import Intervals, take_settings
from runner.supervisor import Supervisor

__all__ = ["main"]


def main(intervals: Intervals | None = None, memory: MemoryWatch | None = None) -> int:
    """Run, and give the exit code.

    Parameters
    ----------
    intervals, memory
        How often and how long, and who tells why a kernel was killed; the defaults, except in tests.
    """
    logging.basicConfig(stream=sys.stdout, level=logging.WARNING, format="runner: %(message)s")
    logging.getLogger("runner").setLevel(logging.INFO)
    logging.captureWarnings(capture=True)
    logging.getLogger("py.warnings").setLevel(logging.ERROR)  # of libraries, about notebooks of older formats
    try:
        settings = take_settings(os.environ)
    except SettingsError as error:
        print(f"runner: {error}", file=sys.stderr)  # noqa: T201 - one line for whoever started the container by hand
        return EXIT_SETTINGS
    harden()
    launcher = choose_launcher(os.environ)
    return Supervisor(settings, intervals or Intervals(), memory or MemoryWatch(), launcher).run()
