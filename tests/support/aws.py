"""AWS for tests: moto, with what it lacks added at botocore's hooks. Clients are made once per process, because that is slow."""

import json
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final, Protocol

import boto3
import moto  # noqa: F401 - installs its hook before any client is made
from botocore.client import BaseClient
from botocore.session import Session
from moto.dynamodb.models.dynamo_type import Item, LimitedSizeDict
from pynamodb.connection import Connection

from chalicelib.storage.clients import S3_CONFIG
from chalicelib.storage.definition_table import DefinitionTable
from chalicelib.storage.items import DefinitionItem, JobItem, MarkItem, NotificationItem, OwnerItem, bind
from chalicelib.storage.job_table import JobTable
from tests.support.fake_ecs import FakeEcs, refusal
from tests.support.runs import RUNNER_KEY

__all__ = ["REGION", "AwsCalls", "Hub", "Listener", "SharedSession", "behind", "hub", "make_resources", "shared_stores"]

REGION = "us-east-1"


class AwsCalls(list[str]):
    """The AWS calls that were made, as `service:Operation`; presigning is not a call."""

    def __init__(self) -> None:
        super().__init__()
        self.indexes: list[str] = []
        """The index that each of them reads; empty for other calls."""

    def clear(self) -> None:
        """Forget them."""
        super().clear()
        self.indexes.clear()

    def add(self, call: str, body: Any) -> None:
        """Add a call with the body of its request."""
        self.append(call)
        self.indexes.append(json.loads(body).get("IndexName", "") if call == "dynamodb:Query" else "")


class Listener(Protocol):
    """Something between a client and AWS."""

    def before(self, call: str) -> tuple[Any, dict[str, Any]] | None:
        """Respond instead of AWS, raise, or return None to let the call pass."""

    def after(self, call: str) -> None:
        """Raise to lose the response."""

    def sent(self, call: str) -> bool:
        """Return whether to send the same request again."""


@dataclass
class Hub:
    """The listeners to every client of this process; reset between tests."""

    calls: AwsCalls = field(default_factory=AwsCalls)
    ecs: FakeEcs = field(default_factory=FakeEcs)
    listeners: list[Listener] = field(default_factory=list)

    def reset(self) -> None:
        """Forget everything."""
        self.calls, self.ecs, self.listeners = AwsCalls(), FakeEcs(), []

    def connect(self, client: BaseClient) -> None:
        """Listen to a client."""
        events: Any = client.meta.events  # its stubs do not know the results of handlers
        service = client.meta.service_model.service_name
        events.register("before-call", lambda model, params, **_: self._before(service, model.name, params))
        events.register("after-call", lambda model, **_: self._after(f"{service}:{model.name}"))
        events.register_first("needs-retry", lambda operation, **_: self._sent(f"{service}:{operation.name}"))

    def _before(self, service: str, operation: str, params: dict[str, Any]) -> tuple[Any, dict[str, Any]] | None:
        call = f"{service}:{operation}"
        self.calls.add(call, params["body"])
        for listener in list(self.listeners):
            if response := listener.before(call):
                return response
        if service == "ecs":
            response = self.ecs.handle(operation, params["body"])
            self._after(call)
            return response
        if service == "dynamodb":
            return _refused_key(params["body"])
        return _refused_copy(params) if call in ("s3:CopyObject", "s3:UploadPartCopy") else None

    def _after(self, call: str) -> None:
        for listener in list(self.listeners):
            listener.after(call)

    def _sent(self, call: str) -> int | None:
        """Retry as botocore does, without its delay."""
        return 0 if any(listener.sent(call) for listener in list(self.listeners)) else None


_LONGEST_HASH_KEYS: Final = ("owner_id", "mark_id", "definition_key")
"""Hash keys have up to 2,048 bytes, range keys up to 1,024 (Amazon DynamoDB Developer Guide, "Quotas")."""


def _refused_key(body: bytes) -> tuple[Any, dict[str, Any]] | None:
    """Enforce the sizes of keys, which moto does not check in reads and transactions; a key is never empty."""
    request = json.loads(body)
    writes = [write for item in request.get("TransactItems", []) for write in item.values()]
    keys = [part.get("Key", {}) for part in (request, *writes)] + [request.get("ExclusiveStartKey", {})]
    for name, value in (pair for key in keys for pair in key.items()):
        size, most = len(value.get("S", "").encode()), 2048 if name in _LONGEST_HASH_KEYS else 1024
        if size > most:
            return refusal("ValidationException", f"The size of key {name} has exceeded its limit.")
        if size == 0:
            return refusal("ValidationException", f"The value of key {name} is an empty string.")
    return None


def _refused_copy(params: dict[str, Any]) -> tuple[Any, dict[str, Any]] | None:
    """Enforce a copy's condition on its source, which moto ignores."""
    bucket, _, key = params["headers"]["x-amz-copy-source"].partition("/")
    etag = params["headers"].get("x-amz-copy-source-if-match")
    objects = behind("s3").list_objects_v2(Bucket=bucket, Prefix=key).get("Contents", [])
    if etag and objects and objects[0]["ETag"] != etag:
        return refusal("PreconditionFailed", "A condition did not hold.", 412)
    return None


def _copy_item(item: Item, _: dict[int, Any]) -> Item:
    """Copy an item shallowly: moto copies all tables of a transaction to undo it, but changes no value in place."""
    copied = object.__new__(Item)
    vars(copied).update(vars(item), attrs=LimitedSizeDict(item.attrs))
    return copied


