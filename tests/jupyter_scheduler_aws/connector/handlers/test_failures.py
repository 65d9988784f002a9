"""Whatever goes wrong, an endpoint says it in the words of the panel, with a status that fits."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.jupyter_scheduler_aws.connector.handlers.conftest import CREDENTIALS, TARGETS, Endpoints
from tests.jupyter_scheduler_aws.fake_api import FakeApi
from tests.jupyter_scheduler_aws.fake_server import Fault, Response
from tests.support.jupyter_server import JupyterServer, running_server

each_endpoint = pytest.mark.parametrize("name", TARGETS)
READS = [name for name, item in TARGETS.items() if item.method == "GET"]

REFUSALS = {
    403: ("User: arn:aws:sts::1:x is not authorized to perform: execute-api:Invoke", "UserPolicyArn"),
    404: ("There is nothing here.", "There is nothing here."),
    409: ("Not in this state.", "Not in this state."),
    429: ("AWS is asked too often just now.", "AWS is asked too often just now."),
    500: ("It failed.", "It failed. (request req-1)"),
}

ABSENT = "0199ffff-0000-7000-8000-000000000000"


def message_of(response: httpx.Response) -> str:
    document = response.json()
    assert list(document) == ["message"]
    return str(document["message"])


@pytest.fixture(scope="module", params=["nothing is set", "nobody is there"])
def broken(request: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, JupyterServer]]:
    url = {} if request.param == "nothing is set" else {"JUPYTER_SCHEDULER_AWS_URL": "http://127.0.0.1:9/v1"}
    with running_server(
        tmp_path_factory.mktemp("broken"), CREDENTIALS | url, options=["--AwsScheduler.tries=1"]
    ) as server:
        (server.workspace / "report.ipynb").write_text("{}")
        yield request.param, server


@each_endpoint
@pytest.mark.parametrize("status", REFUSALS)
def test_a_refusal_has_the_status_and_the_words_of_the_panel(endpoints: Endpoints, name: str, status: int) -> None:
    item = TARGETS[name]
    said, shown = REFUSALS[status]
    method, path = item.asks
    endpoints.api.faults.append(Fault(method, path, instead=Response.refusal(status, said, "code")))
    response = endpoints.ask(item)
    assert endpoints.api.faults == []
    assert (response.status_code, shown in message_of(response)) == (status, True), response.text
    assert endpoints.ask(item).status_code in (200, 204), "the next try works"


@each_endpoint
def test_texts_of_errors_are_plain(endpoints: Endpoints, name: str) -> None:
    item = TARGETS[name]
    method, path = item.asks
    endpoints.api.faults.append(Fault(method, path, instead=Response.refusal(403, "\x1b[31mred\u202e\x07", "code")))
    assert message_of(endpoints.ask(item)) == "red"


@pytest.mark.parametrize("name", [*READS, "notebook"])
def test_another_document_than_expected_is_explained(endpoints: Endpoints, name: str) -> None:
    item = TARGETS[name]
    method, path = item.asks
    endpoints.api.faults.append(Fault(method, path, instead=Response.of([{"odd": 1}])))
    response = endpoints.ask(item)
    assert (response.status_code, "Upgrade the older of the two" in message_of(response)) == (502, True)


@each_endpoint
def test_a_server_without_a_service_says_what_to_do(broken: tuple[str, JupyterServer], name: str) -> None:
    what, server = broken
    response = Endpoints(server, FakeApi.__new__(FakeApi), ABSENT, ABSENT).ask(TARGETS[name])
    message = message_of(response)
    if what == "nothing is set":
        assert response.status_code == 503
        assert "JUPYTER_SCHEDULER_AWS_URL" in message
        assert "c.AwsScheduler.api_url" in message
    else:
        assert response.status_code == 502
        assert "is out of reach" in message


@pytest.fixture(scope="module")
def hasty(shared_api: FakeApi, endpoints: Endpoints, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoints]:
    environment = {**CREDENTIALS, "JUPYTER_SCHEDULER_AWS_URL": shared_api.url}
    options = ["--AwsScheduler.read_timeout_seconds=0.3"]
    with running_server(tmp_path_factory.mktemp("hasty"), environment, options=options) as server:
        (server.workspace / "report.ipynb").write_text("{}")
        yield Endpoints(server, shared_api, endpoints.job, endpoints.definition)


@pytest.mark.parametrize("name", READS)
def test_a_read_ends_while_the_service_hangs(hasty: Endpoints, name: str) -> None:
    item = TARGETS[name]
    path = item.asks[1].replace("[^/]+", hasty.definition if name == "definition" else hasty.job)
    with hasty.api.held(path) as released:
        response = hasty.ask(item)
        assert not released.is_set()
    assert response.status_code == 504
    assert "in time" in message_of(response) or "no response within" in message_of(response)


@each_endpoint
def test_who_has_not_logged_in_is_refused(endpoints: Endpoints, name: str) -> None:
    item = TARGETS[name]
    before = len(endpoints.api.requests)
    path = item.path.format(job=endpoints.job, definition=endpoints.definition)
    url = f"{endpoints.server.url}/jupyter-scheduler-aws/{path}"
    response = httpx.request(item.method, url, json=item.body, trust_env=False)
    assert response.status_code == 403
    assert len(endpoints.api.requests) == before


@pytest.mark.parametrize("name", ["notebook", "options"])
def test_a_change_from_another_site_is_refused(endpoints: Endpoints, name: str) -> None:
    """With the cookie of a login, as a browser sends it, but without the token that only pages of the server know."""
    item = TARGETS[name]
    with httpx.Client(base_url=endpoints.server.url, trust_env=False) as browser:
        browser.get(f"/api/status?token={endpoints.server.token}")
        browser.get(f"/login?token={endpoints.server.token}")
        assert browser.get("/jupyter-scheduler-aws/running").status_code == 200, "the cookie is a login"
        before = len(endpoints.api.requests)
        path = item.path.format(job=endpoints.job, definition=endpoints.definition)
        response = browser.request(item.method, f"/jupyter-scheduler-aws/{path}", json=item.body)
        assert (response.status_code, "_xsrf" in response.text) == (403, True)
        assert len(endpoints.api.requests) == before


def test_an_authorizer_decides(shared_api: FakeApi, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("closed")
    (folder / "closed.py").write_text(
        "from jupyter_server.auth import Authorizer\n"
        "class Closed(Authorizer):\n"
        "    def is_authorized(self, handler, user, action, resource):\n"
        "        return resource != 'jupyter-scheduler-aws' or action == 'read'\n"
    )
    environment = {**CREDENTIALS, "JUPYTER_SCHEDULER_AWS_URL": shared_api.url}
    config = folder / "config"
    config.mkdir()
    (config / "jupyter_server_config.py").write_text(
        f"import sys\nsys.path.insert(0, {str(folder)!r})\nimport closed\nc.ServerApp.authorizer_class = closed.Closed\n"
    )
    with running_server(folder, environment) as server:
        endpoints = Endpoints(server, shared_api, ABSENT, ABSENT)
        assert endpoints.ask(TARGETS["running"]).status_code == 200
        for name in ("notebook", "options"):
            assert endpoints.ask(TARGETS[name]).status_code == 403


def test_with_another_scheduler_in_the_panel_the_same_settings_apply(
    shared_api: FakeApi, tmp_path_factory: pytest.TempPathFactory
) -> None:
    options = [
        f"--AwsScheduler.api_url={shared_api.url}",
        "--SchedulerApp.scheduler_class=jupyter_scheduler.scheduler.Scheduler",
        "--SchedulerApp.environment_manager_class=jupyter_scheduler.environments.CondaEnvironmentManager",
        "--SchedulerApp.job_files_manager_class=jupyter_scheduler.job_files_manager.JobFilesManager",
    ]
    folder = tmp_path_factory.mktemp("stock")
    options.append(f"--SchedulerApp.db_url=sqlite:///{folder}/scheduler.sqlite")
    with running_server(folder, CREDENTIALS, options=options) as server:
        for _ in range(2):
            assert server.http.get("/jupyter-scheduler-aws/config").status_code == 200


@each_endpoint
def test_a_reader_can_ask_for_refusals_that_no_browser_reports(endpoints: Endpoints, name: str) -> None:
    item = TARGETS[name]
    method, path = item.asks
    endpoints.api.faults.append(Fault(method, path, instead=Response.refusal(404, "There is nothing here.", "code")))
    response = endpoints.server.http.request(
        item.method,
        "/jupyter-scheduler-aws/" + item.path.format(job=endpoints.job, definition=endpoints.definition),
        json=item.body,
        headers={"Prefer": "problems=inline"},
    )
    if item.method == "GET":
        assert response.status_code == 200
        assert response.json() == {"refusal": {"status": 404, "message": "There is nothing here."}}
    else:
        assert response.status_code == 404, "a change that failed has failed"
