"""How fast `nbjobs` starts: `--help` and `list`, compared with importing the libraries of the command line.

The commands run alternately, and have their bytecode in a folder of their own. What counts is CPU time, which the load of
the machine distorts less. `list` includes its request to a server on loopback.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from statistics import median
from typing import Final

from benchmarks.table import Row, markdown
from tests.jupyter_scheduler_aws.fake_api import running_api
from tests.jupyter_scheduler_aws.fake_server import REGION, SECRETS

__all__ = ["measure"]

_ROUNDS: Final = 9
"""Runs of each command, after one that writes the bytecode."""

_LIBRARIES: Final = 'python -c "import typer, rich"'

_COMMANDS: Final[Mapping[str, tuple[str, ...]]] = {
    _LIBRARIES: ("-c", "import typer, rich"),
    "nbjobs --help": ("-m", "jupyter_scheduler_aws", "--help"),
    "nbjobs list": ("-m", "jupyter_scheduler_aws", "list"),
}


def measure() -> list[Row]:
    """Measure how fast the commands start.

    Raises
    ------
    RuntimeError
        If a command fails.
    """
    access_key, secret = next(iter(SECRETS.items()))
    times: dict[str, list[float]] = {name: [] for name in _COMMANDS}
    with running_api() as api, tempfile.TemporaryDirectory() as bytecode:
        api.add_job("Report")
        environ = {
            **{name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"},
            "PYTHONPYCACHEPREFIX": bytecode,
            "JUPYTER_SCHEDULER_AWS_URL": api.url,
            "AWS_REGION": REGION,
            "AWS_ACCESS_KEY_ID": access_key,
            "AWS_SECRET_ACCESS_KEY": secret,
        }
        for _ in range(_ROUNDS + 1):
            for name, arguments in _COMMANDS.items():
                times[name].append(_cpu_millis(arguments, environ))
    medians = {name: median(values[1:]) for name, values in times.items()}
    goals = {"nbjobs --help": "1.5 x", "nbjobs list": "400 ms"}
    return [
        Row(what=f"`{name}`", ours=medians[name], baseline=medians[_LIBRARIES], against=f"`{_LIBRARIES}`", goal=goal)
        for name, goal in goals.items()
    ]


def _cpu_millis(arguments: tuple[str, ...], environ: Mapping[str, str]) -> float:
    with subprocess.Popen([sys.executable, *arguments], env=environ, stdout=subprocess.DEVNULL) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{arguments} ended with {process.returncode}.")
    return (usage.ru_utime + usage.ru_stime) * 1000


if __name__ == "__main__":
    print(markdown(measure()))
