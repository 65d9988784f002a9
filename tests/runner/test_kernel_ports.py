"""A kernel whose port is already in use is started again with other ports."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

from tests.runner.conftest import Runner, notebook

Order = Callable[..., None]

OCCUPIED_PORT = """
import json, os, runpy, socket, sys
connection = json.load(open(sys.argv[sys.argv.index("-f") + 1]))
if int(os.environ["TIMES"]) > (number := len(os.listdir(os.environ["STARTS"]))):
    taken = socket.create_server((connection["ip"], connection["shell_port"]))
open(os.path.join(os.environ["STARTS"], str(number)), "w").close()
runpy.run_module("ipykernel_launcher", run_name="__main__")
"""
"""Binds the kernel's port before the kernel does, for the first `TIMES` starts."""


def run(runner: Runner, folder: Path, *, times: int) -> tuple[int, int]:
    """Run a notebook with such a kernel; return the exit code and how often the kernel was started."""
    spec = folder / "jupyter" / "kernels" / "crowded"
    starts = folder / "starts"
    for path in (spec, starts):
        path.mkdir(parents=True)
    (folder / "ipykernel_crowded.py").write_text(OCCUPIED_PORT)
    argv = [sys.executable, str(folder / "ipykernel_crowded.py"), "ipykernel", "-f", "{connection_file}"]
    environment = {"TIMES": str(times), "STARTS": str(starts)}
    kernel_spec = {"argv": argv, "env": environment, "display_name": "Crowded", "language": "python"}
    (spec / "kernel.json").write_text(json.dumps(kernel_spec))
    code, _ = runner.run(JUPYTER_PATH=str(folder / "jupyter"))
    return code, len(list(starts.iterdir()))


def test_the_kernel_is_started_again(runner: Runner, order: Order, tmp_path: Path) -> None:
    order(notebook("1 + 1", kernel="crowded"))
    assert run(runner, tmp_path, times=1) == (0, 2)
    assert runner.outcome["code"] == "succeeded"


def test_the_kernel_is_started_again_only_once(runner: Runner, order: Order, tmp_path: Path) -> None:
    order(notebook("1 + 1", kernel="crowded"))
    code, starts = run(runner, tmp_path, times=9)
    assert (code != 0, starts) == (True, 2)
    assert runner.outcome["code"] == "environment_problem"
    assert "Address already in use" in runner.outcome["message"]
