"""A workspace below a root folder, a connection to the fake API, and documents in the form of the service."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from jupyter_scheduler_aws.connector.connection import Connection
from jupyter_scheduler_aws.connector.workspace import Workspace
from tests.jupyter_scheduler_aws.fake_api import FakeApi
from tests.jupyter_scheduler_aws.fake_definitions import START

JOB: dict[str, Any] = {
    "job_id": "0199-a",
    "name": "Report",
    "url": "/jobs/0199-a",
    "status": "COMPLETED",
    "status_message": None,
    "input_filename": "report.ipynb",
    "runtime_environment_name": "python",
    "runtime_environment_parameters": None,
    "output_formats": ["ipynb", "html"],
    "job_files": [
        {"display_name": "Notebook", "file_format": "ipynb", "file_path": None},
        {"display_name": "Input", "file_format": "input", "file_path": None},
    ],
    "parameters": None,
    "tags": None,
    "create_time": START,
    "update_time": START,
    "phase": {"code": "ended"},
}
"""A job in the form of the service."""

DEFINITION: dict[str, Any] = {
    "job_definition_id": "0198-a",
    "name": "Report",
    "input_filename": "report.ipynb",
    "runtime_environment_name": "python",
    "output_formats": ["ipynb"],
    "schedule": "0 9 * * MON",
    "timezone": "Europe/Berlin",
    "create_time": START,
    "update_time": START,
    "active": True,
    "next_run_time": START,
}
"""A definition in the form of the service."""


@pytest.fixture
def job_document() -> dict[str, Any]:
    return dict(JOB)


@pytest.fixture
def definition_document() -> dict[str, Any]:
    return dict(DEFINITION)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    root = tmp_path / "root"
    root.mkdir()
    return Workspace(root=root, output_directory="jobs")


@pytest.fixture
def connection(api: FakeApi) -> Iterator[Connection]:
    times = {"connect_timeout": timedelta(seconds=5), "timeout": timedelta(seconds=30)}
    connection = Connection(url=api.url, region="", profile="", tries=1, **times)
    yield connection
    connection.close()
