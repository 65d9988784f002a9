"""SIGKILL at any moment: what the emulator has answered is there after the next start, and nothing else is."""

import json
import os
import random
import signal
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError

from local_cloud.daemon import Daemon
from local_cloud.paths import LocalPaths
from tests.local_cloud.conftest import administrator_session

ROUNDS = 4
SECONDS = (0.2, 1.5)
"""How long a round lasts at least and at most."""

TABLE, BUCKET, GROUP = "things", "objects", "/runners"
Client = Callable[[str], Any]


class Acknowledged:
    """What the emulator has acknowledged, and the values that the one request without a response may have set."""

    def __init__(self) -> None:
        self.values: dict[tuple[str, str], Any] = {}
        self.uncertain: dict[tuple[str, str], Any] = {}

    def change(self, places: list[tuple[str, str]], value: Any, request: Callable[[], Any]) -> None:
        self.uncertain = dict.fromkeys(places, value)
        request()
        self.uncertain = {}
        self.values.update(dict.fromkeys(places, value))

    def assert_found(self, kind: str, found: dict[str, Any]) -> None:
        for name in {name for place, name in {**self.values, **self.uncertain} if place == kind} | found.keys():
            before = self.values.get((kind, name))
            assert found.get(name) in (before, self.uncertain.get((kind, name), before)), (kind, name)
            self.values[kind, name] = found.get(name)


@pytest.fixture(scope="module")
def client(daemon: Daemon, paths: LocalPaths) -> Client:
    session = administrator_session(paths)
    config = Config(retries={"total_max_attempts": 1}, read_timeout=60)
    clients: dict[str, Any] = {}

    def of(service: str) -> Any:
        if service not in clients:
            clients[service] = session.client(service, endpoint_url=paths.endpoint_url, config=config)
        return clients[service]

    return of


