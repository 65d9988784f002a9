"""JupyterLab servers for the browser, with the examples in their workspace and without news."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from shutil import copytree, ignore_patterns
from typing import Any, Final

from tests.support.jupyter_server import BUSY_MACHINE, JupyterServer, running_server

__all__ = ["lab_server", "write_notebook"]

_EXAMPLES: Final = Path(__file__).parents[2] / "examples"

_OPTIONS: Final = (
    BUSY_MACHINE,
    "--LabApp.extension_manager=readonly",
    "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
)

_SETTINGS: Final = {
    "@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False},
    "@jupyterlab/apputils-extension:themes": {"theme": "JupyterLab Light"},
}

_EXTENSION: Final = "jupyter-scheduler-aws"

_KERNEL: Final = {"name": "python3", "display_name": "Python 3", "language": "python"}


@contextmanager
def lab_server(
    folder: Path,
    environment: Mapping[str, str],
    *options: str,
    in_place_of: JupyterServer | None = None,
    extension: bool = True,
) -> Iterator[JupyterServer]:
    """Run JupyterLab until the block ends. A restart in the same folder keeps the files.

    Parameters
    ----------
    folder
        Gets all that the server writes.
    environment
        The scheduler's URL and credentials.
    *options
        More of its command line.
    in_place_of
        A server that has ended, whose address and token this one gets.
    extension
        Whether our JupyterLab extension is enabled.
    """
    settings = folder / "config" / "labconfig" / "default_setting_overrides.json"
    settings.parent.mkdir(parents=True, exist_ok=True)
    settings.write_text(json.dumps(_SETTINGS), encoding="utf-8")
    copytree(_EXAMPLES, folder / "workspace", ignore=ignore_patterns("ruff.toml"), dirs_exist_ok=True)
    if not extension:
        (settings.parent / "page_config.json").write_text(json.dumps({"disabledExtensions": {_EXTENSION: True}}))
    with running_server(
        folder, environment, app="jupyterlab", options=[*_OPTIONS, *options], in_place_of=in_place_of
    ) as server:
        yield server


def write_notebook(path: Path, *cells: str, parameters: str | None = None, kernel: bool = True) -> Path:
    """Write a notebook of code cells.

    Parameters
    ----------
    path
        Where; its folder is made.
    *cells
        Sources of the cells.
    parameters
        Source of a first cell, tagged `parameters`.
    kernel
        Whether it names a kernel.
    """
    sources = [(source, []) for source in cells] if parameters is None else [(parameters, ["parameters"])]
    sources += [(source, []) for source in cells] if parameters is not None else []
    document: dict[str, Any] = {
        "cells": [_cell(index, source, tags) for index, (source, tags) in enumerate(sources)],
        "metadata": {"kernelspec": _KERNEL} if kernel else {},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def _cell(index: int, source: str, tags: list[str]) -> dict[str, Any]:
    return {
        "cell_type": "code",
        "id": f"c{index}",
        "metadata": {"tags": tags} if tags else {},
        "execution_count": None,
        "outputs": [],
        "source": source,
    }
