"""Measures the runner's engine and papermill against nbclient, with a notebook of many trivial cells."""

import json
import os
import subprocess
from pathlib import Path
from typing import Final

from benchmarks.table import Row

__all__ = ["measure"]

_ROOT: Final = Path(__file__).parents[1]
_CELLS: Final = 500
_ROUNDS: Final = 3


def measure() -> list[Row]:
    """Compare elapsed and CPU time."""
    times = _engine_times()
    baseline = times["nbclient"]
    return [
        Row(
            what=f"{_CELLS} trivial cells, {engine}: {what}",
            ours=times[engine][key],
            baseline=baseline[key],
            against="nbclient",
            unit="s",
            goal=goal,
        )
        for engine, key, what, goal in (
            ("runner", "elapsed", "time", ""),
            ("runner", "cpu", "CPU", "1.05 x"),
            ("papermill", "elapsed", "time", ""),
        )
    ]


def _engine_times() -> dict[str, dict[str, float]]:
    """Run the engines where the runner lives: in its own environment."""
    environment = os.environ | {"PYTHONPATH": str(_ROOT / "runner_container")}
    python = str(_ROOT / ".venv-runner" / "bin" / "python")
    command = [python, "-W", "ignore", "-m", "benchmarks.engine_times", str(_CELLS), str(_ROUNDS)]
    result = subprocess.run(command, cwd=_ROOT, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    times: dict[str, dict[str, float]] = json.loads(result.stdout.splitlines()[-1])
    return times
