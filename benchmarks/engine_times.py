"""Run a notebook of many trivial cells in nbclient, in the runner's engine and in papermill, and print the times.

Runs in .venv-runner; `notebook_engines` starts it.
"""

import json
import logging
import os
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from io import FileIO
from pathlib import Path

import nbformat
import papermill  # type: ignore[import-not-found,import-untyped,unused-ignore]
from nbclient import NotebookClient
from nbformat import NotebookNode

from runner.cell_log import CellLog
from runner.engine import execute_cells
from runner.kernel_start import KernelStarter
from runner.kernels import Kernel
from runner.launchers import DirectLauncher
from runner.log import NOTEBOOK, LogHandler
from runner.memory import MemoryWatch
from runner.notebooks import read_notebook
from runner.run_manager import RunManager
from runner.settings import Intervals
from runner.watchdog import Watchdog

__all__ = ["main"]

_KERNEL = "python3"


def _notebook(cells: int) -> NotebookNode:
    made: NotebookNode = nbformat.v4.new_notebook()  # type: ignore[no-untyped-call]
    made.cells = [nbformat.v4.new_code_cell(f"x{number} = {number}") for number in range(cells)]  # type: ignore[no-untyped-call]
    made.metadata["kernelspec"] = {"name": _KERNEL, "display_name": "Python 3", "language": "python"}
    return made


def _nbclient(notebook: NotebookNode, folder: Path) -> None:
    NotebookClient(notebook, kernel_name=_KERNEL, resources={"metadata": {"path": str(folder)}}).execute()


def _papermill(notebook: NotebookNode, folder: Path) -> None:
    source = folder / "in.ipynb"
    nbformat.write(notebook, source)  # type: ignore[no-untyped-call]
    papermill.execute_notebook(source, folder / "out.ipynb", kernel_name=_KERNEL, progress_bar=False)


def _runner(notebook: NotebookNode, folder: Path) -> None:
    launcher = DirectLauncher()
    nbformat.write(notebook, folder / "in.ipynb")  # type: ignore[no-untyped-call]
    watchdog = Watchdog(Intervals(), MemoryWatch(), launcher, on_terminate=lambda: None)
    kernel = Kernel(name=_KERNEL, language="python", display_name="Python 3")
    starter = KernelStarter(kernel, launcher=launcher, watchdog=watchdog, folder=folder, variables={})
    starter.start()
    manager = RunManager(
        read_notebook((folder / "in.ipynb").read_bytes(), "in.ipynb"),
        watchdog=watchdog,
        log=CellLog(),
        on_cell=lambda _cell, _cells: None,
        save_seconds=Intervals().save_seconds,
    )
    execute_cells(manager, starter, start_seconds=60, iopub_seconds=Intervals().iopub_seconds)
    manager.save_final()


_ENGINES: dict[str, Callable[[NotebookNode, Path], None]] = {
    "nbclient": _nbclient,
    "runner": _runner,
    "papermill": _papermill,
}

_SLOW = ("papermill",)
"""Engines that run only once: papermill takes ten times as long as the others."""


def main(cells: int, rounds: int) -> dict[str, dict[str, float]]:
    """Run each engine in turns; return the medians of elapsed and CPU time [s], kernels included."""
    logging.basicConfig(handlers=[LogHandler(FileIO(os.devnull, "w"))], format="%(message)s")
    for name in ("runner", NOTEBOOK):
        logging.getLogger(name).setLevel(logging.INFO)
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in _ENGINES}
    for number in range(rounds):
        for name, run in _ENGINES.items():
            if name in _SLOW and number > 0:
                continue
            with tempfile.TemporaryDirectory() as folder:
                start, cpu_start = time.perf_counter(), _cpu_seconds()
                run(_notebook(cells), Path(folder))
                times[name].append((time.perf_counter() - start, _cpu_seconds() - cpu_start))
    return {
        name: {
            "elapsed": statistics.median(elapsed for elapsed, _ in values),
            "cpu": statistics.median(cpu for _, cpu in values),
        }
        for name, values in times.items()
    }


def _cpu_seconds() -> float:
    """Return the CPU time of this process and of its children that have ended."""
    usages = (resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


if __name__ == "__main__":
    print(json.dumps(main(cells=int(sys.argv[1]), rounds=int(sys.argv[2]))))
