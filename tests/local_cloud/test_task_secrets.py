"""Secrets of tasks: ECS reads them with the execution role, and does not start a task whose role may not read them."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from local_cloud.paths import RUNNER_IMAGE
from tests.local_cloud.conftest import make_role

Client = Callable[[str], Any]
CLUSTER, LOGS, KEY = "jobs", "/runners", "the runner key"


@pytest.fixture(scope="module")
def secret(client: Client) -> str:
    client("ecs").create_cluster(clusterName=CLUSTER)
    client("logs").create_log_group(logGroupName=LOGS)
    return str(client("secretsmanager").create_secret(Name="runner-key", SecretString=KEY)["ARN"])


@pytest.fixture
def ended(client: Client, secret: str) -> Callable[[str | None], tuple[dict[str, Any], list[str]]]:
    """Return a function that runs a task with an execution role to its end, and returns the task and its output."""

    def run(role: str | None) -> tuple[dict[str, Any], list[str]]:
        container = {
            "name": "runner",
            "image": RUNNER_IMAGE,
            "secrets": [{"name": "RUNNER_KEY", "valueFrom": secret}],
            "logConfiguration": {
                "logDriver": "awslogs",
                "options": {"awslogs-group": LOGS, "awslogs-stream-prefix": "runner", "awslogs-region": "us-east-1"},
            },
        }
        ecs = client("ecs")
        roles = {"executionRoleArn": role} if role else {}
        definition = ecs.register_task_definition(family="secretive", containerDefinitions=[container], **roles)
        arn = ecs.run_task(cluster=CLUSTER, taskDefinition=definition["taskDefinition"]["taskDefinitionArn"])["tasks"][
            0
        ]["taskArn"]
        while (task := ecs.describe_tasks(cluster=CLUSTER, tasks=[arn])["tasks"][0])["lastStatus"] != "STOPPED":
            time.sleep(0.05)
        return task, _printed(client, arn) if task["stopCode"] == "EssentialContainerExited" else []

    return run


def _printed(client: Client, arn: str) -> list[str]:
    stream = {"logGroupName": LOGS, "logStreamName": f"runner/runner/{arn.rpartition('/')[2]}"}
    logs = client("logs")
    while True:
        if logs.describe_log_streams(logGroupName=LOGS, logStreamNamePrefix=stream["logStreamName"])["logStreams"]:
            events = logs.get_log_events(**stream, startFromHead=True)["events"]
            if events:
                return [event["message"] for event in events]
        time.sleep(0.05)


def test_a_task_gets_a_secret_that_its_execution_role_may_read(client: Client, secret: str, ended: Any) -> None:
    role = make_role(
        client, "reader", "ecs-tasks.amazonaws.com", Action="secretsmanager:GetSecretValue", Resource=secret
    )
    task, printed = ended(role)
    (line,) = printed
    assert line.startswith("runner: RUN_URL, LAUNCH, LAUNCH_CODE, API_KEY not set"), (
        "of all that a runner needs, it has the key"
    )
    assert KEY not in str(task)


@pytest.mark.parametrize("case", ["another secret", "another service", "no role"])
def test_a_task_whose_execution_role_may_not_read_a_secret_does_not_start(
    client: Client, secret: str, ended: Any, case: str
) -> None:
    service = "lambda.amazonaws.com" if case == "another service" else "ecs-tasks.amazonaws.com"
    resource = secret if case == "another service" else f"{secret}-other"
    name = case.replace(" ", "-")
    read = "secretsmanager:GetSecretValue"
    role = None if case == "no role" else make_role(client, name, service, Action=read, Resource=resource)
    task, _ = ended(role)
    assert task["stopCode"] == "TaskFailedToStart"
    assert "ResourceInitializationError: unable to pull secrets" in task["stoppedReason"]
    assert read in task["stoppedReason"]
