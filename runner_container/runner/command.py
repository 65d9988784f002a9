"""Run the notebook that this container was started for, and exit with the outcome's code."""

import os
import sys

from runner.errors import SettingsError
from runner.hardening import harden
from runner.http_sessions import read_network, use_network
from runner.init_launcher import choose_launcher
from runner.log import start_log
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
    start_log()
    try:
        settings = take_settings(os.environ)
        use_network(read_network(os.environ))
    except SettingsError as error:
        print(f"runner: {error}", file=sys.stderr)  # noqa: T201 - one line for whoever started the container by hand
        return EXIT_SETTINGS
    harden()
    launcher = choose_launcher(os.environ)
    os.chdir("/")  # Nothing is looked for in a folder that a notebook writes to.
    return Supervisor(settings, intervals or Intervals(), memory or MemoryWatch(), launcher).run()
