"""JupyterLab in front of the local cloud: its own configuration and workspace, with the examples in it."""

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

_NOT_FOR_USERS: Final = shutil.ignore_patterns("ruff.toml", ".*", "jobs")


def make_workspace(places: LocalPaths) -> Path:
    """Copy the examples into the workspace, but for those that are there: they may have been changed."""
    shutil.copytree(_EXAMPLES, places.workspace, ignore=_NOT_FOR_USERS, dirs_exist_ok=True, copy_function=_copy_new)
    return places.workspace


def _copy_new(source: str, target: str) -> None:
    if not Path(target).exists():
        shutil.copy2(source, target)


def lab_environment(places: LocalPaths, environ: Mapping[str, str]) -> dict[str, str]:
    """Give JupyterLab's variables: the local cloud's, and folders of its own for what Jupyter keeps.

    Raises
    ------
    LocalCloudError
        If the stack is not deployed.
    """
    others = {name: value for name, value in environ.items() if not name.startswith(("AWS_", "JUPYTER"))}
    own = {f"JUPYTER_{kind}_DIR": str(places.lab / kind.lower()) for kind in ("CONFIG", "DATA", "RUNTIME")}
    return others | read_environment(places) | own


def lab_command(python: Path, workspace: Path) -> list[str]:
    """Give the command that starts JupyterLab; it prints its address.

    Raises
    ------
    LocalCloudError
        If JupyterLab is not there.
    """
    if not python.exists():
        raise LocalCloudError(f"{python} is missing; run `make init`.")
    root = ["--allow-root"] if os.geteuid() == 0 else []
    folder = f"--ServerApp.root_dir={workspace}"
    return [str(python), "-m", "jupyterlab", "--no-browser", "--ip=127.0.0.1", folder, *root]
