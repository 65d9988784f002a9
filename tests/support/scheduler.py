"""A scheduler in this process, on moto's AWS: its stores, its clock, and the HTTP API with raw API Gateway events."""

import json
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from moto import mock_aws

from chalicelib import factory as factories
from chalicelib.config import SchedulerSettings
from chalicelib.domain.identifiers import new_job_id
from chalicelib.domain.task_state import parse_task
from chalicelib.factory import Factory
from chalicelib.resources import Resources
from tests.support.aws import AwsCalls, Hub, SharedSession, behind, hub, make_resources, shared_stores
from tests.support.http_api import ANNA, BOB, Api, Response
from tests.support.runs import Run, instance_id

__all__ = [
    "ANNA",
    "BOB",
    "Api",
    "FakeClock",
    "LocalScheduler",
    "Response",
    "instance_id",
    "notebook",
    "scheduler",
    "settings",
]

_ROOT = Path(__file__).parents[2]


class FakeClock:
    """A clock that stands still until a test moves it."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **amount: float) -> None:
        """Advance it; the arguments are those of `timedelta`."""
        self.now += timedelta(**amount)


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
    """The whole service on moto, with helpers to look behind it."""

    factory: Factory
    clock: FakeClock
    hub: Hub
    api: Api = field(default_factory=Api)

    @property
    def calls(self) -> AwsCalls:
        """The AWS calls of the service."""
        return self.hub.calls

    @property
    def bucket(self) -> str:
        return self.factory.resources.bucket

    def client(self, service: Any) -> Any:
        """Return a client for the test, whose calls are not counted."""
        return behind(service)

    def upload(self, content: bytes, filename: str = "report.ipynb", api: Api | None = None) -> str:
        """Upload a snapshot as a client would, and return its `input_uri`."""
        form = (api or self.api).post("/scheduler/uploads", {"filename": filename, "size_bytes": len(content)}).body
        self.client("s3").put_object(Bucket=self.bucket, Key=form["fields"]["key"], Body=content)
        return str(form["input_uri"])

    def create(self, content: bytes | None = None, api: Api | None = None, **fields: Any) -> str:
        """Create a job and return its id."""
        response = self.post_job(content, api, **fields)
        assert response.status == 200, response.body
        return str(response.body["job_id"])

    def post_job(self, content: bytes | None = None, api: Api | None = None, **fields: Any) -> Response:
        """Upload a notebook and request a job of it; fields that are `...` are omitted."""
        api = api or self.api
        if "input_uri" not in fields:
            name = "x.zip" if fields.get("package_input_folder") else "x.ipynb"
            fields["input_uri"] = self.upload(notebook() if content is None else content, name, api)
        body = {
            "name": "Report",
            "input_filename": "report.ipynb",
            "runtime_environment_name": "python",
            "output_formats": ["ipynb", "html"],
            **fields,
        }
        return api.post("/scheduler/jobs", {name: value for name, value in body.items() if value is not ...})

    def copies(self, job_id: str, count: int, change: Callable[[int], dict[str, Any]] = lambda _: {}) -> list[str]:
        """Store copies of a job, created one millisecond apart; `change` returns the changes of each by its number."""
        original, made = self.factory._job_table.get(self.owner_id(), job_id, self.clock()), []
        assert original is not None
        for i in range(count):
            self.clock.forward(milliseconds=1)
            copy_id = new_job_id(self.clock(), i.to_bytes(10, "big"))
            job = replace(original, job_id=copy_id, create_time=self.clock(), **change(i))
            self.factory._job_table.put_new(job)
            made.append(copy_id)
        return made

    def job(self, job_id: str, api: Api | None = None) -> Any:
        """Describe a job."""
        return (api or self.api).get(f"/scheduler/jobs/{job_id}").body

    def status(self, job_id: str) -> str:
        """Return a job's state."""
        return str(self.job(job_id)["status"])

    def item(self, job_id: str, api: Api | None = None) -> dict[str, Any]:
        """Read a job's stored item, without the types of its attributes; empty if there is none."""
        key = {"owner_id": {"S": self.owner_id(api)}, "job_id": {"S": job_id}}
        stored = self.client("dynamodb").get_item(TableName="jobs", Key=key, ConsistentRead=True).get("Item", {})
        return {name: next(iter(value.values())) for name, value in stored.items()}

    def items(self, table: str = "jobs") -> list[dict[str, Any]]:
        """Read the stored items of a table."""
        return list(self.client("dynamodb").scan(TableName=table)["Items"])

    def owner_id(self, api: Api | None = None) -> str:
        """Return a caller's owner id."""
        return str((api or self.api).get("/scheduler/health").body["you"]["owner_id"])

    def objects(self, prefix: str = "") -> list[str]:
        """List the keys in the bucket."""
        pages = self.client("s3").get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix)
        return [item["Key"] for page in pages for item in page.get("Contents", [])]

    def wake_ups(self) -> int:
        """Count wake-ups in the queue."""
        return self._messages(self.factory.resources.wake_up_queue_url)

    def second_cleanups(self) -> int:
        """Count second cleanups in their queue."""
        return self._messages(self.factory.resources.cleanup_queue_url)

    def _messages(self, url: str) -> int:
        response = self.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])
        return int(response["Attributes"]["ApproximateNumberOfMessages"])

    def tasks(self) -> list[Any]:
        """Describe all tasks, oldest first."""
        return list(self.hub.ecs.tasks.values())

    def dispatch(self) -> None:
        """Run the dispatcher with a minute of time."""
        self.factory.dispatch.run(until=self.clock.now + timedelta(minutes=1))

    def launch(self, job_id: str | None = None, api: Api | None = None, **fields: Any) -> Run:
        """Create a job unless one is named, dispatch, and return the run of its newest task."""
        job_id = job_id or self.create(api=api, **fields)
        self.dispatch()
        return self.run_of(job_id)

    def run_of(self, job_id: str) -> Run:
        """Return the run of a job's newest task."""
        return Run([task for task in self.tasks() if f"/{job_id}/" in task["startedBy"]][-1])

    def start(self, job_id: str | None = None, api: Api | None = None, **fields: Any) -> Run:
        """Launch a job and check in as its runner."""
        run = self.launch(job_id, api, **fields)
        assert run.check_in().status == 200
        return run

    def ecs_event(self, detail: dict[str, Any]) -> None:
        """Deliver a "Task State Change" event."""
        self.factory.task_events.handle(parse_task(detail))

    def finish(self, run: Run, **how: Any) -> None:
        """Stop a run's task as Fargate does, and deliver the event."""
        self.ecs_event(self.hub.ecs.finish(run.task_arn, **how))

    def use(self, factory: Factory) -> None:
        """Go on in another process of the function, with its own caches."""
        self.factory = factory
        factories.use(factory)

    def serve(self, chosen: SchedulerSettings) -> None:
        """Go on with other settings, as after a deployment."""
        self.factory = _factory(chosen, self.factory.resources, self.clock)


def settings(**changes: Any) -> SchedulerSettings:
    """Read the project's own scheduler.toml, with some sections changed."""
    stored = tomllib.loads((_ROOT / "scheduler.toml").read_text(encoding="utf-8"))
    known = {name: stored[name] for name in SchedulerSettings.model_fields if name in stored}
    for section, values in changes.items():
        known[section] = {**known.get(section, {}), **values}
    return SchedulerSettings.model_validate(known)


@contextmanager
def scheduler(chosen: SchedulerSettings | None = None) -> Iterator[LocalScheduler]:
    """Set up a scheduler on an empty moto."""
    with mock_aws():
        hub().reset()
        clock = FakeClock()
        factory = _factory(chosen or settings(), Resources(make_resources()), clock)
        try:
            yield LocalScheduler(factory, clock, hub())
        finally:
            factories.use(None)
            hub().reset()


def _factory(chosen: SchedulerSettings, resources: Resources, clock: FakeClock) -> Factory:
    factory = Factory(settings=chosen, resources=resources, clock=clock, sleep=lambda _: None, session=SharedSession())
    vars(factory).update(shared_stores())
    factories.use(factory)
    return factory
