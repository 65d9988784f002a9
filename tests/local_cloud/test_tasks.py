"""The emulator's ECS with the process engine and the patches, over HTTP."""

import json
import time
import uuid
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import pytest

from local_cloud.daemon import Daemon
from local_cloud.paths import RUNNER_IMAGE, LocalPaths

CLUSTER = "jobs"
LOGS = "/runners"
Client = Callable[[str], Any]
Run = Callable[..., str]

LISTENS = "trap 'exit 17' TERM; echo ready; while :; do sleep 0.05; done"


@pytest.fixture(scope="module")
def daemon(paths: LocalPaths) -> Iterator[Daemon]:
    """Run the launcher with shell scripts as tasks."""
    daemon = Daemon(paths, module="tests.local_cloud.scripted_launcher")
    daemon.start()
    yield daemon
    daemon.stop()


@pytest.fixture(scope="module")
def ecs(client: Client) -> Any:
    ecs = client("ecs")
    ecs.create_cluster(clusterName=CLUSTER)
    client("logs").create_log_group(logGroupName=LOGS)
    container = {
        "name": "runner",
        "image": RUNNER_IMAGE,
        "stopTimeout": 2,
        "logConfiguration": {
            "logDriver": "awslogs",
            "options": {"awslogs-group": LOGS, "awslogs-stream-prefix": "runner", "awslogs-region": "us-east-1"},
        },
    }
    ecs.register_task_definition(family="runner", containerDefinitions=[container])
    ecs.register_task_definition(family="broken", containerDefinitions=[{**container, "image": "nobody/none:1"}])
    return ecs


@pytest.fixture(scope="module")
def events(client: Client) -> Callable[[str], list[dict[str, Any]]]:
    """Return a function that waits for the last event of a task, and returns all its events."""
    queue = client("sqs").create_queue(QueueName="events")["QueueUrl"]
    pattern = {"source": ["aws.ecs"], "detail-type": ["ECS Task State Change"]}
    client("events").put_rule(Name="tasks", EventPattern=json.dumps(pattern))
    client("events").put_targets(
        Rule="tasks", Targets=[{"Id": "queue", "Arn": "arn:aws:sqs:us-east-1:000000000000:events"}]
    )
    seen: list[dict[str, Any]] = []

    def of_task(arn: str) -> list[dict[str, Any]]:
        while not any(
            event["detail"]["taskArn"] == arn and event["detail"]["lastStatus"] == "STOPPED" for event in seen
        ):
            for message in (
                client("sqs")
                .receive_message(QueueUrl=queue, MaxNumberOfMessages=10, WaitTimeSeconds=5)
                .get("Messages", [])
            ):
                seen.append(json.loads(message["Body"]))
                client("sqs").delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
        return [event for event in seen if event["detail"]["taskArn"] == arn]

    return of_task


@pytest.fixture
def run(ecs: Any) -> Run:
    def run_script(script: str, **options: Any) -> str:
        variables = [{"name": "SCRIPT", "value": script}, *options.pop("environment", [])]
        override = {"name": "runner", "environment": variables}
        request = {
            "cluster": CLUSTER,
            "taskDefinition": "runner",
            "overrides": {"containerOverrides": [override]},
            **options,
        }
        return str(ecs.run_task(**request)["tasks"][0]["taskArn"])

    return run_script


def until(ecs: Any, arn: str, status: str) -> dict[str, Any]:
    for _ in count():
        task: dict[str, Any] = ecs.describe_tasks(cluster=CLUSTER, tasks=[arn])["tasks"][0]
        if task["lastStatus"] in (status, "STOPPED"):
            return task
        time.sleep(0.02)
    raise AssertionError


def log_of(client: Client, arn: str, last: str) -> list[str]:
    while True:
        stream = {"logGroupName": LOGS, "logStreamName": f"runner/runner/{arn.rpartition('/')[2]}"}
        if client("logs").describe_log_streams(logGroupName=LOGS, logStreamNamePrefix=stream["logStreamName"])[
            "logStreams"
        ]:
            lines = [
                event["message"] for event in client("logs").get_log_events(**stream, startFromHead=True)["events"]
            ]
            if last in lines:
                return lines
        time.sleep(0.02)


