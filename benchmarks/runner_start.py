"""Measures how the runner starts: modules and memory of its imports, and the time from its start to the first cell.

Runs in .venv-runner: `PYTHONPATH=runner_container .venv-runner/bin/python -m benchmarks.runner_start <rounds>`. To compare versions,
pass other folders that contain the package `runner`: `… <rounds> <folder> <folder>`; they take turns.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import nbformat

from tests.runner.fake_service import STARTED_WITH, FakeService

__all__ = ["main"]

_ROOT = Path(__file__).parents[1]
_ROUTES = ("check-in", "work-order", "input")
_LATENCIES_SECONDS = (0.0, 0.1)
"""Of each response before the first cell: none, and what an API in the same region takes at least."""
_MODULES = """
import importlib, sys
for name in ("command", "kernel_start", "execution", "notebooks"):
    try:
        importlib.import_module(f"runner.{name}")
    except ModuleNotFoundError as error:  # of an older version
        assert error.name.startswith("runner."), error
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(len(sys.modules), int(peak.split()[1]) / 1024)
"""


def main(rounds: int, packages: list[str]) -> dict[str, dict[str, float]]:
    """Measure each version in turn, and return the medians by folder of the package."""
    found: dict[str, dict[str, list[float]]] = {package: {} for package in packages}
    for _ in range(rounds):
        for package in packages:
            for name, value in _measure(package).items():
                found[package].setdefault(name, []).append(value)
    return {
        package: {name: round(statistics.median(values), 2) for name, values in figures.items()}
        for package, figures in found.items()
    }


def _measure(package: str) -> dict[str, float]:
    modules, peak = subprocess.check_output(
        [sys.executable, "-c", _MODULES], env=os.environ | {"PYTHONPATH": package}, text=True
    ).split()
    figures = {"modules": float(modules), "peak_mib": float(peak)}
    for latency in _LATENCIES_SECONDS:
        figures[f"first_cell_seconds_at_{1000 * latency:.0f}_ms"] = _time_to_first_cell(package, latency)
    return figures


def _time_to_first_cell(package: str, latency_seconds: float) -> float:
    """Run a notebook whose only cell prints the time, and return the time since the runner's start [s]."""
    with FakeService() as service, tempfile.TemporaryDirectory() as folder:
        service.input = _notebook()
        service.order = _work_order()
        for route in _ROUTES:
            service.rules[route] = lambda _: time.sleep(latency_seconds)
        started = time.time()
        subprocess.run(
            [sys.executable, "-m", "runner"],
            env={**os.environ, "PYTHONPATH": package, "TMPDIR": folder, "RUN_URL": service.run_url, **STARTED_WITH},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            check=True,
        )
        executed = json.loads(service.outputs["report.ipynb"])
    return float("".join(executed["cells"][0]["outputs"][0]["text"])) - started


def _notebook() -> bytes:
    notebook = nbformat.v4.new_notebook(  # type: ignore[no-untyped-call]
        cells=[nbformat.v4.new_code_cell("import time; print(time.time())")],  # type: ignore[no-untyped-call]
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
    )
    text: str = nbformat.writes(notebook)  # type: ignore[no-untyped-call]
    return text.encode()


def _work_order() -> dict[str, Any]:
    names = ("max_unpacked_bytes", "max_unpacked_files", "max_output_bytes", "max_output_files")
    return {
        "job_id": "0199-1",
        "name": "Report",
        "attempt": 1,
        "input": {"filename": "report.ipynb", "packaged": False},
        "parameters": {},
        "environment": {"name": "python", "kernel": "python3"},
        "output_formats": ["ipynb"],
        "output_stem": "report",
        "timeout_seconds": 600,
        "heartbeat_seconds": 15,
        "self_fencing_seconds": 180,
        "limits": dict.fromkeys(names, 1 << 20),
    }


if __name__ == "__main__":
    print(json.dumps(main(int(sys.argv[1]), sys.argv[2:] or [str(_ROOT / "runner_container")]), indent=2))
