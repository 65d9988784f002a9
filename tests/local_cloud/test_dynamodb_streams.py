"""A table's stream is read to its end, whenever the emulator is started anew; the record read last may come twice, as on AWS."""

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
TELLS_THE_QUEUE = """
import boto3, os
def handler(event, context):
    queue = boto3.client("sqs", endpoint_url=os.environ["ENDPOINT"], region_name="us-east-1")
    for record in event["Records"]:
        key = record["dynamodb"]["Keys"]["name"]["S"]
        queue.send_message(QueueUrl=os.environ["ENDPOINT"] + "/000000000000/told", MessageBody=key)
"""


@pytest.fixture(scope="module")
def mapping_id(client: Client, paths: LocalPaths) -> str:
    """A table whose stream a function tells to a queue; give the id of what connects them."""
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
        archive.writestr("told.py", TELLS_THE_QUEUE)
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
def told_until(client: Client, paths: LocalPaths) -> Callable[[str], list[str]]:
    """Wait till the function tells of a record; give all that it told of till then."""
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


def test_records_are_read_after_a_restart_and_those_read_before_are_not_read_again(
    mapping_id: str, put: Callable[[str], None], told_until: Callable[[str], list[str]], daemon: Daemon
) -> None:
    for name in ("one", "two"):
        put(name)
        assert told_until(name) == [name]
    restart(daemon)
    put("three")
    assert "one" not in told_until("three")


def test_records_that_nobody_has_read_outlive_a_restart(
    mapping_id: str, client: Client, put: Callable[[str], None], told_until: Callable[[str], list[str]], daemon: Daemon
) -> None:
    client("lambda").update_event_source_mapping(UUID=mapping_id, Enabled=False)
    put("unread")
    restart(daemon)
    client("lambda").update_event_source_mapping(UUID=mapping_id, Enabled=True)
    told_until("unread")


def test_a_position_beyond_the_end_of_its_stream_is_set_back(
    mapping_id: str,
    put: Callable[[str], None],
    told_until: Callable[[str], list[str]],
    daemon: Daemon,
    paths: LocalPaths,
) -> None:
    put("last")
    told_until("last")
    daemon.stop()
    tables = paths.state / "dynamodb.json"
    state = json.loads(tables.read_text(encoding="utf-8"))
    for kept in ("unread_stream_records", "read_stream_records"):
        del state["payload"][kept]
    tables.write_text(json.dumps(state), encoding="utf-8")
    daemon.start()
    put("next")
    told_until("next")
