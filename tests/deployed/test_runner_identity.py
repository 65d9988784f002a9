"""The identity of runners on the deployed stack: an account reader cannot act as one, and others do not share their rate limit."""

import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from jupyter_scheduler_aws.api.job_models import JobStatus
from jupyter_scheduler_aws.client import Client
from tests.deployed.conftest import NotebookMaker
from tests.support.deployed import Deployed

pytestmark = pytest.mark.local_cloud

STRANGER = "f" * 32
LOOK = (
    "import os, pathlib, time\npathlib.Path('made.txt').write_text('made')\n"
    "print(sorted({'RUNNER_KEY', 'LAUNCH_CODE', 'API_KEY'} & set(os.environ)))\ntime.sleep(5)"
)


@pytest.fixture
def anybody(deployed: Deployed) -> Iterator[httpx.Client]:
    """Return an HTTP client without credentials."""
    with httpx.Client(base_url=deployed.api_url, timeout=60) as http:
        yield http


@pytest.fixture
def api_key(deployed: Deployed) -> str:
    """Return the API key, which every account reader can read."""
    (key,) = deployed.administrator("apigateway").get_api_keys(includeValues=True)["items"]
    return str(key["value"])


@pytest.fixture
def reader(anybody: httpx.Client, api_key: str) -> httpx.Client:
    """Return an HTTP client with the API key and without credentials."""
    anybody.headers["x-api-key"] = api_key
    return anybody


@pytest.fixture
def running(client: Client, notebook: NotebookMaker) -> str:
    """Create a job and wait until its runner has checked in."""
    job_id = client.submit(notebook(LOOK), output_formats=["ipynb"])
    while client.get_job(job_id).status in (JobStatus.CREATED, JobStatus.QUEUED):
        time.sleep(0.2)
    return job_id


def _seen_by_readers(deployed: Deployed, job_id: str) -> tuple[dict[str, Any], str]:
    """Return the task and the task definition of a job, and all their text."""
    ecs = deployed.administrator("ecs")
    for cluster in ecs.list_clusters()["clusterArns"]:
        for status in ("RUNNING", "STOPPED"):
            arns = ecs.list_tasks(cluster=cluster, desiredStatus=status)["taskArns"]
            for task in ecs.describe_tasks(cluster=cluster, tasks=arns)["tasks"] if arns else ():
                if f"/{job_id}/" in task.get("startedBy", ""):
                    definition = ecs.describe_task_definition(taskDefinition=task["taskDefinitionArn"])
                    return task, json.dumps([task, definition["taskDefinition"]], default=str)
    pytest.fail(f"no task of {job_id}")


def test_a_reader_of_the_account_cannot_take_over_a_run(
    deployed: Deployed, client: Client, running: str, reader: httpx.Client, tmp_path: Path
) -> None:
    job_id = running
    task, seen = _seen_by_readers(deployed, job_id)
    secrets = deployed.administrator("secretsmanager").list_secrets()["SecretList"]
    (secret,) = (each for each in secrets if each["Name"] != "inbox-webhook")
    key = deployed.administrator("secretsmanager").get_secret_value(SecretId=secret["ARN"])["SecretString"]
    assert key not in seen
    (override,) = task["overrides"]["containerOverrides"]
    environ = {variable["name"]: variable["value"] for variable in override["environment"]}
    run_id = environ["RUN_URL"].partition("/runs/")[2]
    text = f"check-in|{run_id}|1|{STRANGER}".encode()
    body = {
        "instance_id": STRANGER,
        "launch": 1,
        "key_proof": hmac.new(b"guessed", text, hashlib.sha256).hexdigest(),
        "code_proof": hmac.new(environ["LAUNCH_CODE"].encode(), text, hashlib.sha256).hexdigest(),
    }
    response = reader.post(f"/runs/{run_id}/check-in", json=body)
    assert (response.status_code, response.json()["code"]) == (403, "not_allowed")

    job = client.wait(job_id)
    assert (job.status, job.attempt) == (JobStatus.COMPLETED, 1), job.status_message
    made = {path.name: path for path in client.download(job_id, tmp_path / "out")}
    assert "made.txt" in made
    (executed,) = [path for name, path in made.items() if name.endswith(".ipynb")]
    (cell,) = json.loads(executed.read_text())["cells"]
    assert "".join(cell["outputs"][0]["text"]) == "[]\n", "the notebook sees none of it"


@pytest.mark.parametrize("key", [None, "", "0" * 32])
def test_the_gateway_refuses_a_missing_key_without_calling_the_function(
    anybody: httpx.Client, api_key: str, key: str | None
) -> None:
    path = "/runs/someone/no-such-job/1/heartbeat"
    headers = {} if key is None else {"x-api-key": key}
    at_the_door = anybody.post(path, json={"phase": "running"}, headers=headers)
    inside = anybody.post(path, json={"phase": "running"}, headers={"x-api-key": api_key})
    assert at_the_door.status_code == inside.status_code == 403
    without_id = [{**response.json(), "request_id": None} for response in (at_the_door, inside)]
    assert without_id[0] == without_id[1], "one answer"


def test_many_requests_without_a_key_do_not_use_up_the_runners_rate_limit(
    client: Client, running: str, anybody: httpx.Client, deployed: Deployed
) -> None:
    """Send more requests than the runners' burst limit: all are refused, none is throttled, and the run continues."""
    (plan,) = deployed.administrator("apigateway").get_usage_plans()["items"]
    flood = 1300
    assert flood > max(1250, plan["throttle"]["burstLimit"])
    path = f"/runs/{running}/{running}/1/heartbeat"
    statuses = [anybody.post(path, json={"phase": "running"}).status_code for _ in range(flood)]
    assert set(statuses) == {403}
    job = client.wait(running)
    assert (job.status, job.attempt) == (JobStatus.COMPLETED, 1), job.status_message
