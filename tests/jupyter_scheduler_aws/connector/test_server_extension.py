"""What the Jupyter server says at its start about the JupyterLab extension."""

import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import logging, sys
from types import SimpleNamespace
import jupyter_core.paths
from tornado.web import Application

jupyter_core.paths.ENV_JUPYTER_PATH.clear()
jupyter_core.paths.SYSTEM_JUPYTER_PATH.clear()
from jupyter_scheduler_aws.connector.server_extension import _load_jupyter_server_extension

logging.basicConfig(stream=sys.stdout)
_load_jupyter_server_extension(SimpleNamespace(web_app=Application(base_url="/"), log=logging.getLogger("server")))
"""


@pytest.mark.parametrize("is_installed", [True, False])
def test_a_missing_extension_is_told_with_the_reason(tmp_path: Path, *, is_installed: bool) -> None:
    if is_installed:
        folder = tmp_path / "labextensions" / "jupyter-scheduler-aws"
        folder.mkdir(parents=True)
        (folder / "package.json").write_text("{}")
    environment = {"JUPYTER_DATA_DIR": str(tmp_path), "HOME": str(tmp_path)}
    command = [sys.executable, "-c", PROGRAM]
    done = subprocess.run(command, env=environment, check=True, capture_output=True, encoding="utf-8")
    assert ("Node.js was missing when the package was built" in done.stdout) is not is_installed
