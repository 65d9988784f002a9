"""A scheduler in this process, on moto's AWS: its stores, its clock, and the HTTP API by raw API Gateway events."""

import hashlib
import json
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

import boto3
from botocore.client import BaseClient
from moto import mock_aws

from app.app import app
from chalicelib import factory as factories
from chalicelib.config import Resources, SchedulerSettings
from chalicelib.factory import Factory
from chalicelib.storage.items import JobItem, MarkItem, bind

__all__ = ["Answer", "Api", "AwsCalls", "FakeClock", "LocalScheduler", "notebook"]

REGION = "us-east-1"
ANNA = "arn:aws:iam::123456789012:user/anna"
BOB = "arn:aws:iam::123456789012:user/bob"
_ROOT = Path(__file__).parents[2]


class FakeClock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **amount: float) -> None:
        """Move it by a timedelta's arguments."""
        self.now += timedelta(**amount)


class AwsCalls(list[str]):
    """The AWS calls that were made, as `service:Operation`; presigning is none."""

    def watch(self, client: BaseClient) -> None:
        """Note a client's calls."""
        service = client.meta.service_model.service_name
        client.meta.events.register("before-call", lambda model, **_: self.append(f"{service}:{model.name}"))


@dataclass
class Answer:
    """An answer of the API."""

    status: int
    body: Any


@dataclass
class Api:
    """Sends requests as API Gateway would after it has verified the caller."""

    user_arn: str | None = ANNA
    unique_id: str | None = None
    source: str = "127.0.0.1"

    def as_user(self, user_arn: str | None, unique_id: str | None = None) -> Self:
        """Call as somebody else."""
        return type(self)(user_arn, unique_id)

    def get(self, url: str, **options: Any) -> Answer:
        return self.request("GET", url, **options)

    def post(self, url: str, body: Any = None, **options: Any) -> Answer:
        return self.request("POST", url, body=body, **options)

    def patch(self, url: str, body: Any = None) -> Answer:
        return self.request("PATCH", url, body=body)

    def delete(self, url: str) -> Answer:
        return self.request("DELETE", url)

    def request(self, method: str, url: str, *, body: Any = None, headers: Mapping[str, str] | None = None) -> Answer:
        """Send one request; a body that is no text is sent as JSON."""
        parts = urlsplit(url)
        resource, path_parameters = _match(parts.path)
        query: dict[str, list[str]] = {}
        for name, value in parse_qsl(parts.query, keep_blank_values=True):
            query.setdefault(name, []).append(value)
        event = {
            "requestContext": {
                "resourcePath": resource,
                "httpMethod": method,
                "requestId": "request-1",
                "identity": {"userArn": self.user_arn, "user": self.unique_id, "sourceIp": self.source},
                "path": parts.path,
            },
            "headers": {"content-type": "application/json", **(headers or {})},
            "multiValueQueryStringParameters": query or None,
            "pathParameters": path_parameters or None,
            "body": body if body is None or isinstance(body, str) else json.dumps(body),
            "isBase64Encoded": False,
            "stageVariables": None,
        }
        answer = app(event, SimpleNamespace(aws_request_id="request-1"))
        text = answer.get("body") or ""
        return Answer(answer["statusCode"], json.loads(text) if text else None)


def _match(path: str) -> tuple[str, dict[str, str]]:
    """Find the resource that API Gateway would: one without parameters before one with."""
    wanted = path.strip("/").split("/")
    best: tuple[str, dict[str, str]] = (path, {})
    for resource in sorted(app.routes, key=lambda each: each.count("{")):
        parts = resource.strip("/").split("/")
        if len(parts) == len(wanted) and all(p.startswith("{") or p == w for p, w in zip(parts, wanted, strict=True)):
            return resource, {p[1:-1]: w for p, w in zip(parts, wanted, strict=True) if p.startswith("{")}
    return best


def notebook(*sources: str, kernel: str | None = "python3", **metadata: Any) -> bytes:
    """Make a small notebook of code cells."""
    kernelspec = {"kernelspec": {"name": kernel, "display_name": kernel}} if kernel else {}
    cells: list[dict[str, Any]] = [
        {
            "cell_type": "code",
            "id": f"cell{i}",
            "metadata": {},
            "execution_count": None,
            "outputs": [],
            "source": source,
        }
        for i, source in enumerate(sources or ("1 + 1",))
    ]
    content = {"cells": cells, "metadata": {**kernelspec, **metadata}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(content).encode()


@dataclass
class LocalScheduler:
    """The whole service on moto, with what a test needs to look behind it."""

    factory: Factory
    clock: FakeClock
    api: Api = field(default_factory=Api)
    calls: AwsCalls = field(default_factory=AwsCalls)

    @property
    def bucket(self) -> str:
        return self.factory.resources.bucket

    def client(self, service: Any) -> Any:
        """Make a client of one's own, whose calls are not counted."""
        return boto3.client(service, region_name=REGION)

    def upload(self, content: bytes, filename: str = "report.ipynb", api: Api | None = None) -> str:
        """Upload a snapshot as a client would, and give its `input_uri`."""
        form = (api or self.api).post("/scheduler/uploads", {"filename": filename, "size_bytes": len(content)}).body
        self.client("s3").put_object(Bucket=self.bucket, Key=form["fields"]["key"], Body=content)
        return str(form["input_uri"])

    def create(self, content: bytes | None = None, api: Api | None = None, **fields: Any) -> str:
        """Create a job and give its id."""
        answer = self.post_job(content, api, **fields)
        assert answer.status == 200, answer.body
        return str(answer.body["job_id"])

    def post_job(self, content: bytes | None = None, api: Api | None = None, **fields: Any) -> Answer:
        """Upload a notebook, and ask for a job of it."""
        api = api or self.api
        uri = self.upload(content or notebook(), "x.zip" if fields.get("package_input_folder") else "x.ipynb", api)
        body = {
            "name": "Report",
            "input_uri": uri,
            "input_filename": "report.ipynb",
            "runtime_environment_name": "python",
            "output_formats": ["ipynb", "html"],
            **fields,
        }
        return api.post("/scheduler/jobs", body)

    def job(self, job_id: str, api: Api | None = None) -> Any:
        """Describe a job."""
        return (api or self.api).get(f"/scheduler/jobs/{job_id}").body

    def objects(self, prefix: str = "") -> list[str]:
        """List keys in the bucket."""
        found = self.client("s3").list_objects_v2(Bucket=self.bucket, Prefix=prefix)
        return [each["Key"] for each in found.get("Contents", [])]

    def wake_ups(self) -> int:
        """Count wake-ups in the queue."""
        url = self.factory.resources.wake_up_queue_url
        answer = self.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])
        return int(answer["Attributes"]["ApproximateNumberOfMessages"])

    def tasks(self) -> list[Any]:
        """Describe all tasks."""
        ecs = self.client("ecs")
        arns = ecs.list_tasks(cluster="test")["taskArns"]
        return list(ecs.describe_tasks(cluster="test", tasks=arns)["tasks"]) if arns else []

    def dispatch(self) -> None:
        """Run the dispatcher, with a minute of time."""
        self.factory.dispatch.run(until=self.clock.now + timedelta(minutes=1))


