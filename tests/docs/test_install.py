"""README.md's lines for users, run in an empty environment, end in a panel with this project behind it."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.docs.documents import ROOT
from tests.support.jupyter_server import running_server

SECONDS: Final = 500
"""For the installation, of which most is the download [s]."""

URL: Final = {"<id>": "abcdefghij", "<region>": "eu-central-1"}
"""What a user fills in."""


def install_lines(document: Path) -> str:
    """Return the block of commands that starts with the installation."""
    [block] = re.findall(r"^```\n(pip install .*?)^```", document.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return str(block)


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment in which the lines of README.md were run, up to the start of JupyterLab."""
    folder = tmp_path_factory.mktemp("installed")
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    *lines, last = install_lines(ROOT / "README.md").splitlines()
    assert last == "jupyter lab"
    script = "\n".join(lines)
    for placeholder, value in URL.items():
        script = script.replace(placeholder, value)
    run(folder, "bash", "-euc", script)
    return folder


def run(environment: Path, *command: str) -> str:
    """Run a command in the checkout with an activated environment; return all that it prints."""
    variables = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "JUPYTER", "VIRTUAL"))
    }
    path = f"{environment / 'bin'}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=variables | {"PATH": path, "VIRTUAL_ENV": str(environment), "PIP_DISABLE_PIP_VERSION_CHECK": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:]
    return done.stdout


def test_the_guide_has_the_same_lines() -> None:
    assert install_lines(ROOT / "docs" / "users" / "install.md") == install_lines(ROOT / "README.md")


@pytest.mark.timeout(SECONDS + 100)
def test_the_lines_end_in_a_panel(environment: Path, tmp_path: Path) -> None:
    labextensions = run(environment, "jupyter", "labextension", "list")
    assert re.search(r"@jupyterlab/scheduler v\S+ .*enabled.*OK", labextensions), labextensions
    assert re.search(r"jupyter-scheduler-aws v\S+ .*enabled.*OK", labextensions), labextensions
    extensions = run(environment, "jupyter", "server", "extension", "list")
    assert re.search(r"jupyter_scheduler .*enabled", extensions), extensions
    assert re.search(r"jupyter_scheduler \S+ .*OK", extensions), extensions

    python = str(environment / "bin" / "python")
    with running_server(tmp_path, {"PYTHONPATH": ""}, app="jupyterlab", python=python) as server:
        assert "JUPYTER_SCHEDULER_AWS_URL" in server.request("GET", "/runtime_environments").text
