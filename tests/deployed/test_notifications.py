"""Events and notifications on the deployed stack: a rule on its bus, and a real SMTP server and HTTP listener on loopback."""

import fcntl
import json
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from jupyter_scheduler_aws.client import Client
from local_cloud.inbox import Inbox
from tests.deployed.conftest import NotebookMaker
from tests.support.deployed import Deployed

pytestmark = pytest.mark.local_cloud

_SECONDS = 60
"""The longest wait: two streams and two cold starts take about five."""


_ASSUMED_BY_EVENTS = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": f"{name}.amazonaws.com"}, "Action": "sts:AssumeRole"}
        for name in ("events", "lambda", "states")
    ],
}

_MAY_SEND = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "arn:aws:sqs:*:*:from-the-function"}],
}

_SENDS_THE_JOB_ID = """
import json, os, boto3

def handler(event, _context):
    body = json.dumps({"job_id": event["detail"]["job_id"]})
    boto3.client("sqs").send_message(QueueUrl=os.environ["QUEUE"], MessageBody=body)
"""


@dataclass
class Received:
    """What has arrived."""

    deployed: Deployed
    messages: list[tuple[str, str]] = field(default_factory=list)

    def add(self, kind: str, text: str) -> None:
        self.messages.append((kind, text))

    @contextmanager
    def inbox(self) -> Iterator[None]:
        """Open the inbox; tests that run at the same time wait for its ports."""
        port = urlsplit(self.deployed.endpoint_url).port
        assert port is not None
        with (self.deployed.folder / "inbox.lock").open("w", encoding="ascii") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            with Inbox(mail_port=port + 1, webhook_port=port + 2, receive=self.add).open():
                yield

    def wait(self, name: str, number: int) -> dict[str, str]:
        """Wait for messages whose text names a job; return the last one of each kind."""
        end = time.monotonic() + _SECONDS
        while len(found := [each for each in self.messages if name in each[1]]) < number:
            assert time.monotonic() < end, f"{len(found)} of {number} messages arrived"
            time.sleep(0.2)
        return dict(found)


@pytest.fixture
def received(deployed: Deployed) -> Received:
    return Received(deployed)


def submit(client: Client, path: Path, name: str, *notify: str) -> str:
    return client.submit(path, name=name, notify=list(notify), output_formats=["ipynb"])


def test_a_failure_arrives_by_mail_and_by_webhook(client: Client, notebook: NotebookMaker, received: Received) -> None:
    with received.inbox():
        job_id = submit(client, notebook("x = 1", "1 / 0"), "told-at-once", "inbox", "failure:mail:ana@example.com")
        arrived = received.wait("told-at-once", 2)
    assert arrived.keys() == {"mail", "webhook"}
    assert arrived["mail"].startswith(
        "To: ana@example.com\nSubject: told-at-once failed: ZeroDivisionError in cell 2\n"
    )
    for text in arrived.values():
        assert "ZeroDivisionError: division by zero" in text
        assert f"nbjobs show {job_id}" in text


def test_a_failure_arrives_later_if_both_are_away(client: Client, notebook: NotebookMaker, received: Received) -> None:
    job_id = submit(client, notebook("1 / 0"), "told-later", "inbox", "mail")
    client.wait(job_id)
    time.sleep(5)  # the first attempt fails meanwhile
    with received.inbox():
        end = time.monotonic() + 180  # the second one follows after a minute, at the next sweep
        while (
            len(arrived := {kind: text for kind, text in received.messages if "told-later" in text}) < 2
            and time.monotonic() < end
        ):
            time.sleep(0.5)
    assert arrived.keys() == {"mail", "webhook"}
    assert all("told-later failed: ZeroDivisionError in cell 1" in text for text in arrived.values())


@pytest.fixture
def queue(deployed: Deployed) -> Iterator[str]:
    """A queue that gets the bus's events about one job's name."""
    events, sqs = deployed.administrator("events"), deployed.administrator("sqs")
    url = sqs.create_queue(QueueName="job-events")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    pattern = {"source": ["jupyter-scheduler"], "detail": {"name": [{"prefix": "observed"}], "tags": ["night"]}}
    bus = "jupyter-scheduler"
    events.put_rule(Name="observed", EventBusName=bus, EventPattern=json.dumps(pattern))
    events.put_targets(Rule="observed", EventBusName=bus, Targets=[{"Id": "queue", "Arn": arn}])
    yield url
    events.remove_targets(Rule="observed", EventBusName=bus, Ids=["queue"])
    events.delete_rule(Name="observed", EventBusName=bus)
    sqs.delete_queue(QueueUrl=url)


