"""Streams of tables after restarts of the emulator; the last record may be delivered twice, as on AWS."""

import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

import pytest

from local_cloud.daemon import Daemon
from local_cloud.paths import LocalPaths
from tests.local_cloud.conftest import make_role

Client = Callable[[str], Any]
FORWARD_TO_QUEUE = """
import boto3, os
def handler(event, context):
    queue = boto3.client("sqs", endpoint_url=os.environ["ENDPOINT"], region_name="us-east-1")
    for record in event["Records"]:
        key = record["dynamodb"]["Keys"]["name"]["S"]
        queue.send_message(QueueUrl=os.environ["ENDPOINT"] + "/000000000000/told", MessageBody=key)
"""


@pytest.fixture(scope="module")
def mapping_id(client: Client, paths: LocalPaths) -> str:
    """Create a table whose stream a function forwards to a queue; return the id of the event source mapping."""
    client("sqs").create_queue(QueueName="told")
    table = client("dynamodb").create_table(
        TableName="things",
        KeySchema=[{"AttributeName": "name", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "name", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("told.py", FORWARD_TO_QUEUE)
    role = make_role(client, "tells", "lambda.amazonaws.com", Action="sqs:SendMessage", Resource="*")
    client("lambda").create_function(
        FunctionName="tells",
        Runtime="python3.13",
        Role=role,
        Handler="told.handler",
        Code={"ZipFile": package.getvalue()},
        Environment={"Variables": {"ENDPOINT": paths.endpoint_url}},
    )
    mapping = client("lambda").create_event_source_mapping(
        EventSourceArn=table["TableDescription"]["LatestStreamArn"],
        FunctionName="tells",
        StartingPosition="TRIM_HORIZON",
    )
    return str(mapping["UUID"])


@pytest.fixture
def put(client: Client) -> Callable[[str], None]:
    return lambda name: client("dynamodb").put_item(TableName="things", Item={"name": {"S": name}})


@pytest.fixture
def received_until(client: Client, paths: LocalPaths) -> Callable[[str], list[str]]:
    """Wait until the function forwards a record; return all records until then."""
    url = f"{paths.endpoint_url}/000000000000/told"

    def all_until(name: str) -> list[str]:
        sqs, names = client("sqs"), list[str]()
        while name not in names:
            for message in sqs.receive_message(QueueUrl=url, WaitTimeSeconds=5).get("Messages", []):
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
                names.append(message["Body"])
        return names

    return all_until


def restart(daemon: Daemon) -> None:
    daemon.stop()
    daemon.start()


def test_after_a_restart_new_records_are_read_and_earlier_ones_are_not_read_again(
    mapping_id: str, put: Callable[[str], None], received_until: Callable[[str], list[str]], daemon: Daemon
) -> None:
    for name in ("one", "two"):
        put(name)
        assert received_until(name) == [name]
    restart(daemon)
    put("three")
    assert "one" not in received_until("three")


def test_unread_records_survive_a_restart(
    mapping_id: str,
    client: Client,
    put: Callable[[str], None],
    received_until: Callable[[str], list[str]],
    daemon: Daemon,
) -> None:
    client("lambda").update_event_source_mapping(UUID=mapping_id, Enabled=False)
    put("unread")
    restart(daemon)
    client("lambda").update_event_source_mapping(UUID=mapping_id, Enabled=True)
    received_until("unread")


def test_a_position_beyond_the_end_of_its_stream_moves_to_the_end(
    mapping_id: str,
    put: Callable[[str], None],
    received_until: Callable[[str], list[str]],
    daemon: Daemon,
    paths: LocalPaths,
) -> None:
    put("last")
    received_until("last")
    daemon.stop()
    tables = paths.state / "dynamodb.json"
    state = json.loads(tables.read_text(encoding="utf-8"))
    for kept in ("unread_stream_records", "read_stream_records"):
        del state["payload"][kept]
    tables.write_text(json.dumps(state), encoding="utf-8")
    daemon.start()
    put("next")
    received_until("next")
