"""Measures the CPU time of one notebook of many trivial cells in the runner's engine, as a ratio to nbclient, kernels included.

Runs in .venv-runner: `PYTHONPATH=runner_container .venv-runner/bin/python -W ignore -m benchmarks.engine_cpu <cells> <rounds>`.
The two take turns in one process, so that other work on the machine affects both; the input is read by the runner alone.
"""

import json
import logging
import os
import resource
import statistics
import sys
import tempfile
from collections.abc import Callable
from io import FileIO
from pathlib import Path

import nbformat
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

_KERNEL = Kernel(name="python3", language="python", display_name="Python 3")


def main(cells: int, rounds: int) -> dict[str, float]:
    """Return the median ratios of CPU time: of everything, of the own process, and of the kernel."""
    logging.basicConfig(handlers=[LogHandler(FileIO(os.devnull, "w"))], format="%(message)s")
    for name in ("runner", NOTEBOOK):
        logging.getLogger(name).setLevel(logging.INFO)
    for run in (_run_nbclient, _run_engine):
        _measure(run, 5)  # imports and caches
    ratios = []
    for _ in range(rounds):
        base, ours = _measure(_run_nbclient, cells), _measure(_run_engine, cells)
        ratios.append((sum(ours) / sum(base), ours[0] / base[0], ours[1] / base[1]))
    return dict(zip(("cpu", "process", "kernel"), map(statistics.median, zip(*ratios, strict=True)), strict=True))


def _measure(run: Callable[[NotebookNode, Path], None], cells: int) -> tuple[float, float]:
    """Return the CPU time [s] of this process and of its children."""
    notebook = nbformat.v4.new_notebook(  # type: ignore[no-untyped-call]
        cells=[nbformat.v4.new_code_cell(f"x{number} = {number}") for number in range(cells)],  # type: ignore[no-untyped-call]
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
    )
    with tempfile.TemporaryDirectory() as folder:
        nbformat.write(notebook, Path(folder, "in.ipynb"))  # type: ignore[no-untyped-call]
        before = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        run(notebook, Path(folder))
        after = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    own, kernel = (
        end.ru_utime + end.ru_stime - start.ru_utime - start.ru_stime for start, end in zip(before, after, strict=True)
    )
    return own, kernel


def _run_nbclient(notebook: NotebookNode, folder: Path) -> None:
    NotebookClient(notebook, kernel_name=_KERNEL.name, resources={"metadata": {"path": str(folder)}}).execute()


def _run_engine(_notebook: NotebookNode, folder: Path) -> None:
    launcher = DirectLauncher()
    watchdog = Watchdog(Intervals(), MemoryWatch(), launcher)
    starter = KernelStarter(_KERNEL, launcher=launcher, watchdog=watchdog, folder=folder)
    starter.start()
    manager = RunManager(
        read_notebook((folder / "in.ipynb").read_bytes(), "in.ipynb"),
        watchdog=watchdog,
        log=CellLog(),
        on_cell=lambda _cell, _cells: None,
        save_seconds=Intervals().save_seconds,
    )
    execute_cells(manager, starter, start_seconds=60)


if __name__ == "__main__":
    print(json.dumps(main(int(sys.argv[1]), int(sys.argv[2]))))