def settings(**changes: Any) -> SchedulerSettings:
    """Read the project's own scheduler.toml, with some sections changed."""
    stored = tomllib.loads((_ROOT / "scheduler.toml").read_text(encoding="utf-8"))
    known = {name: stored[name] for name in SchedulerSettings.model_fields if name in stored}
    for section, values in changes.items():
        known[section] = {**known.get(section, {}), **values}
    return SchedulerSettings.model_validate(known)


def scheduler(chosen: SchedulerSettings | None = None) -> Iterator[LocalScheduler]:
    """Set up a scheduler on moto; use it as a generator fixture."""
    with mock_aws():
        clock, calls = FakeClock(), AwsCalls()
        resources = Resources(_make_resources())
        session = boto3.Session(region_name=REGION)
        factory = Factory(chosen or settings(), resources, clock=clock, sleep=lambda _: None, session=session)
        factories.use(factory)
        _count_calls(factory, calls)
        yield LocalScheduler(factory, clock, calls=calls)
        factories.use(None)


def _count_calls(factory: Factory, calls: AwsCalls) -> None:
    create = factory.session.client

    def client(*args: Any, **kwargs: Any) -> Any:
        made = create(*args, **kwargs)
        calls.watch(made)
        return made

    factory.session.client = client  # type: ignore[method-assign] # watches the clients that the factory makes
    for model in (factory._job_item, factory._mark_item):
        calls.watch(model._get_connection().connection.client)
    calls.watch(factory._job_table._connection.client)


def _make_resources() -> dict[str, str]:
    jobs, marks = bind(JobItem, "jobs", REGION), bind(MarkItem, "marks", REGION)
    for model in (jobs, marks):
        model.create_table(billing_mode="PAY_PER_REQUEST", wait=True)
    boto3.client("s3", region_name=REGION).create_bucket(Bucket="bucket")
    sqs = boto3.client("sqs", region_name=REGION)
    wake_up = sqs.create_queue(QueueName="wake-up.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
    cleanup = sqs.create_queue(QueueName="cleanup")["QueueUrl"]
    secret = boto3.client("secretsmanager", region_name=REGION).create_secret(Name="launch", SecretString="s3cr3t")
    boto3.client("logs", region_name=REGION).create_log_group(logGroupName="runners")
    return {
        "AWS_REGION": REGION,
        "JOBS_TABLE": "jobs",
        "DEFINITIONS_TABLE": "definitions",
        "MARKS_TABLE": "marks",
        "BUCKET": "bucket",
        "WAKE_UP_QUEUE_URL": wake_up,
        "CLEANUP_QUEUE_URL": cleanup,
        "LAUNCH_SECRET_ARN": secret["ARN"],
        "RUNNER_LOG_GROUP": "runners",
        "API_URL": "https://api.example.com/v1",
        **_make_cluster(),
    }


def _make_cluster() -> dict[str, str]:
    ecs, ec2 = boto3.client("ecs", region_name=REGION), boto3.client("ec2", region_name=REGION)
    cluster = ecs.create_cluster(clusterName="test")["cluster"]["clusterArn"]
    ecs.register_task_definition(
        family="stack-python",
        requiresCompatibilities=["FARGATE"],
        networkMode="awsvpc",
        cpu="1024",
        memory="4096",
        containerDefinitions=[{"name": "runner", "image": "runner", "memory": 512}],
    )
    subnets = [each["SubnetId"] for each in ec2.describe_subnets()["Subnets"]][:2]
    groups = [each["GroupId"] for each in ec2.describe_security_groups()["SecurityGroups"]][:1]
    return {
        "CLUSTER": cluster,
        "TASK_FAMILY_PREFIX": "stack",
        "SUBNETS": ",".join(subnets),
        "SECURITY_GROUPS": ",".join(groups),
        "ASSIGN_PUBLIC_IP": "ENABLED",
    }


def instance_id(name: str) -> str:
    """Make an instance id of a name."""
    return hashlib.md5(name.encode()).hexdigest()
