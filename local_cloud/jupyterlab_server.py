"""Start JupyterLab for the local cloud, with its own configuration, and the examples in its workspace."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from local_cloud.connection import read_environment
from local_cloud.errors import LocalCloudError
from local_cloud.paths import ROOT, LocalPaths

__all__ = ["lab_command", "lab_environment", "make_workspace"]

_EXAMPLES: Final = ROOT / "examples"

_IGNORED: Final = shutil.ignore_patterns("ruff.toml", ".*", "jobs")


def make_workspace(paths: LocalPaths) -> Path:
    """Copy the examples to the workspace; keep those that exist, because the user may have changed them."""
    shutil.copytree(_EXAMPLES, paths.workspace, ignore=_IGNORED, dirs_exist_ok=True, copy_function=_copy_new)
    return paths.workspace


def _copy_new(source: str, target: str) -> None:
    if not Path(target).exists():
        shutil.copy2(source, target)


def lab_environment(paths: LocalPaths, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of JupyterLab: the connection to the local cloud, and separate folders for Jupyter's files.

    Raises
    ------
    LocalCloudError
        If the stack is not deployed.
    """
    inherited = {name: value for name, value in environ.items() if not name.startswith(("AWS_", "JUPYTER"))}
    own = {f"JUPYTER_{kind}_DIR": str(paths.lab / kind.lower()) for kind in ("CONFIG", "DATA", "RUNTIME")}
    return inherited | read_environment(paths) | own


def lab_command(python: Path, workspace: Path) -> list[str]:
    """Return the command that starts JupyterLab and prints its address.

    Raises
    ------
    LocalCloudError
        If JupyterLab is not installed.
    """
    if not python.exists():
        raise LocalCloudError(f"{python} is missing; run `make init`.")
    root = ["--allow-root"] if os.geteuid() == 0 else []
    folder = f"--ServerApp.root_dir={workspace}"
    return [str(python), "-m", "jupyterlab", "--no-browser", "--ip=127.0.0.1", folder, *root]
