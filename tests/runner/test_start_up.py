"""The start of the runner: what it imports, and a kernel that was started before the notebook was read."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psutil  # type: ignore[import-not-found,import-untyped,unused-ignore]
import pytest

from tests.runner.conftest import RUNNER_CONTAINER, Runner, notebook
from tests.runner.fake_service import FakeService

Order = Callable[..., None]

STORES = ["papermill.s3", "papermill.abs", "papermill.adl", "azure", "boto3", "botocore", "gcsfs", "pyarrow", "numpy"]
KERNEL = """
import os, pathlib, runpy, sys
pathlib.Path({folder!r}, "started").write_text(f"{{os.getpid()}} {{os.getcwd()}}")
runpy.run_module("ipykernel_launcher", run_name="__main__")
"""


def imported(*modules: str, among: list[str]) -> list[str]:
    """Import modules of the runner in a new process, and return which of some modules that has loaded."""
    program = f"import sys, {', '.join(modules)}; print(*(name for name in {among!r} if sys.modules.get(name)))"
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(RUNNER_CONTAINER)}
    return subprocess.check_output([sys.executable, "-c", program], env=env, text=True).split()


def test_the_stores_of_papermill_are_not_imported() -> None:
    assert imported("runner.command", "runner.execution", "runner.notebooks", among=["papermill", *STORES]) == [
        "papermill"
    ]


def test_packages_can_be_imported_after_papermill() -> None:
    assert imported("runner.papermill_without_stores", "boto3", among=["boto3"]) == ["boto3"]


def test_the_check_in_does_not_wait_for_the_imports_of_the_execution() -> None:
    among = ["requests", "papermill", "nbclient", "nbformat", "jupyter_client"]
    assert imported("runner.command", among=among) == ["requests"]


def test_the_kernel_can_be_started_without_papermill() -> None:
    assert imported("runner.kernel_start", among=["jupyter_client", "papermill", "nbclient", "nbformat"]) == [
        "jupyter_client"
    ]


@pytest.fixture
def recording_kernel(tmp_path: Path) -> dict[str, str]:
    """Install the kernel `recording`, which writes its process id and its working directory to the file `started`."""
    (tmp_path / "ipykernel_recording.py").write_text(KERNEL.format(folder=str(tmp_path)))
    spec = tmp_path / "jupyter" / "kernels" / "recording"
    spec.mkdir(parents=True)
    argv = [sys.executable, str(tmp_path / "ipykernel_recording.py"), "-f", "{connection_file}"]
    (spec / "kernel.json").write_text(json.dumps({"argv": argv, "display_name": "Recording", "language": "cobol"}))
    return {"JUPYTER_PATH": str(tmp_path / "jupyter")}


def test_a_kernel_that_was_started_early_runs_the_cells(
    runner: Runner, order: Order, recording_kernel: dict[str, str]
) -> None:
    order(notebook("import os; print(os.getpid(), os.getcwd())", kernel="recording"))

    assert runner.run(script=None, **recording_kernel)[0] == 0

    assert runner.text(1).rstrip() == (runner.folder / "started").read_text(), "there was no second kernel"


@pytest.mark.parametrize(
    ("changed", "parameters", "code"),
    [({"cells": [1]}, {}, "input_problem"), ({}, {"limit": "5"}, "environment_problem")],
)
def test_a_kernel_that_was_started_early_is_killed_if_the_notebook_is_unusable(  # noqa: PLR0917 - one row of the table
    runner: Runner,
    order: Order,
    recording_kernel: dict[str, str],
    changed: dict[str, object],
    parameters: dict[str, str],
    code: str,
) -> None:
    content = {**json.loads(notebook("1", kernel="recording")), **changed}
    order(json.dumps(content).encode(), parameters=parameters)

    _, running = runner.run(script=None, **recording_kernel)

    assert runner.outcome["code"] == code, running.log
    started = runner.folder / "started"
    assert not started.exists() or not psutil.pid_exists(int(started.read_text().split()[0]))


@pytest.mark.parametrize("route", ["check-in", "work-order", "input"])
def test_no_kernel_starts_before_check_in_and_input(
    runner: Runner, service: FakeService, order: Order, recording_kernel: dict[str, str], route: str
) -> None:
    order(notebook("1", kernel="recording"))
    service.rules[route] = lambda _: 404

    assert runner.run(script=None, **recording_kernel)[0] in {13, 20}
    assert not (runner.folder / "started").exists()
