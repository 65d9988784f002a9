"""Schedules in the running emulator, over HTTP."""

import json
import subprocess
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from local_cloud.access_keys import administrator_key
from local_cloud.daemon import Daemon
from local_cloud.paths import REGION, ROOT, LocalPaths
from tests.local_cloud.conftest import make_role

Client = Callable[[str], Any]
ROLE = "arn:aws:iam::000000000000:role/scheduler"
KATHMANDU, AUCKLAND = "Asia/Kathmandu", "Pacific/Auckland"
SOON = 3
"""The time to create a few schedules before they are due [s]."""


def queue_arn(name: str) -> str:
    return f"arn:aws:sqs:us-east-1:000000000000:{name}"


def in_seconds(seconds: int) -> datetime:
    return datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=seconds)


def at(instant: datetime, timezone: str = "UTC") -> dict[str, Any]:
    local = instant.astimezone(ZoneInfo(timezone))
    return {"ScheduleExpression": f"at({local:%Y-%m-%dT%H:%M:%S})", "ScheduleExpressionTimezone": timezone}


class Schedules:
    """Create schedules that send their name and due time to a queue, and read queues."""

    def __init__(self, client: Client, paths: LocalPaths) -> None:
        self._client = client
        self._paths = paths

    def create_queue(self, name: str) -> None:
        """Create a queue that accepts TLS only, like the queues of the stack."""
        deny = {
            "Effect": "Deny",
            "Principal": "*",
            "Action": "sqs:*",
            "Resource": queue_arn(name),
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [deny]})
        self._client("sqs").create_queue(QueueName=name, Attributes={"Policy": policy})

    def create(self, name: str, queue: str, *, change: bool = False, **fields: Any) -> None:
        target = {
            "Arn": queue_arn(queue),
            "RoleArn": ROLE,
            "Input": f"{name} <aws.scheduler.scheduled-time> <aws.scheduler.attempt-number>",
            **fields.pop("target", {}),
        }
        write = self._client("scheduler").update_schedule if change else self._client("scheduler").create_schedule
        write(Name=name, FlexibleTimeWindow={"Mode": "OFF"}, Target=target, **fields)

    def break_it(self, name: str, **fields: Any) -> None:
        """Set fields of a schedule to values that no client would send."""
        schedule = self._client("scheduler").get_schedule(Name=name)
        kept = ("ScheduleExpression", "FlexibleTimeWindow", "Target")
        body = json.dumps({key: schedule[key] for key in kept} | fields).encode()
        url = f"{self._paths.endpoint_url}/schedules/{name}"
        key = administrator_key(self._paths.administrator_key)
        request = AWSRequest("PUT", url, data=body)
        SigV4Auth(Credentials(key.key_id, key.secret), "scheduler", REGION).add_auth(request)
        response = httpx.put(url, content=body, headers=dict(request.headers), timeout=30, trust_env=False)
        assert response.status_code == 200

    def next_message(self, queue: str) -> dict[str, Any]:
        """Wait for a message and delete it."""
        sqs, url = self._client("sqs"), f"{self._paths.endpoint_url}/000000000000/{queue}"
        wanted = {"MessageAttributeNames": ["All"], "AttributeNames": ["SentTimestamp"]}
        while not (messages := sqs.receive_message(QueueUrl=url, WaitTimeSeconds=5, **wanted).get("Messages")):
            pass
        sqs.delete_message(QueueUrl=url, ReceiptHandle=messages[0]["ReceiptHandle"])
        return dict(messages[0])

    def count(self, queue: str) -> int:
        """Return the number of messages in a queue."""
        url = f"{self._paths.endpoint_url}/000000000000/{queue}"
        response = self._client("sqs").get_queue_attributes(
            QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"]
        )
        return int(response["Attributes"]["ApproximateNumberOfMessages"])

    def next_body(self, queue: str) -> list[str]:
        return str(self.next_message(queue)["Body"]).split()


@pytest.fixture(scope="module")
def schedules(client: Client, paths: LocalPaths) -> Schedules:
    make_role(client, "scheduler", "scheduler.amazonaws.com", Action="sqs:SendMessage", Resource="*")
    return Schedules(client, paths)


