"""Run the notebook that this container was started for, and exit with the outcome's code."""

import logging
import os
import sys
import threading
from io import FileIO

from runner.errors import SettingsError
from runner.hardening import harden
from runner.log import NOTEBOOK, LogHandler, log_uncaught
from runner.memory import MemoryWatch
from runner.outcomes import EXIT_SETTINGS
from runner.sessions import read_network, use_network
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
    _start_log()
    try:
        settings = take_settings(os.environ)
        use_network(read_network(os.environ))
    except SettingsError as error:
        print(f"runner: {error}", file=sys.stderr)  # noqa: T201 - one line for whoever started the container by hand
        return EXIT_SETTINGS
    harden()
    os.chdir("/")  # Nothing is looked for in a folder that a notebook writes to.
    return Supervisor(settings, intervals or Intervals(), memory or MemoryWatch()).run()


def _start_log() -> None:
    """Let everything that is said go one way; it is written until `logging.shutdown`, which Python calls at its end."""
    logging.basicConfig(
        handlers=[LogHandler(FileIO(sys.stdout.fileno(), "w", closefd=False))],
        level=logging.WARNING,
        format="%(message)s",
    )
    for name in ("runner", NOTEBOOK):
        logging.getLogger(name).setLevel(logging.INFO)
    logging.captureWarnings(capture=True)
    logging.getLogger("py.warnings").setLevel(logging.ERROR)  # of libraries, about notebooks of older formats
    threading.excepthook = log_uncaught
