"""`make bench`: measures, and prints two tables."""

import json
import os
import subprocess
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks import panel

__all__ = ["main"]

_ROOT = Path(__file__).parents[1]
_CELLS = 500
_ROUNDS = 3
_JOBS = 20_000
_RUNS = 5
_LISTS = 15


def _engine_seconds() -> dict[str, float]:
    """Time the engines where the runner lives: in its own environment."""
    environment = os.environ | {"PYTHONPATH": str(_ROOT / "runner_container")}
    python = str(_ROOT / ".venv-runner" / "bin" / "python")
    command = [python, "-W", "ignore", "-m", "benchmarks.notebook_engines", str(_CELLS), str(_ROUNDS)]
    result = subprocess.run(command, cwd=_ROOT, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    seconds: dict[str, float] = json.loads(result.stdout.splitlines()[-1])
    return seconds


def main() -> None:
    """Measure and print."""
    console = Console(width=120)
    console.print(_engines())
    console.print(_panel())


def _engines() -> Table:
    seconds = _engine_seconds()
    table = Table("engine", "seconds", "against nbclient", title=f"{_CELLS} trivial cells, median of {_ROUNDS}")
    for name, value in seconds.items():
        table.add_row(name, f"{value:.2f}", f"{value / seconds['nbclient']:.2f}")
    return table


def _panel() -> Table:
    title = (
        f"the panel's requests through a Jupyter server; medians of {_RUNS} jobs and {_LISTS} lists on each, in turns"
    )
    table = Table("what", "stock [ms]", "here, local cloud [ms]", "against stock", title=title)
    for what, (stock, ours) in panel.main(jobs=_JOBS, runs=_RUNS, rounds=_LISTS).items():
        stated = (f"{stock * 1000:,.0f}", f"{ours / stock:.1f}") if stock else ("—", "—")
        table.add_row(what, stated[0], f"{ours * 1000:,.0f}", stated[1])
    return table


if __name__ == "__main__":
    main()