def test_a_schedule_is_triggered_at_its_local_time_with_the_due_time_filled_in(schedules: Schedules) -> None:
    schedules.create_queue("local")
    due = in_seconds(SOON)
    body = json.dumps(
        {
            name: f"<aws.scheduler.{name}>"
            for name in ("scheduled-time", "schedule-arn", "execution-id", "attempt-number")
        }
    )
    schedules.create("local", "local", target={"Input": body}, **at(due, KATHMANDU))
    message = schedules.next_message("local")
    sent = json.loads(message["Body"])
    assert len(sent.pop("execution-id")) == 16
    assert sent == {
        "scheduled-time": f"{due:%Y-%m-%dT%H:%M:%SZ}",
        "schedule-arn": "arn:aws:scheduler:us-east-1:000000000000:schedule/default/local",
        "attempt-number": "1",
    }
    sent_at = int(message["Attributes"]["SentTimestamp"]) / 1000
    assert sent_at >= due.timestamp()  # never early; how late depends on the machine


@pytest.mark.parametrize(
    ("role", "service", "resource"),
    [("may-not-send", "scheduler.amazonaws.com", queue_arn("refused")), ("of-lambda", "lambda.amazonaws.com", "*")],
)
def test_a_role_without_permission_sends_nothing(
    schedules: Schedules, client: Client, role: str, service: str, resource: str
) -> None:
    """Only a role that trusts the scheduler and may send can send to a queue: here to the dead-letter queue, or to none."""
    for queue in ("target", "refused", "witness"):
        schedules.create_queue(queue)
    target = {
        "RoleArn": make_role(client, role, service, Action="sqs:SendMessage", Resource=resource),
        "RetryPolicy": {"MaximumRetryAttempts": 0},
        "DeadLetterConfig": {"Arn": queue_arn("refused")},
    }
    due = in_seconds(SOON)
    schedules.create(role, "target", target=target, **at(due))
    if resource == "*":
        schedules.create("witness", "witness", **at(due + timedelta(seconds=1)))
        schedules.next_message("witness")
        assert schedules.count("refused") == 0
    else:
        attributes = schedules.next_message("refused")["MessageAttributes"]
        assert attributes["ERROR_CODE"]["StringValue"] == "AccessDeniedException"
    assert schedules.count("target") == 0


def test_a_cron_expression_is_triggered_once_despite_invalid_schedules(schedules: Schedules) -> None:
    schedules.create_queue("minute")
    due = (datetime.now(UTC) + timedelta(seconds=SOON + 60)).replace(second=0, microsecond=0)
    local = due.astimezone(ZoneInfo(AUCKLAND))
    cron = f"cron({local.minute} {local.hour} {local.day} {local.month} ? *)"
    broken: dict[str, Any] = {"a": {"StartDate": "soon"}, "b": {"Target": {"RoleArn": ROLE}}, "c": {"Target": "queue"}}
    for name, fields in broken.items():
        schedules.create(name, "minute", ScheduleExpression="cron(* * * * ? *)")
        schedules.break_it(name, **fields)
    schedules.create("z", "minute", ScheduleExpression=cron, ScheduleExpressionTimezone=AUCKLAND)
    schedules.create("later", "minute", **at(due + timedelta(seconds=3)))
    assert schedules.next_body("minute")[:2] == ["z", f"{due:%Y-%m-%dT%H:%M:%SZ}"]
    assert schedules.next_body("minute")[0] == "later"


def test_only_the_last_version_of_enabled_schedules_is_triggered(schedules: Schedules) -> None:
    schedules.create_queue("changes")
    due = in_seconds(SOON)
    schedules.create("paused", "changes", State="DISABLED", **at(due))
    schedules.create("moved", "changes", **at(due))
    schedules.create("moved", "changes", change=True, **at(due + timedelta(seconds=2)))
    schedules.create("ended", "changes", **at(due), EndDate=due - timedelta(seconds=1))
    assert schedules.next_body("changes")[:2] == ["moved", f"{due + timedelta(seconds=2):%Y-%m-%dT%H:%M:%SZ}"]


