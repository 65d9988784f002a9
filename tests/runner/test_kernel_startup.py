"""How notebooks of R and Bash end themselves: with a kernel that acts like theirs, and with theirs where they are installed."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from jupyter_client.kernelspec import KernelSpecManager

from tests.runner.conftest import Runner, notebook
from tests.runner.fake_service import FakeService
from tests.runner.test_kernel_messages import OK, cells, make_kernel

Order = Callable[..., None]


@pytest.mark.parametrize(("language", "status", "code"), [("bash", "3", 10), ("bash", "0", 0), ("odd", "3", 0)])
def test_a_shell_that_exits_ends_the_notebook_with_its_status(
    runner: Runner, order: Order, tmp_path: Path, *, language: str, status: str, code: int
) -> None:
    """bash_kernel starts another Bash, prints that, and replies that all is well."""
    text = f"before\n\x1b]exit;{status}\x07exit\r\nRestarting Bash"
    order(cells({"reply": OK, "send": [["stream", {"name": "stdout", "text": text}]]}, {"reply": OK}))

    assert runner.run(JUPYTER_PATH=make_kernel(tmp_path, language))[0] == code

    statuses = [cell.metadata.papermill.status for cell in runner.output().cells if cell.cell_type == "code"]
    assert statuses[1] == ("pending" if language == "bash" else "completed")
    if code:
        assert runner.outcome["message"].endswith("raised SystemExit: 3")
    if language == "bash":
        assert runner.text(1).startswith("before\nexit")


@pytest.mark.skipif("bash" not in KernelSpecManager().find_kernel_specs(), reason="bash_kernel is not installed")
@pytest.mark.parametrize(
    ("source", "code", "last"),
    [("exit 3", 10, "pending"), ("exit 0", 0, "pending"), ("(exit 3)", 10, "pending"), ("(exit 0)", 0, "completed")],
)
def test_bash_ends_a_notebook(runner: Runner, order: Order, source: str, code: int, last: str) -> None:
    order(notebook("echo before", source, "echo after", kernel="bash", language="bash"))

    assert runner.run(JUPYTER_PATH=os.environ.get("JUPYTER_PATH", ""))[0] == code

    statuses = [cell.metadata.papermill.status for cell in runner.output().cells if cell.cell_type == "code"]
    assert statuses == ["completed", "failed" if code else "completed", last]


@pytest.mark.skipif("ir" not in KernelSpecManager().find_kernel_specs(), reason="IRkernel is not installed")
@pytest.mark.parametrize(
    ("source", "code", "outcome"),
    [
        ("quit(status = 3)", 10, "notebook_error"),
        ("q('no', 3)", 10, "notebook_error"),
        ("quit()", 0, "succeeded"),
        ("q(status = 0)", 0, "succeeded"),
        ("stop('no data')", 10, "notebook_error"),
    ],
)
def test_r_ends_a_notebook(  # noqa: PLR0917 - one row of the table
    runner: Runner, service: FakeService, order: Order, source: str, code: int, outcome: str
) -> None:
    order(notebook("cat('before')", source, "cat('never')", kernel="ir", language="R"))

    assert runner.run(JUPYTER_PATH=os.environ.get("JUPYTER_PATH", ""))[0] == code

    assert runner.outcome["code"] == outcome
    statuses = [cell.metadata.papermill.status for cell in runner.output().cells if cell.cell_type == "code"]
    assert statuses == ["completed", "failed" if code else "completed", "pending"]
    assert [warning["code"] for warning in service.reports[0]["warnings"]] == ([] if code else ["ended_early"])
