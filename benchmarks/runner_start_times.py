"""Measure the runner's start against nbclient and papermill, and print the medians as JSON.

Runs in .venv-runner; `runner_start` starts it. To compare versions of the runner, pass folders that contain the package `runner`.
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
_RUNNER_IMPORTS = """
import importlib, sys
for name in ("command", "kernel_start", "execution", "notebooks"):
    importlib.import_module(f"runner.{name}")
"""
_BASELINE_IMPORTS = "import sys, nbclient, papermill\n"
_REPORT_IMPORTS = """
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(len(sys.modules), int(peak.split()[1]) / 1024)
"""
_NBCLIENT = """
import sys, nbformat, nbclient
notebook = nbformat.read(sys.argv[1], as_version=4)
nbclient.NotebookClient(notebook).execute()
print(notebook.cells[0].outputs[0]["text"])
"""


def main(rounds: int, packages: list[str]) -> dict[str, dict[str, float]]:
    """Measure each version of the runner and the baseline in turn; return the medians by folder of the package, and `baseline`."""
    found: dict[str, dict[str, list[float]]] = {package: {} for package in [*packages, "baseline"]}
    for _ in range(rounds):
        for package, figures in found.items():
            measured = _measure_baseline() if package == "baseline" else _measure(package)
            for name, value in measured.items():
                figures.setdefault(name, []).append(value)
    return {
        package: {name: statistics.median(values) for name, values in figures.items()}
        for package, figures in found.items()
    }


def _measure(package: str) -> dict[str, float]:
    figures = _imports(_RUNNER_IMPORTS, package)
    for latency in _LATENCIES_SECONDS:
        figures[f"first_cell_seconds_at_{1000 * latency:.0f}_ms"] = _time_to_first_cell(package, latency)
    return figures


def _measure_baseline() -> dict[str, float]:
    with tempfile.NamedTemporaryFile(suffix=".ipynb") as file:
        file.write(_notebook())
        file.flush()
        started = time.time()
        output = subprocess.check_output([sys.executable, "-W", "ignore", "-c", _NBCLIENT, file.name], text=True)
    return {**_imports(_BASELINE_IMPORTS, ""), "first_cell_seconds_at_0_ms": float(output) - started}


def _imports(code: str, package: str) -> dict[str, float]:
    """Return the number of modules, and the peak memory [MiB], after some imports."""
    environment = os.environ | {"PYTHONPATH": package}
    output = subprocess.check_output(
        [sys.executable, "-W", "ignore", "-c", code + _REPORT_IMPORTS], env=environment, text=True
    )
    modules, peak = output.split()
    return {"modules": float(modules), "peak_mib": float(peak)}


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
        "finish_seconds": 600,
        "limits": dict.fromkeys(names, 1 << 20),
    }


if __name__ == "__main__":
    print(json.dumps(main(int(sys.argv[1]), sys.argv[2:] or [str(_ROOT / "runner_container")]), indent=2))