Item.__deepcopy__ = _copy_item  # type: ignore[method-assign,assignment] # replaces deep copies that take minutes


@cache
def hub() -> Hub:
    """Return this process's hub."""
    return Hub()


@cache
def _session() -> boto3.Session:
    return boto3.Session(aws_access_key_id="testing", aws_secret_access_key="testing", region_name=REGION)


@cache
def behind(service: Any) -> Any:
    """Return a client that is neither counted nor disturbed."""
    return _session().client(service)


@cache
def _watched(service: Any, signature: str | None) -> Any:
    client = _session().client(service, config=S3_CONFIG if signature else None)
    hub().connect(client)
    return client


class SharedSession(Session):
    """A session whose clients are made once per process, and listened to."""

    def create_client(self, service_name: Any, *_: Any, config: Any = None, **__: Any) -> Any:
        """Return a client."""
        return _watched(service_name, config.signature_version if config else None)


@cache
def shared_stores() -> dict[str, Any]:
    """Return what `Factory` would make of its tables: the models, and the stores without settings and clock."""
    jobs, marks, connection = bind(JobItem, "jobs", REGION), bind(MarkItem, "marks", REGION), Connection(region=REGION)
    definitions, owners = bind(DefinitionItem, "definitions", REGION), bind(OwnerItem, "owners", REGION)
    notifications = bind(NotificationItem, "notifications", REGION)
    for client in (
        jobs._get_connection().connection.client,
        marks._get_connection().connection.client,
        definitions._get_connection().connection.client,
        owners._get_connection().connection.client,
        notifications._get_connection().connection.client,
        connection.client,
    ):
        hub().connect(client)
    return {
        "_job_item": jobs,
        "_mark_item": marks,
        "_definition_item": definitions,
        "_owner_item": owners,
        "_notification_item": notifications,
        "_job_table": JobTable(jobs, marks, connection),
        "_definition_table": DefinitionTable(definitions, jobs=jobs, marks=marks, connection=connection),
    }


def make_resources() -> dict[str, str]:
    """Make a stack's resources in moto; return the environment variables that name them."""
    for name in ("_job_item", "_definition_item", "_mark_item", "_owner_item", "_notification_item"):
        behind("dynamodb").create_table(**_table(shared_stores()[name]))
    behind("s3").create_bucket(Bucket="bucket")
    sqs = behind("sqs")
    secret = behind("secretsmanager").create_secret(Name="runner-key", SecretString=RUNNER_KEY)
    behind("logs").create_log_group(logGroupName="runners")
    behind("scheduler").create_schedule_group(Name="schedules")
    _make_event_bus()
    return {
        "AWS_REGION": REGION,
        "JOBS_TABLE": "jobs",
        "DEFINITIONS_TABLE": "definitions",
        "MARKS_TABLE": "marks",
        "OWNERS_TABLE": "owners",
        "NOTIFICATIONS_TABLE": "notifications",
        "BUCKET": "bucket",
        "WAKE_UP_QUEUE_URL": sqs.create_queue(QueueName="wake-up.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"],
        "CLEANUP_QUEUE_URL": sqs.create_queue(QueueName="cleanup")["QueueUrl"],
        "TICK_QUEUE_URL": sqs.create_queue(QueueName="ticks")["QueueUrl"],
        "TICK_QUEUE_ARN": f"arn:aws:sqs:{REGION}:123456789012:ticks",
        "TICK_DEAD_LETTER_QUEUE_ARN": f"arn:aws:sqs:{REGION}:123456789012:dead-ticks",
        "EVENT_BUS": "bus",
        "SCHEDULE_GROUP": "schedules",
        "SCHEDULER_ROLE_ARN": "arn:aws:iam::123456789012:role/scheduler",
        "RUNNER_KEY_ARN": secret["ARN"],
        "RUNNER_LOG_GROUP": "runners",
        "API_URL": "https://api.example.com/v1",
        "CLUSTER": "test",
        "TASK_FAMILY_PREFIX": "stack",
        "SUBNETS": "subnet-1,subnet-2",
        "SECURITY_GROUPS": "sg-1",
        "ASSIGN_PUBLIC_IP": "ENABLED",
    }


def _make_event_bus() -> None:
    """Make the event bus, and a rule that sends all of its events to a queue, for the tests."""
    events, queue = behind("events"), behind("sqs").create_queue(QueueName="events")["QueueUrl"]
    arn = behind("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    events.create_event_bus(Name="bus")
    events.put_rule(Name="all", EventBusName="bus", EventPattern=json.dumps({"source": ["jupyter-scheduler"]}))
    events.put_targets(Rule="all", EventBusName="bus", Targets=[{"Id": "queue", "Arn": arn}])


def _table(model: type[JobItem | DefinitionItem | MarkItem | OwnerItem | NotificationItem]) -> dict[str, Any]:
    """Describe a model's table for CreateTable."""
    schema = model._get_schema()
    indexes = [
        {
            "IndexName": index["index_name"],
            "KeySchema": _hash_first(index["key_schema"]),
            "Projection": index["projection"],
        }
        for index in schema["global_secondary_indexes"]
    ]
    return {
        "TableName": model.Meta.table_name,
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": schema["attribute_definitions"],
        "KeySchema": _hash_first(schema["key_schema"]),
        **({"GlobalSecondaryIndexes": indexes} if indexes else {}),
    }


def _hash_first(keys: Any) -> list[dict[str, str]]:
    return sorted(keys, key=lambda key: key["KeyType"])
