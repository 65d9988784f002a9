"""The options of our extension's form travel in one entry of the stock model, and reach the service as its own fields."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from jupyter_scheduler_aws.connector.own_options import FORM_OPTIONS
from tests.jupyter_scheduler_aws.conftest import NOTEBOOK
from tests.jupyter_scheduler_aws.connector.test_own_options import BODY, JOB, OPTIONS
from tests.jupyter_scheduler_aws.fake_api import FakeApi, running_api
from tests.jupyter_scheduler_aws.fake_server import REGION, SECRETS
from tests.support.jupyter_server import JupyterServer, running_server

PARAMETERS = "runtime_environment_parameters"
JOBS, DEFINITIONS = "/jobs", "/job_definitions"

REFUSED = {
    "{": "is not the JSON text of an object",
    "[]": "is not the JSON text of an object",
    "null": "is not the JSON text of an object",
    "7": "is not the JSON text of an object",
    "": "is not the JSON text of an object",
    "[" * 100_000: "is not the JSON text of an object",
    '{"max_runs": 1, "colour": "red"}': "'colour' is not an option of jobs and definitions",
    '{"name": "x"}': "'name' is not an option of jobs and definitions",
    '{"input_uri": "upload:1"}': "'input_uri' is not an option of jobs and definitions",
}


@pytest.fixture(scope="module")
def shared_api() -> Iterator[FakeApi]:
    with running_api() as api:
        yield api


@pytest.fixture(scope="module")
def server(shared_api: FakeApi, tmp_path_factory: pytest.TempPathFactory) -> Iterator[JupyterServer]:
    environment = {
        "JUPYTER_SCHEDULER_AWS_URL": shared_api.url,
        "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": SECRETS["AKIDEXAMPLE"],
        "AWS_REGION": REGION,
    }
    with running_server(tmp_path_factory.mktemp("lab"), environment) as server:
        (server.workspace / "report.ipynb").write_text(json.dumps(NOTEBOOK))
        yield server


def form(options: Any, **others: Any) -> dict[str, Any]:
    """Return the entries of the stock model as the form sends them."""
    text = options if isinstance(options, str) else json.dumps(options)
    return {PARAMETERS: {FORM_OPTIONS: text, **others}}


def send(server: JupyterServer, api: FakeApi, method: str, path: str, body: Any) -> dict[str, Any]:
    """Send a request to the stock handlers, and return the one that the service got."""
    response = server.request(method, path, body)
    assert response.status_code in (200, 204), response.text
    document: dict[str, Any] = api.seen(method, f"/v1/scheduler{path}")[-1].document
    return document


def options_in(request: dict[str, Any]) -> dict[str, Any]:
    return {name: request[name] for name in OPTIONS if name in request}


@pytest.mark.parametrize("name", OPTIONS)
def test_each_option_of_a_definition_reaches_the_service(shared_api: FakeApi, server: JupyterServer, name: str) -> None:
    for value in (OPTIONS[name], None):
        request = send(server, shared_api, "POST", DEFINITIONS, BODY | form({name: value}))
        assert options_in(request) == {name: value}
        assert PARAMETERS not in request


@pytest.mark.parametrize("name", OPTIONS)
def test_each_option_of_a_job_reaches_the_service_and_those_of_schedules_do_not(
    shared_api: FakeApi, server: JupyterServer, name: str
) -> None:
    request = send(server, shared_api, "POST", JOBS, BODY | form({name: OPTIONS[name]}))
    assert options_in(request) == ({name: OPTIONS[name]} if name in JOB else {})
    assert PARAMETERS not in request


@pytest.mark.parametrize(("path", "expected"), [(JOBS, JOB), (DEFINITIONS, OPTIONS)])
def test_all_options_travel_together_beside_other_parameters(
    shared_api: FakeApi, server: JupyterServer, path: str, expected: dict[str, Any]
) -> None:
    request = send(server, shared_api, "POST", path, BODY | form(OPTIONS, region="eu", size=3))
    assert options_in(request) == expected
    assert request[PARAMETERS] == {"region": "eu", "size": 3}


def test_an_edit_changes_the_options_that_the_form_names(shared_api: FakeApi, server: JupyterServer) -> None:
    definition_id = server.post(DEFINITIONS, BODY | form(OPTIONS))["job_definition_id"]
    path = f"{DEFINITIONS}/{definition_id}"
    assert send(server, shared_api, "PATCH", path, form({"max_runs": None, "keep_last": 2})) == {
        "max_runs": None,
        "keep_last": 2,
    }
    edit = send(server, shared_api, "PATCH", path, {"schedule": "0 8 * * *"} | form({}, region="eu"))
    assert edit == {"schedule": "0 8 * * *", PARAMETERS: {"region": "eu"}}


@pytest.mark.parametrize("path", [JOBS, DEFINITIONS])
def test_options_at_the_top_of_the_body_go_before(shared_api: FakeApi, server: JupyterServer, path: str) -> None:
    body = BODY | form({"timeout_seconds": 1, "max_retries": 2}) | {"timeout_seconds": 99}
    assert options_in(send(server, shared_api, "POST", path, body)) == {"timeout_seconds": 99, "max_retries": 2}


@pytest.mark.parametrize("path", [JOBS, DEFINITIONS])
@pytest.mark.parametrize("text", REFUSED, ids=lambda text: text[:20])
def test_what_cannot_be_read_is_refused_before_the_upload(
    shared_api: FakeApi, server: JupyterServer, path: str, text: str
) -> None:
    before = len(shared_api.requests)
    assert_refused(server.request("POST", path, BODY | form(text)), REFUSED[text])
    assert len(shared_api.requests) == before


def test_an_edit_that_cannot_be_read_changes_nothing(shared_api: FakeApi, server: JupyterServer) -> None:
    definition_id = server.post(DEFINITIONS, BODY)["job_definition_id"]
    before = len(shared_api.requests)
    for text, says in REFUSED.items():
        assert_refused(server.request("PATCH", f"{DEFINITIONS}/{definition_id}", form(text)), says)
    assert len(shared_api.requests) == before


def assert_refused(response: httpx.Response, says: str) -> None:
    assert (response.status_code, says in response.json()["message"]) == (500, True), response.text


def test_nothing_is_invented_when_it_is_read(shared_api: FakeApi, server: JupyterServer) -> None:
    definition_id = server.post(DEFINITIONS, BODY | form(OPTIONS))["job_definition_id"]
    assert server.get(f"{DEFINITIONS}/{definition_id}")[PARAMETERS] is None
    job_id = server.post(JOBS, BODY | form(OPTIONS, region="eu"))["job_id"]
    shared_api.jobs[job_id].document["url"] = f"/jobs/{job_id}"
    assert server.get(f"/jobs/{job_id}")[PARAMETERS] == {"region": "eu"}
