"""Helpers for tests of parameters."""

from runner.kernels import Kernel
from runner.notebooks import read_notebook
from runner.parameterize import parameterized
from runner.run_warnings import RunWarnings
from runner.work_order import WorkOrder
from tests.runner.conftest import notebook

__all__ = ["injected", "order"]


def order(**parameters: str) -> WorkOrder:
    """Return a work order with parameters."""
    limits = dict.fromkeys(("max_unpacked_bytes", "max_unpacked_files", "max_output_bytes", "max_output_files"), 1)
    return WorkOrder.from_json(
        {
            "job_id": "j",
            "attempt": 1,
            "input": {"url": "http://a", "filename": "a.ipynb", "packaged": False, "size_bytes": 1},
            "parameters": parameters,
            "environment": {"name": "e", "kernel": None},
            "output_formats": [],
            "output_stem": "a",
            "timeout_seconds": 1,
            "heartbeat_seconds": 1,
            "finish_seconds": 1,
            "result_form": {"url": "http://a", "fields": {}},
            "limits": limits,
        }
    )


def injected(kernel: Kernel, **parameters: str) -> list[str]:
    """Return the cells of a notebook whose first cell is tagged, after the parameters were inserted."""
    data = notebook("x <- 0", "print(x)", kernel=kernel.name, language=kernel.language, tags={0: "parameters"})
    parameterized_notebook = parameterized(read_notebook(data, "a.ipynb"), order(**parameters), kernel, RunWarnings())
    return [cell.source for cell in parameterized_notebook.cells]