@pytest.fixture(scope="module")
def queue(client: Client) -> str:
    client("dynamodb").create_table(
        TableName=TABLE,
        KeySchema=[{"AttributeName": "name", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "name", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    client("s3").create_bucket(Bucket=BUCKET)
    client("logs").create_log_group(logGroupName=GROUP)
    client("logs").create_log_stream(logGroupName=GROUP, logStreamName="lines")
    return str(client("sqs").create_queue(QueueName="messages", Attributes={"VisibilityTimeout": "0"})["QueueUrl"])


class Writer:
    """Random requests, one after the other."""

    def __init__(self, client: Client, queue: str, acknowledged: Acknowledged, chance: random.Random) -> None:
        self.client = client
        self.queue = queue
        self.acknowledged = acknowledged
        self.chance = chance
        self.count = 0

    def write_until_it_fails(self) -> None:
        actions = (self.item, self.transaction, self.object, self.schedule, self.message, self.line)
        while True:
            self.count += 1
            self.chance.choice(actions)(f"n{self.chance.randrange(6)}", f"{self.chance.random()}")

    def item(self, name: str, value: str) -> None:
        key = {"name": {"S": name}}
        if self.chance.random() < 0.3:
            self.change("item", name, None, lambda: self.client("dynamodb").delete_item(TableName=TABLE, Key=key))
        else:
            item = {**key, "value": {"S": value}}
            self.change("item", name, value, lambda: self.client("dynamodb").put_item(TableName=TABLE, Item=item))

    def transaction(self, _name: str, value: str) -> None:
        puts = [
            {"Put": {"TableName": TABLE, "Item": {"name": {"S": name}, "value": {"S": value}}}} for name in ("a", "b")
        ]
        request = lambda: self.client("dynamodb").transact_write_items(TransactItems=puts)  # noqa: E731
        self.acknowledged.change([("item", "a"), ("item", "b")], value, request)

    def object(self, name: str, value: str) -> None:
        if self.chance.random() < 0.3:
            self.change("object", name, None, lambda: self.client("s3").delete_object(Bucket=BUCKET, Key=name))
        else:
            put = lambda: self.client("s3").put_object(Bucket=BUCKET, Key=name, Body=value.encode())  # noqa: E731
            self.change("object", name, value, put)

    def schedule(self, name: str, value: str) -> None:
        scheduler = self.client("scheduler")
        request = {
            "Name": name,
            "ScheduleExpression": "rate(1 day)",
            "FlexibleTimeWindow": {"Mode": "OFF"},
            "Description": value,
            "Target": {"Arn": "arn:aws:sqs:us-east-1:000000000000:none", "RoleArn": "arn:aws:iam::000000000000:role/r"},
        }
        if self.acknowledged.values.get(("schedule", name)) is None:
            self.change("schedule", name, value, lambda: scheduler.create_schedule(**request))
        elif self.chance.random() < 0.3:
            self.change("schedule", name, None, lambda: scheduler.delete_schedule(Name=name))
        else:
            self.change("schedule", name, value, lambda: scheduler.update_schedule(**request))

    def message(self, _name: str, value: str) -> None:
        sqs = self.client("sqs")
        if self.chance.random() < 0.5:
            self.change("message", value, 1, lambda: sqs.send_message(QueueUrl=self.queue, MessageBody=value))
            return
        for message in sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=1).get("Messages", ()):
            receipt = message["ReceiptHandle"]
            delete = lambda: sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=receipt)  # noqa: E731, B023
            self.change("message", message["Body"], None, delete)

    def line(self, _name: str, value: str) -> None:
        event = {"timestamp": int(time.time() * 1000), "message": value}
        stream = {"logGroupName": GROUP, "logStreamName": "lines"}
        self.change("line", value, 1, lambda: self.client("logs").put_log_events(**stream, logEvents=[event]))

    def change(self, kind: str, name: str, value: Any, request: Callable[[], Any]) -> None:
        self.acknowledged.change([(kind, name)], value, request)


def found(client: Client, queue: str) -> dict[str, dict[str, Any]]:
    items = client("dynamodb").scan(TableName=TABLE, ConsistentRead=True)["Items"]
    keys = [entry["Key"] for entry in client("s3").list_objects_v2(Bucket=BUCKET).get("Contents", ())]
    schedules = [entry["Name"] for entry in client("scheduler").list_schedules()["Schedules"]]
    lines = client("logs").get_log_events(logGroupName=GROUP, logStreamName="lines", startFromHead=True)["events"]
    return {
        "item": {item["name"]["S"]: item["value"]["S"] for item in items},
        "object": {key: client("s3").get_object(Bucket=BUCKET, Key=key)["Body"].read().decode() for key in keys},
        "schedule": {name: client("scheduler").get_schedule(Name=name)["Description"] for name in schedules},
        "message": dict.fromkeys(messages(client("sqs"), queue), 1),
        "line": {line["message"]: sum(other["message"] == line["message"] for other in lines) for line in lines},
    }


def messages(sqs: Any, queue: str) -> list[str]:
    bodies = []
    while batch := sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, VisibilityTimeout=3).get("Messages"):
        bodies += [(message["Body"], message["ReceiptHandle"]) for message in batch]
    for _, receipt in bodies:
        sqs.change_message_visibility(QueueUrl=queue, ReceiptHandle=receipt, VisibilityTimeout=0)
    return [body for body, _ in bodies]


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_what_was_acknowledged_is_there_after_sigkill(daemon: Daemon, client: Client, queue: str, seed: int) -> None:
    acknowledged = ACKNOWLEDGED
    chance = random.Random(seed)
    writer = Writer(client, queue, acknowledged, chance)
    assert daemon.pid is not None
    killer = threading.Timer(chance.uniform(*SECONDS), os.kill, (daemon.pid, signal.SIGKILL))
    killer.start()
    with pytest.raises(BotoCoreError):
        writer.write_until_it_fails()
    killer.join()
    daemon.start()
    there = found(client, queue)
    assert there["item"].get("a") == there["item"].get("b")
    for kind, values in there.items():
        acknowledged.assert_found(kind, values)
    acknowledged.uncertain = {}
    assert writer.count > 5


ACKNOWLEDGED = Acknowledged()
"""Of all rounds, because each continues from the state of the last."""


def test_a_new_table_of_the_same_name_has_no_items_of_the_old_one(daemon: Daemon, client: Client) -> None:
    dynamodb = client("dynamodb")

    def create() -> None:
        dynamodb.create_table(
            TableName="again",
            KeySchema=[{"AttributeName": "name", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "name", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )

    create()
    dynamodb.put_item(TableName="again", Item={"name": {"S": "old"}})
    dynamodb.delete_table(TableName="again")
    create()
    dynamodb.put_item(TableName="again", Item={"name": {"S": "new"}})
    kill_and_start(daemon)
    assert dynamodb.scan(TableName="again")["Items"] == [{"name": {"S": "new"}}]


def test_what_iam_and_events_have_acknowledged_survives(daemon: Daemon, client: Client) -> None:
    client("iam").create_user(UserName="somebody")
    client("events").put_rule(Name="rule", EventPattern=json.dumps({"source": ["aws.ecs"]}))
    client("logs").create_log_stream(logGroupName=GROUP, logStreamName="deleted")
    client("logs").delete_log_stream(logGroupName=GROUP, logStreamName="deleted")
    kill_and_start(daemon)
    assert client("iam").get_user(UserName="somebody")["User"]["UserName"] == "somebody"
    assert client("events").describe_rule(Name="rule")["State"] == "ENABLED"
    streams = client("logs").describe_log_streams(logGroupName=GROUP)["logStreams"]
    assert [stream["logStreamName"] for stream in streams] == ["lines"]


def kill_and_start(daemon: Daemon) -> None:
    assert daemon.pid is not None
    os.kill(daemon.pid, signal.SIGKILL)
    daemon.start()
