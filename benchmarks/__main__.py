"""`make bench`: measures, and prints one table."""

import json
import os
import subprocess
from pathlib import Path

from rich.console import Console
from rich.table import Table

__all__ = ["main"]

_ROOT = Path(__file__).parents[1]
_CELLS = 500
_ROUNDS = 3


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
    seconds = _engine_seconds()
    table = Table(
        "engine", "seconds", "against nbclient", title=f"{_CELLS} trivial cells, median of {_ROUNDS} runs in turns"
    )
    for name, value in seconds.items():
        table.add_row(name, f"{value:.2f}", f"{value / seconds['nbclient']:.2f}")
    Console().print(table)


if __name__ == "__main__":
    main()