def test_a_delivery_is_retried_until_the_queue_exists(schedules: Schedules) -> None:
    due = in_seconds(SOON)
    schedules.create_queue("dead-before")
    schedules.create(
        "other",
        "nowhere",
        **at(due),
        target={"RetryPolicy": {"MaximumRetryAttempts": 0}, "DeadLetterConfig": {"Arn": queue_arn("dead-before")}},
    )
    schedules.create("patient", "late", **at(due))
    schedules.next_message("dead-before")  # by now both have been tried
    schedules.create_queue("late")
    name, scheduled, attempt = schedules.next_body("late")
    assert (name, scheduled) == ("patient", f"{due:%Y-%m-%dT%H:%M:%SZ}")
    assert int(attempt) >= 2


def test_a_delivery_that_always_fails_ends_in_the_dead_letter_queue(schedules: Schedules) -> None:
    schedules.create_queue("dead")
    due = in_seconds(SOON)
    retry = {"MaximumRetryAttempts": 2, "MaximumEventAgeInSeconds": 60}
    target = {"RetryPolicy": retry, "DeadLetterConfig": {"Arn": queue_arn("dead")}}
    schedules.create("hopeless", "no-such-queue", **at(due), target=target)
    message = schedules.next_message("dead")
    assert message["Body"].split() == ["hopeless", f"{due:%Y-%m-%dT%H:%M:%SZ}", "3"]
    attributes = {name: value["StringValue"] for name, value in message["MessageAttributes"].items()}
    assert attributes["ERROR_CODE"] == "AWS.SimpleQueueService.NonExistentQueue"
    assert (attributes["RETRY_ATTEMPTS"], attributes["EXHAUSTED_RETRY_CONDITION"]) == ("2", "MaximumRetryAttempts")


def test_an_invalid_expression_or_time_zone_is_refused_on_create_and_update(
    client: Client, schedules: Schedules
) -> None:
    scheduler = client("scheduler")
    good: dict[str, Any] = {"ScheduleExpression": "cron(0 12 * * ? *)", "ScheduleExpressionTimezone": KATHMANDU}
    schedules.create("good", "nowhere", **good)
    for bad in ({"ScheduleExpression": "cron(0 12 * * * *)"}, {"ScheduleExpressionTimezone": "Mars/Olympus"}):
        for change in (False, True):
            with pytest.raises(scheduler.exceptions.ValidationException, match="Invalid Schedule"):
                schedules.create("good" if change else "bad", "nowhere", change=change, **{**good, **bad})
    kept = scheduler.get_schedule(Name="good")
    assert {name: kept[name] for name in good} == good
    with pytest.raises(scheduler.exceptions.ResourceNotFoundException):
        scheduler.get_schedule(Name="bad")


def test_after_a_restart_earlier_due_times_are_not_triggered(schedules: Schedules, daemon: Daemon) -> None:
    schedules.create_queue("restart")
    schedules.create("before", "restart", **at(in_seconds(SOON)))
    assert schedules.next_body("restart")[0] == "before"
    down = in_seconds(SOON)
    schedules.create("while-down", "restart", **at(down))
    daemon.stop()
    while datetime.now(UTC) <= down:
        time.sleep(0.1)
    daemon.start()
    schedules.create("after", "restart", **at(in_seconds(SOON)))
    assert schedules.next_body("restart")[0] == "after"


def test_the_emulators_own_trigger_is_not_started(paths: LocalPaths) -> None:
    script = (
        "import threading\n"
        "from local_cloud.scheduler import EmulatedScheduler\n"
        "import ministack.services.scheduler as scheduler\n"
        "EmulatedScheduler(authorization=None).patch()\n"
        "before = threading.active_count()\n"
        "scheduler.start_scheduler()\n"
        "print(threading.active_count() - before)\n"
    )
    command = [str(paths.emulator_python), "-c", script]
    result = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True, timeout=60)
    assert result.stdout.split() == ["0"]
