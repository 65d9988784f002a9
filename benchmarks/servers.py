"""Two Jupyter servers: one with the stock scheduler, one with our connector and a local cloud of its own."""

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import boto3

from local_cloud.access_keys import read_key
from tests.support.jupyter_server import JupyterServer, running_server

__all__ = ["NOTEBOOK", "Servers", "running_servers"]

NOTEBOOK: Final = "trivial.ipynb"

_ROOT: Final = Path(__file__).parents[1]
_CLOUD: Final = _ROOT / "build" / "bench-cloud"
_STOCK: Final = {
    "scheduler_class": "jupyter_scheduler.scheduler.Scheduler",
    "environment_manager_class": "jupyter_scheduler.environments.CondaEnvironmentManager",
    "job_files_manager_class": "jupyter_scheduler.job_files_manager.JobFilesManager",
}


@dataclass(frozen=True)
class Servers:
    """Both servers, and access to their tables."""

    stock: JupyterServer
    ours: JupyterServer
    stock_db_url: str
    dynamodb: Any
    """A client for the local cloud's DynamoDB."""


@contextmanager
def running_servers(folder: Path) -> Iterator[Servers]:
    """Run both servers until the block ends; each has a notebook of three trivial cells in its root folder."""
    db_url = f"sqlite:///{folder}/stock.sqlite"
    options = [f"--SchedulerApp.{name}={value}" for name, value in {**_STOCK, "db_url": db_url}.items()]
    with (
        _local_cloud() as environment,
        running_server(folder / "stock", {}, options=options) as stock,
        running_server(folder / "ours", environment) as ours,
    ):
        for server in (stock, ours):
            _write_notebook(server.workspace / NOTEBOOK)
        administrator = read_key(_CLOUD / "administrator-key.json")
        dynamodb = boto3.client(
            "dynamodb",
            region_name=environment["AWS_REGION"],
            endpoint_url=environment["AWS_ENDPOINT_URL"],
            aws_access_key_id=administrator.key_id,
            aws_secret_access_key=administrator.secret,
        )
        yield Servers(stock, ours, db_url, dynamodb)


@contextmanager
def _local_cloud() -> Iterator[dict[str, str]]:
    shutil.rmtree(_CLOUD, ignore_errors=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = os.environ | {"LOCAL_CLOUD_DIR": str(_CLOUD), "LOCAL_CLOUD_PORT": str(port)}
    command = [sys.executable, "-m", "local_cloud"]
    subprocess.run([*command, "up"], cwd=_ROOT, env=environment, check=True, stdout=sys.stderr)
    try:
        lines = (_CLOUD / "env").read_text(encoding="utf-8").splitlines()
        pairs = (line.removeprefix("export ").partition("=") for line in lines if line.startswith("export "))
        yield {name: value.strip("'\"") for name, _, value in pairs if name != "NO_PROXY"}
    finally:
        subprocess.run([*command, "down"], cwd=_ROOT, env=environment, check=True, stdout=sys.stderr)


def _write_notebook(path: Path) -> None:
    cells: list[dict[str, Any]] = [
        {
            "cell_type": "code",
            "id": f"c{i}",
            "metadata": {},
            "execution_count": None,
            "outputs": [],
            "source": f"{i} + 1",
        }
        for i in range(3)
    ]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    path.write_text(json.dumps({"cells": cells, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}))