def take(deployed: Deployed, queue: str, number: int) -> list[dict[str, Any]]:
    sqs, taken, end = deployed.administrator("sqs"), list[dict[str, Any]](), time.monotonic() + _SECONDS
    while len(taken) < number and time.monotonic() < end:
        for message in sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=1).get("Messages", []):
            taken.append(json.loads(message["Body"]))
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
    return taken


def test_a_rule_gets_the_events_of_the_jobs_that_its_pattern_matches(
    client: Client, deployed: Deployed, notebook: NotebookMaker, queue: str
) -> None:
    client.submit(notebook("1"), name="observed without tag", output_formats=["ipynb"])
    job_id = client.submit(notebook("1"), name="observed", tags=["night"], output_formats=["ipynb"])
    client.wait(job_id)
    events = take(deployed, queue, 3)
    assert [each["detail-type"] for each in events] == ["Job Created", "Job Started", "Job Completed"]
    assert {each["detail"]["job_id"] for each in events} == {job_id}
    assert events[-1]["detail"]["outcome"]["code"] == "succeeded"


def test_a_rule_starts_a_workflow_and_a_function(
    client: Client, deployed: Deployed, notebook: NotebookMaker, tmp_path: Path
) -> None:
    """The examples of docs/events.md: a Step Functions workflow and a Lambda function as targets."""
    events, workflows, functions = (deployed.administrator(name) for name in ("events", "stepfunctions", "lambda"))
    iam, name = deployed.administrator("iam"), {"RoleName": "started-by-events"}
    role = iam.create_role(**name, AssumeRolePolicyDocument=json.dumps(_ASSUMED_BY_EVENTS))["Role"]["Arn"]
    iam.put_role_policy(**name, PolicyName="send", PolicyDocument=json.dumps(_MAY_SEND))
    steps = {"StartAt": "Go", "States": {"Go": {"Type": "Pass", "End": True}}}
    workflow = workflows.create_state_machine(name="goes-on", definition=json.dumps(steps), roleArn=role)[
        "stateMachineArn"
    ]
    code = tmp_path / "code.zip"
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("index.py", _SENDS_THE_JOB_ID)
    queue = deployed.administrator("sqs").create_queue(QueueName="from-the-function")["QueueUrl"]
    function = functions.create_function(
        FunctionName="goes-on", Runtime="python3.13", Handler="index.handler", Role=role,
        Code={"ZipFile": code.read_bytes()}, Environment={"Variables": {"QUEUE": queue}},
    )["FunctionArn"]  # fmt: skip
    pattern = {"source": ["jupyter-scheduler"], "detail-type": ["Job Completed"], "detail": {"name": ["prepare-data"]}}
    events.put_rule(Name="prepared", EventBusName="jupyter-scheduler", EventPattern=json.dumps(pattern))
    targets = [{"Id": "workflow", "Arn": workflow, "RoleArn": role}, {"Id": "function", "Arn": function}]
    events.put_targets(Rule="prepared", EventBusName="jupyter-scheduler", Targets=targets)
    try:
        job_id = client.submit(notebook("1"), name="prepare-data", output_formats=["ipynb"])
        client.wait(job_id)
        end = time.monotonic() + _SECONDS
        while (
            not (runs := workflows.list_executions(stateMachineArn=workflow)["executions"]) and time.monotonic() < end
        ):
            time.sleep(0.5)
        (run,) = runs
        started_with = json.loads(workflows.describe_execution(executionArn=run["executionArn"])["input"])
        assert started_with["detail"]["job_id"] == job_id
        assert take(deployed, queue, 1) == [{"job_id": job_id}]
    finally:
        events.remove_targets(Rule="prepared", EventBusName="jupyter-scheduler", Ids=["workflow", "function"])
        events.delete_rule(Name="prepared", EventBusName="jupyter-scheduler")
        functions.delete_function(FunctionName="goes-on")
        workflows.delete_state_machine(stateMachineArn=workflow)
        iam.delete_role_policy(**name, PolicyName="send")
        iam.delete_role(**name)


def test_failing_runs_pause_a_schedule(client: Client, notebook: NotebookMaker) -> None:
    definition_id = client.schedule(
        notebook("1 / 0"), name="keeps-failing", cron="0 0 1 1 *", pause_after_failures=2, output_formats=["ipynb"]
    )
    try:
        for _ in range(2):
            client.wait(client.run_definition(definition_id))
        end = time.monotonic() + _SECONDS
        while (found := client.get_definition(definition_id)).active and time.monotonic() < end:
            time.sleep(0.5)
        assert (found.active, found.consecutive_failures) == (False, 2)
        assert [problem.code for problem in found.problems] == ["failing"]
    finally:
        client.delete_definition(definition_id)
