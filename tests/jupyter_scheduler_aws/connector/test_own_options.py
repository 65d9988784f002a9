"""A real Jupyter server passes on the options that jupyter-scheduler's models do not have, and shows them."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from jupyter_scheduler_aws.connector.own_options import DEFINITION_OPTIONS, JOB_OPTIONS, RUN_LIMITS, own_options
from tests.jupyter_scheduler_aws.conftest import NOTEBOOK
from tests.jupyter_scheduler_aws.fake_api import FakeApi, running_api
from tests.jupyter_scheduler_aws.fake_server import REGION, SECRETS
from tests.support.jupyter_server import JupyterServer, running_server

BODY = {"name": "Report", "input_uri": "report.ipynb", "runtime_environment_name": "python"}
LIMITS = {"timeout_seconds": 90, "max_retries": 2, "retry_on_timeout": True, "min_retry_interval_millis": 1500}
JOB = LIMITS | {"notify": ["end:team", "mail:ana@example.com"]}
OPTIONS: dict[str, Any] = JOB | {
    "overlap_policy": "skip",
    "catch_up_seconds": 60,
    "schedule_start": 1_795_413_699_000,
    "schedule_end": 1_895_413_699_000,
    "max_runs": 3,
    "job_retention_days": 4,
    "keep_last": 5,
    "pause_after_failures": 6,
    "success_within_seconds": 7200,
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


def sent(api: FakeApi, method: str) -> dict[str, Any]:
    document: dict[str, Any] = api.seen(method, "/v1/scheduler/job.*")[-1].document
    return document


def test_every_option_is_sent_here() -> None:
    assert JOB.keys() == set(JOB_OPTIONS)
    assert OPTIONS.keys() == set(DEFINITION_OPTIONS)


def test_the_options_of_a_job_reach_the_service_and_are_shown(shared_api: FakeApi, server: JupyterServer) -> None:
    job_id = server.post("/jobs", BODY | JOB | {"max_runs": 3, "unknown": 1})["job_id"]
    request = sent(shared_api, "POST")
    assert {name: request.get(name) for name in OPTIONS | {"unknown": 1}} == JOB | dict.fromkeys(
        [*(OPTIONS.keys() - JOB.keys()), "unknown"]
    )
    shared_api.jobs[job_id].document |= JOB | {"url": f"/jobs/{job_id}"}
    [row] = [row for row in server.get("/jobs")["jobs"] if row["job_id"] == job_id]
    for shown in (server.get(f"/jobs/{job_id}"), row):
        assert {name: shown[name] for name in JOB} == JOB


def test_the_options_of_a_definition_reach_the_service_and_are_shown(
    shared_api: FakeApi, server: JupyterServer
) -> None:
    definition_id = server.post("/job_definitions", BODY | OPTIONS | {"active": False})["job_definition_id"]
    request = sent(shared_api, "POST")
    assert {name: request[name] for name in OPTIONS} == OPTIONS
    assert request["active"] is False
    [row] = server.get("/job_definitions")["job_definitions"]
    for shown in (server.get(f"/job_definitions/{definition_id}"), row):
        assert {name: shown[name] for name in OPTIONS} == OPTIONS

    edit = {"timeout_seconds": 60, "max_runs": None}
    response = server.request("PATCH", f"/job_definitions/{definition_id}", edit)
    assert response.status_code == 204
    assert sent(shared_api, "PATCH") == edit, "null is a default again, and no other field is named"


def test_requests_at_a_time_keep_their_own_options(shared_api: FakeApi, server: JupyterServer) -> None:
    from concurrent.futures import ThreadPoolExecutor

    def create(number: int) -> str:
        body = BODY | {"name": f"n{number}"} | ({"max_retries": number} if number % 2 else {})
        return str(server.post("/jobs", body)["job_id"])

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(create, range(12)))
    requests = {each.document["name"]: each.document for each in shared_api.seen("POST", "/v1/scheduler/jobs")}
    for number in range(12):
        assert requests[f"n{number}"].get("max_retries") == (number if number % 2 else None)


def test_outside_of_a_request_there_are_none() -> None:
    assert own_options(DEFINITION_OPTIONS) == {}


def test_every_feature_of_a_run_that_the_panel_is_told_about_is_passed_on() -> None:
    from jupyter_scheduler_aws.connector.execution_manager import AwsExecutionManager

    features = {
        str(feature.value) for feature, is_there in AwsExecutionManager.supported_features().items() if is_there
    }
    assert set(RUN_LIMITS) <= features
