"""What keeps the notebook's code away from the runner: the kernel's environment, and the hardened process."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from runner.kernel_environment import kernel_environment
from tests.runner.conftest import RUNNER_CONTAINER, Runner, notebook


def test_a_notebook_does_not_see_the_runners_variables(runner: Runner, order: Callable[..., None]) -> None:
    source = """
        import os, sys
        print([name for name in ('RUN_URL', 'LAUNCH', 'LAUNCH_CODE', 'RUNNER_KEY', 'API_KEY', 'PYTHONSAFEPATH', 'PYTHONPATH') if name in os.environ])
        print(os.environ['MINE'], '' in sys.path)
    """
    order(notebook(source))

    code, _ = runner.run(MINE="kept", PYTHONSAFEPATH="1")

    assert (code, runner.text(1)) == (0, "[]\nkept True\n")


def test_the_python_path_of_the_image_is_kept_without_the_runner() -> None:
    path = os.pathsep.join(["/opt/tools", str(RUNNER_CONTAINER)])

    assert kernel_environment({"PYTHONPATH": path, "A": "b"}, {}) == {"PYTHONPATH": "/opt/tools", "A": "b"}


@pytest.mark.skipif(sys.platform != "linux", reason="prctl is Linux's")
def test_a_hardened_process_is_not_dumpable_adopts_orphans_and_imports_nothing_from_its_folder(tmp_path: Path) -> None:
    tmp_path.joinpath("nbconvert.py").write_text("raise SystemExit('loaded from the working directory')")
    program = (
        "import ctypes, os; from runner.hardening import harden; from runner.launchers import DirectLauncher;"
        "harden(); DirectLauncher();"
        "import nbconvert; libc = ctypes.CDLL(None); value = ctypes.c_int(-1); libc.prctl(37, ctypes.byref(value), 0, 0, 0);"
        "print(libc.prctl(3, 0, 0, 0, 0), value.value)"
    )
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(RUNNER_CONTAINER), "HOME": str(tmp_path)}
    ended = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, env=env, capture_output=True, text=True, check=False
    )

    assert (ended.stdout, ended.stderr) == ("0 1\n", "")
