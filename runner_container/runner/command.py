"""Run the notebook that this container was started for, and exit with the outcome's exit code."""

import os
import sys
from importlib import import_module
from threading import Thread

from runner.errors import SettingsError
from runner.exit_codes import EXIT_WRONG_SETTINGS
from runner.hardening import harden
from runner.http_sessions import read_network, use_network
from runner.init_launcher import choose_launcher
from runner.log import start_log
from runner.memory import MemoryWatch
from runner.settings import Intervals, read_settings
from runner.supervisor import Supervisor

__all__ = ["main"]


def main(intervals: Intervals | None = None, memory: MemoryWatch | None = None) -> int:
    """Run, and return the exit code.

    Parameters
    ----------
    intervals, memory
        How often and how long to do things, and how to detect a lack of memory. Only tests change the defaults.
    """
    start_log()
    try:
        settings = read_settings(os.environ)
        use_network(read_network(os.environ))
    except SettingsError as error:
        print(f"runner: {error}", file=sys.stderr)  # noqa: T201 - one line for whoever started the container by hand
        return EXIT_WRONG_SETTINGS
    harden()
    launcher = choose_launcher(os.environ)
    os.chdir("/")  # Nothing is searched for in a folder that a notebook writes to.
    Thread(target=_import_execution, name="imports").start()
    return Supervisor(settings, intervals or Intervals(), memory or MemoryWatch(), launcher).run()


def _import_execution() -> None:
    """Import what the execution needs, in the order in which it is needed, while the service and the store are being waited for.

    `run` imports the same modules when it needs them, and so waits for this thread.
    """
    import_module("runner.kernel_start")
    import_module("runner.execution")
    import_module("runner.notebooks")
