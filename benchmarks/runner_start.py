"""Measures how the runner starts, against nbclient and papermill as they come."""

import json
import os
import subprocess
from pathlib import Path
from typing import Final

from benchmarks.table import Row

__all__ = ["measure"]

_ROOT: Final = Path(__file__).parents[1]
_ROUNDS: Final = 5


def measure() -> list[Row]:
    """Compare modules, memory, and the time from the start of the process to the first cell."""
    package = str(_ROOT / "runner_container")
    times = _measure_in_runner_environment(package)
    ours, baseline = times[package], times["baseline"]
    libraries = "`import nbclient, papermill`"
    return [
        Row(what=what, ours=ours[key], baseline=baseline[key], against=against, unit=unit)
        for what, key, against, unit in (
            ("runner: modules that its imports load", "modules", libraries, ""),
            ("runner: peak memory of its imports", "peak_mib", libraries, "MiB"),
            (
                "runner: from its start to the first cell",
                "first_cell_seconds_at_0_ms",
                "nbclient, in a process of its own",
                "s",
            ),
        )
    ]


def _measure_in_runner_environment(package: str) -> dict[str, dict[str, float]]:
    python = str(_ROOT / ".venv-runner" / "bin" / "python")
    command = [python, "-W", "ignore", "-m", "benchmarks.runner_start_times", str(_ROUNDS), package]
    environment = os.environ | {"PYTHONPATH": package}
    result = subprocess.run(command, cwd=_ROOT, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    figures: dict[str, dict[str, float]] = json.loads(result.stdout)
    return figures
