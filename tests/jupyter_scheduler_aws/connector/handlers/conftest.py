"""Real Jupyter servers in front of a fake API, and the requests of our extension."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from tests.jupyter_scheduler_aws.conftest import NOTEBOOK
from tests.jupyter_scheduler_aws.fake_api import FakeApi, running_api
from tests.jupyter_scheduler_aws.fake_server import REGION, SECRETS
from tests.support.jupyter_server import JupyterServer, running_server

__all__ = ["CREDENTIALS", "TARGETS", "Endpoints", "Item"]

CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
    "AWS_SECRET_ACCESS_KEY": SECRETS["AKIDEXAMPLE"],
    "AWS_REGION": REGION,
    "AWS_EC2_METADATA_DISABLED": "true",
}


@dataclass(frozen=True)
class Item:
    """A request of our extension, and the first request to the service that follows from it."""

    method: str
    path: str
    """With `{job}` and `{definition}` for ids."""
    asks: tuple[str, str]
    """Method, and path as a regular expression."""
    body: Any = None


TARGETS: Mapping[str, Item] = {
    "config": Item("GET", "config", ("GET", "/v1/scheduler/runtime_environments")),
    "schedule": Item("GET", "schedule?schedule=0 9 * * 1", ("GET", "/v1/scheduler/crontab")),
    "folder": Item("GET", "folder?path=report.ipynb", ("POST", "/v1/scheduler/uploads")),
    "job": Item("GET", "jobs/{job}", ("GET", "/v1/scheduler/jobs/[^/]+")),
    "log": Item("GET", "jobs/{job}/log", ("GET", "/v1/scheduler/jobs/[^/]+/logs")),
    "notebook": Item("POST", "jobs/{job}/notebook", ("GET", "/v1/scheduler/jobs/[^/]+")),
    "running": Item("GET", "running", ("GET", "/v1/scheduler/jobs/unfinished")),
    "definition": Item("GET", "definitions/{definition}", ("GET", "/v1/scheduler/job_definitions/[^/]+")),
    "options": Item(
        "PATCH",
        "definitions/{definition}",
        ("PATCH", "/v1/scheduler/job_definitions/[^/]+"),
        {"options": {"max_runs": 3}},
    ),
}
"""Every endpoint."""


@dataclass(frozen=True)
class Endpoints:
    """A server, and the jobs behind it."""

    server: JupyterServer
    api: FakeApi
    job: str
    definition: str

    def ask(self, item: Item) -> httpx.Response:
        path = item.path.format(job=self.job, definition=self.definition)
        return self.request(item.method, path, item.body)

    def request(self, method: str, path: str, body: Any = None) -> httpx.Response:
        return self.server.http.request(method, f"/jupyter-scheduler-aws/{path}", json=body)

    def get(self, path: str) -> Any:
        response = self.request("GET", path)
        assert response.status_code == 200, response.text
        return response.json()

    def calls_of(self, path: str) -> tuple[Any, list[str]]:
        """Return the response to a path, and the requests to the service that it took."""
        before = len(self.api.requests)
        document = self.get(path)
        return document, [f"{request.method} {request.path}" for request in self.api.requests[before:]]


@pytest.fixture(scope="module")
def shared_api() -> Iterator[FakeApi]:
    with running_api() as api:
        api.page_size = 500
        yield api


@pytest.fixture(scope="module")
def endpoints(shared_api: FakeApi, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoints]:
    environment = {**CREDENTIALS, "JUPYTER_SCHEDULER_AWS_URL": shared_api.url}
    options = ["--AwsScheduler.tries=1", "--AwsScheduler.read_timeout_seconds=60"]
    with running_server(tmp_path_factory.mktemp("lab"), environment, options=options) as server:
        (server.workspace / "report.ipynb").write_text(json.dumps(NOTEBOOK))
        job = shared_api.add_job(status="IN_PROGRESS", attempt=1)
        definition = shared_api.add_definition(schedule="0 9 * * MON", timezone="Europe/Berlin")
        yield Endpoints(server, shared_api, job, definition)
