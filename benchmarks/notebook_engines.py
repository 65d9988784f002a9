"""Times one notebook of many trivial cells in nbclient, papermill as it comes, and the runner's engine. Runs in .venv-runner."""

import json
import logging
import os
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
from runner.engine import RunManager, execute_cells
from runner.kernel_start import KernelStarter
from runner.kernels import Kernel
from runner.launchers import DirectLauncher
from runner.log import NOTEBOOK, LogHandler
from runner.memory import MemoryWatch
from runner.notebooks import read_notebook
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
    watchdog = Watchdog(Intervals(), MemoryWatch(), launcher)
    kernel = Kernel(name=_KERNEL, language="python", display_name="Python 3")
    starter = KernelStarter(kernel, launcher=launcher, watchdog=watchdog, folder=folder)
    starter.start()
    manager = RunManager(
        read_notebook((folder / "in.ipynb").read_bytes(), "in.ipynb"),
        watchdog=watchdog,
        log=CellLog(),
        on_cell=lambda _cell, _cells: None,
        save_seconds=Intervals().save_seconds,
    )
    execute_cells(manager, starter, start_seconds=60)


_ENGINES: dict[str, Callable[[NotebookNode, Path], None]] = {
    "nbclient": _nbclient,
    "runner": _runner,
    "papermill": _papermill,
}


def main(cells: int, rounds: int) -> dict[str, float]:
    """Time each engine, in turns, and give the medians [s]."""
    logging.basicConfig(handlers=[LogHandler(FileIO(os.devnull, "w"))], format="%(message)s")
    for name in ("runner", NOTEBOOK):
        logging.getLogger(name).setLevel(logging.INFO)
    times: dict[str, list[float]] = {name: [] for name in _ENGINES}
    for _ in range(rounds):
        for name, run in _ENGINES.items():
            with tempfile.TemporaryDirectory() as folder:
                begun = time.perf_counter()
                run(_notebook(cells), Path(folder))
                times[name].append(time.perf_counter() - begun)
    return {name: statistics.median(values) for name, values in times.items()}


if __name__ == "__main__":
    print(json.dumps(main(cells=int(sys.argv[1]), rounds=int(sys.argv[2]))))
