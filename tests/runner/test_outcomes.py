"""Outcomes of runs that fail: errors of cells, a full disk, and problems with the input."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.runner.conftest import Runner, notebook, zipped
from tests.runner.fake_service import FakeService

Order = Callable[..., None]


def test_a_cell_that_raises_ends_the_run(runner: Runner, service: FakeService, order: Order) -> None:
    order(
        notebook("print('before')", "open('partial.csv', 'w').write('1')", "1 / 0", "print('never')"),
        output_formats=["ipynb", "html"],
    )

    code, running = runner.run()

    assert (code, runner.outcome) == (
        10,
        {
            "code": "notebook_error",
            "message": "Cell 3 of 4 (`1 / 0`) raised ZeroDivisionError: division by zero",
            "cell": 3,
            "error_name": "ZeroDivisionError",
        },
    )
    assert sorted(service.outputs) == ["partial.csv", "report-out.html", "report-out.ipynb"]
    executed = runner.output()
    statuses = [cell.metadata.papermill.status for cell in executed.cells if cell.cell_type == "code"]
    assert statuses == ["completed", "completed", "failed", "pending"]
    assert [
        index
        for index, cell in enumerate(executed.cells)
        if "papermill-error-cell-tag" in cell.metadata.get("tags", [])
    ] == [0, 3]
    assert "ZeroDivisionError" in running.log
    assert "\x1b" not in running.log


def test_a_missing_module_is_explained(runner: Runner, order: Order) -> None:
    order(notebook("import notthere.sub"))

    assert runner.run()[0] == 10

    assert runner.outcome["error_name"] == "ModuleNotFoundError"
    for part in ("'analysis'", "'notthere'", "%pip install", "image", "folder"):
        assert part in runner.outcome["message"]


@pytest.mark.skipif(sys.platform != "linux", reason="file systems are mounted as on Linux")
def test_a_full_disk_is_explained(runner: Runner, service: FakeService, order: Order, tmp_path: Path) -> None:
    order(notebook("print('before')", "open('big', 'wb').write(bytes(30 << 20))"), output_formats=["html"])
    small = tmp_path / "small"
    small.mkdir()
    script = tmp_path / "run.py"
    script.write_text(
        "import os, subprocess, sys\n"
        f"subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', {str(small)!r}], check=True)\n"
        f"os.execv(sys.executable, [sys.executable, '-m', 'runner'])\n"
    )
    private = tmp_path / "unshared.py"
    flags = ["-m"] if os.geteuid() == 0 else ["-rm"]
    private.write_text(
        f"import os, sys\nos.execvp('unshare', ['unshare', *{flags!r}, sys.executable, {str(script)!r}])\n"
    )

    code, running = runner.run(script=private, TMPDIR=str(small))

    assert (code, runner.outcome["error_name"]) == (10, "OSError"), running.log
    assert "The disk of the container is full" in runner.outcome["message"]
    assert runner.text(1) == "before\n"
    assert {"report-out.ipynb", "report-out.html"} <= set(service.outputs)


@pytest.mark.parametrize(
    ("data", "packaged", "part"),
    [
        (b"not json", False, "report.ipynb is not a notebook: it is not JSON"),
        (b"{}", False, "check its nbformat"),
        (b'{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [1]}', False, "cell 1 is not an object"),
        (b"", False, "it is not JSON"),
        (b"not a zip", True, "cannot be unpacked"),
        (zipped({"other.ipynb": notebook("1")}), True, "has no notebook 'report.ipynb' at its root"),
        (
            zipped({"report.ipynb": notebook("1"), "../evil": "x"}),
            True,
            "'../evil': its name leads out of the folder",
        ),
        (zipped({"report.ipynb": b"\0" * (70 << 20)}), True, "the limit is"),
    ],
)
def test_an_unusable_input_is_an_input_problem(  # noqa: PLR0917 - one row of the table
    runner: Runner, service: FakeService, order: Order, data: bytes, packaged: bool, part: str
) -> None:
    order(data, packaged=packaged)

    code, running = runner.run()

    assert (code, runner.outcome["code"]) == (13, "input_problem"), running.log
    assert part in runner.outcome["message"]
    assert service.outputs == {}