def test_the_end_of_a_task_is_published_with_the_exit_code(ecs: Any, run: Run, events: Any) -> None:
    arn = run("exit 13", startedBy="o/j/1")
    received = events(arn)
    assert [event["detail"]["lastStatus"] for event in received] == ["PENDING", "RUNNING", "STOPPED"]
    assert [event["detail"]["version"] for event in received] == sorted(
        {event["detail"]["version"] for event in received}
    )
    last = received[-1]
    assert last["resources"] == [arn]
    assert last["detail"]["clusterArn"].endswith(f":cluster/{CLUSTER}")
    assert last["detail"]["startedBy"] == "o/j/1"
    assert last["detail"]["stopCode"] == "EssentialContainerExited"
    assert last["detail"]["containers"][0]["exitCode"] == 13
    assert until(ecs, arn, "STOPPED")["containers"][0]["exitCode"] == 13


def test_the_output_is_in_the_log_stream_of_the_task(client: Client, run: Run) -> None:
    address = "https://a1b2.execute-api.us-east-1.amazonaws.com/v1/runs/o/j/1"
    arn = run("echo one; echo $RUN_URL; echo end", environment=[{"name": "RUN_URL", "value": address}])
    one, run_url, end = log_of(client, arn, last="end")
    assert (one, end) == ("one", "end")
    assert run_url.startswith("http://127.0.0.1:")
    assert run_url.endswith("/_aws/execute-api/a1b2/v1/runs/o/j/1")


def test_a_missing_image_is_a_failed_start(ecs: Any, events: Any) -> None:
    arn = ecs.run_task(cluster=CLUSTER, taskDefinition="broken")["tasks"][0]["taskArn"]
    last = events(arn)[-1]["detail"]
    assert last["stopCode"] == "TaskFailedToStart"
    assert "CannotPullContainerError" in last["stoppedReason"]


def test_a_stopped_task_is_stopped_only_after_its_process_has_ended(
    ecs: Any, run: Run, events: Any, client: Client
) -> None:
    arn = run(LISTENS)
    assert log_of(client, arn, last="ready") == ["ready"]
    until(ecs, arn, "RUNNING")
    response = ecs.stop_task(cluster=CLUSTER, task=arn, reason="asked for")["task"]
    assert (response["lastStatus"], response["desiredStatus"]) == ("RUNNING", "STOPPED")
    ecs.stop_task(cluster=CLUSTER, task=arn, reason="asked for again")
    last = events(arn)[-1]["detail"]
    assert (last["stopCode"], last["stoppedReason"], last["containers"][0]["exitCode"]) == (
        "UserInitiated",
        "asked for",
        17,
    )
    assert ecs.stop_task(cluster=CLUSTER, task=arn)["task"]["stoppedReason"] == "asked for"


def test_a_task_that_ignores_sigterm_is_killed_after_the_stop_timeout(
    ecs: Any, run: Run, events: Any, client: Client
) -> None:
    arn = run("trap '' TERM; echo ready; while :; do sleep 0.05; done")
    assert log_of(client, arn, last="ready") == ["ready"]
    until(ecs, arn, "RUNNING")
    ecs.stop_task(cluster=CLUSTER, task=arn)
    assert events(arn)[-1]["detail"]["containers"][0]["exitCode"] == 137


def test_a_client_token_starts_one_task(run: Run, events: Any) -> None:
    token = uuid.uuid4().hex
    arn = run("exit 0", clientToken=token)
    assert run("exit 0", clientToken=token) == arn
    events(arn)
    assert run("exit 0", clientToken=token) == arn  # also when it has ended
    assert run("exit 0", clientToken=uuid.uuid4().hex) != arn


def test_a_client_token_of_another_request_is_a_conflict_with_the_id_of_the_task(ecs: Any, run: Run) -> None:
    token = uuid.uuid4().hex
    arn = run("exit 0", clientToken=token)
    with pytest.raises(ecs.exceptions.ConflictException) as caught:
        run("exit 1", clientToken=token)
    assert caught.value.response["resourceIds"] == [arn]


def test_a_task_that_a_restart_interrupted_is_published_as_stopped(
    ecs: Any, run: Run, events: Any, client: Client, daemon: Daemon
) -> None:
    arn = run("echo ready; exec sleep 600")
    assert log_of(client, arn, last="ready") == ["ready"]
    until(ecs, arn, "RUNNING")
    daemon.stop()
    daemon.start()
    last = events(arn)[-1]["detail"]
    assert (last["stopCode"], last["stoppedReason"]) == (
        "EssentialContainerExited",
        "The local cloud was stopped while the task ran.",
    )
    assert "exitCode" not in last["containers"][0]
    assert until(ecs, arn, "STOPPED")["stopCode"] == "EssentialContainerExited"
