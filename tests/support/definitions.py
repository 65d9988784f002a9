"""Definitions of a scheduler in this process, created over HTTP, with access to schedules, ticks, sweeps and streams."""

import json
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

from aws_lambda_powertools.utilities.batch.exceptions import BatchProcessingError
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import dynamodb_backends
from moto.scheduler.models import scheduler_backends

from chalicelib import events
from chalicelib.domain.definitions.definition import Definition
from chalicelib.domain.definitions.health import EndedRun, Health
from tests.support.aws import REGION
from tests.support.http_api import Api, Response
from tests.support.scheduler import LocalScheduler, notebook

__all__ = ["Definitions"]

_CONTEXT = SimpleNamespace(
    aws_request_id="r",
    function_name="f",
    memory_limit_in_mb=128,
    invoked_function_arn="a",
    get_remaining_time_in_millis=lambda: 60_000,
)
_PATH = "/scheduler/job_definitions"


@dataclass
class Definitions:
    """Requests about definitions, and access to their state."""

    local: LocalScheduler

    def post(self, content: bytes | None = None, api: Api | None = None, **fields: Any) -> Response:
        """Upload a notebook and request a definition. A field with the value `...` is omitted."""
        api = api or self.local.api
        if "input_uri" not in fields:
            name = "x.zip" if fields.get("package_input_folder") else "x.ipynb"
            fields["input_uri"] = self.local.upload(notebook() if content is None else content, name, api)
        body = {
            "name": "Nightly",
            "input_filename": "report.ipynb",
            "runtime_environment_name": "python",
            "schedule": "0 * * * *",
            **fields,
        }
        return api.post(_PATH, {name: value for name, value in body.items() if value is not ...})

    def create(self, content: bytes | None = None, api: Api | None = None, **fields: Any) -> str:
        """Create a definition and return its id."""
        response = self.post(content, api, **fields)
        assert response.status == 200, response.body
        return str(response.body["job_definition_id"])

    def patch(self, definition_id: str, **fields: Any) -> None:
        """Change a definition."""
        response = self.local.api.patch(f"{_PATH}/{definition_id}", fields)
        assert (response.status, response.body) == (204, None), response.body

    def delete(self, definition_id: str) -> None:
        """Delete a definition."""
        assert self.local.api.delete(f"{_PATH}/{definition_id}").status == 204

    def run_now(self, definition_id: str, **body: Any) -> str:
        """Run a definition now and return the job's id."""
        response = self.local.api.post(f"{_PATH}/{definition_id}/jobs", body)
        assert response.status == 200, response.body
        return str(response.body["job_id"])

    def described(self, definition_id: str) -> dict[str, Any]:
        """Describe a definition."""
        response = self.local.api.get(f"{_PATH}/{definition_id}")
        assert response.status == 200, response.body
        return dict(response.body)

    def let_succeed(self, definition_id: str, api: Api | None = None) -> str:
        """Store that a job with an output was the definition's newest success; return the job's id."""
        job_id, before = self.local.create(api=api), self.stored(definition_id, api)
        key = f"jobs/{before.owner_id}/{job_id}/outputs/0/ipynb/report.ipynb"
        self.local.client("s3").put_object(Bucket=self.local.bucket, Key=key, Body=b"{}")
        health = Health(last_success=EndedRun(job_id, before.create_time, before.create_time))
        assert self.local.factory._definition_table.change(before, replace(before, health=health))
        return job_id

    def stored(self, definition_id: str, api: Api | None = None) -> Definition:
        """Read a definition as the service does."""
        found = self.local.factory._definition_table.get(self.local.owner_id(api), definition_id)
        assert found is not None
        return found

    def schedules(self) -> dict[str, Any]:
        """Return all schedules of the group by name, as EventBridge Scheduler stores them."""
        group = scheduler_backends[DEFAULT_ACCOUNT_ID][REGION].schedule_groups["schedules"]
        return {name: each.to_dict() for name, each in sorted(group.schedules.items())}

    def tick(
        self, definition_id: str, due: datetime, revision: int | None = None, *, api: Api | None = None
    ) -> list[str]:
        """Deliver a tick as EventBridge Scheduler and the queue do. Return the messages to redeliver."""
        message = {
            "owner_id": self.local.owner_id(api),
            "definition_id": definition_id,
            "revision": revision or 1,
            "due": due.strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
        return self.deliver(message)

    def deliver(self, *messages: dict[str, Any]) -> list[str]:
        """Deliver messages of the tick queue in one batch. Return the ids of those to redeliver."""
        records = [_message(f"m{i}", json.dumps(each)) for i, each in enumerate(messages)]
        try:
            response = events.ticks({"Records": records}, _CONTEXT)
        except BatchProcessingError:  # so Lambda sees a batch of which all failed
            return [each["messageId"] for each in records]
        return [each["itemIdentifier"] for each in response["batchItemFailures"]]

    def asked(self) -> list[dict[str, Any]]:
        """Receive and delete all messages of the tick queue."""
        return self._take(self.local.factory.resources.tick_queue_url)

    def sweep(self) -> list[dict[str, Any]]:
        """Run the sweep, and the ticks function with the sweep's messages. Return the messages."""
        events.sweep({}, _CONTEXT)
        messages = self.asked()
        for each in messages:
            self.deliver(each)
        return messages

    def follow_streams(self) -> None:
        """Record what the tables' streams contain from now on."""
        tables = dynamodb_backends[DEFAULT_ACCOUNT_ID][REGION].tables
        for table in [*self._tables(), tables["notifications"]]:
            if table.stream_shard is None:
                table.set_stream_specification({"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"})

    def clean_up(self) -> list[str]:
        """Deliver the records of the streams since the last call. Return those to redeliver."""
        return self.deliver_records(*self.told())

    def told(self) -> list[dict[str, Any]]:
        """Return the records of the streams since the last call that the cleanup function subscribes to."""
        records: list[dict[str, Any]] = []
        for table in self._tables():
            assert table.stream_shard is not None, "ask for the streams first"
            told = [each.to_json() for each in table.stream_shard.items]
            table.stream_shard.items.clear()
            wanted = ("REMOVE", "MODIFY") if table.name == "definitions" else ("REMOVE",)
            records += [each for each in told if each["eventName"] in wanted]
        return records

    def changes(self) -> list[dict[str, Any]]:
        """Return all records of the streams since the last call."""
        records: list[dict[str, Any]] = []
        for table in self._tables():
            assert table.stream_shard is not None, "ask for the streams first"
            records += [each.to_json() for each in table.stream_shard.items]
            table.stream_shard.items.clear()
        for each in records:  # moto has the time of this machine, as a datetime
            each["dynamodb"]["ApproximateCreationDateTime"] = int(self.local.clock.now.timestamp())
        return records

    def deliver_changes(self, *records: dict[str, Any]) -> list[str]:
        """Deliver records to the changes function, each table's in one batch, as Lambda does. Return those to redeliver."""
        failed: list[str] = []
        for name in ("job_id", "definition_id"):
            if batch := [each for each in records if name in each["dynamodb"]["Keys"]]:
                try:
                    response = events.changes({"Records": batch}, _CONTEXT)
                except BatchProcessingError:  # so Lambda sees a batch of which all failed
                    failed += [each["dynamodb"]["SequenceNumber"] for each in batch]
                else:
                    failed += [each["itemIdentifier"] for each in response["batchItemFailures"]]
        return failed

    def follow_changes(self) -> None:
        """Deliver changes to the changes function until there are no more."""
        while records := self.changes():
            assert self.deliver_changes(*records) == []

    def notify(self) -> None:
        """Deliver changes, and the notifications that follow from them, until there are no more."""
        self.follow_changes()
        while records := self.requested():
            events.notifications({"Records": records}, _CONTEXT)
            self.follow_changes()

    def requested(self) -> list[dict[str, Any]]:
        """Return the records of requested notifications since the last call."""
        shard = dynamodb_backends[DEFAULT_ACCOUNT_ID][REGION].tables["notifications"].stream_shard
        assert shard is not None, "ask for the streams first"
        records = [each.to_json() for each in shard.items]
        shard.items.clear()
        return [each for each in records if each["dynamodb"]["NewImage"]["state"] == {"S": "requested"}]

    def deliveries(self) -> dict[str, str]:
        """Return the state of each notification, by its event and recipient."""
        found = self.local.items("notifications")
        return {f"{each['event']['S']}/{each['channel']['S']}": each["state"]["S"] for each in found}

    def events(self) -> list[dict[str, Any]]:
        """Receive the events that the bus has got since the last call."""
        return self._take(self.local.client("sqs").get_queue_url(QueueName="events")["QueueUrl"])

    def deliver_records(self, *records: dict[str, Any]) -> list[str]:
        """Deliver records of the streams one by one. Return those to redeliver."""
        failed = []
        for each in records:
            try:
                events.cleanup({"Records": [each]}, _CONTEXT)
            except BatchProcessingError:  # so Lambda sees a batch of which all failed
                failed.append(each["dynamodb"]["SequenceNumber"])
        return failed

    def clean_up_again(self) -> None:
        """Deliver the second cleanups."""
        assert self.deliver_second_cleanups(*self.second_cleanups()) == []

    def second_cleanups(self) -> list[dict[str, Any]]:
        """Receive and delete all messages of the queue of second cleanups."""
        return self._take(self.local.factory.resources.cleanup_queue_url)

    def deliver_second_cleanups(self, *messages: dict[str, Any]) -> list[str]:
        """Deliver second cleanups one by one. Return the ids of those to redeliver."""
        failed = []
        for i, each in enumerate(messages):
            try:
                events.cleanup({"Records": [_message(f"m{i}", json.dumps(each))]}, _CONTEXT)
            except BatchProcessingError:  # so Lambda sees a batch of which all failed
                failed.append(f"m{i}")
        return failed

    def jobs(self, definition_id: str | None = None) -> list[dict[str, Any]]:
        """Return all stored jobs, or those of one definition, ordered by id."""
        found = [{name: next(iter(value.values())) for name, value in each.items()} for each in self.local.items()]
        mine = [each for each in found if definition_id in (None, each.get("job_definition_id"))]
        return sorted(mine, key=lambda each: str(each["job_id"]))

    def verdicts(self) -> dict[str, str]:
        """Return the verdict on each due time, by hour and minute."""
        found = {}
        for each in self.local.items("marks"):
            kind, *_, due = each["mark_id"]["S"].split("#")
            if kind == "tick":
                minute = datetime.fromtimestamp(int(due) / 1000, tz=self.local.clock.now.tzinfo)
                found[f"{minute:%H:%M}"] = json.loads(each["value"]["S"])["verdict"]
        return dict(sorted(found.items()))

    def leftovers(self) -> dict[str, Any]:
        """Return everything that exists except uploads and marks: nothing after a complete cleanup."""
        objects = [each for each in self.local.objects() if not each.startswith("uploads/")]
        items = {name: self.local.items(name) for name in ("definitions", "jobs")}
        found = {"objects": objects, "schedules": list(self.schedules()), **items}
        return {name: each for name, each in found.items() if each}

    def at(self, clock_time: str) -> datetime:
        """Return an instant of the clock's day."""
        hour, minute = clock_time.split(":")
        return self.local.clock.now.replace(hour=int(hour), minute=int(minute), second=0, microsecond=0)

    def set_clock(self, clock_time: str, **later: float) -> datetime:
        """Set the clock to a time of its day."""
        self.local.clock.now = self.at(clock_time) + timedelta(**later)
        return self.local.clock.now

    @staticmethod
    def _tables() -> list[Any]:
        tables = dynamodb_backends[DEFAULT_ACCOUNT_ID][REGION].tables
        return [tables["definitions"], tables["jobs"]]

    def _take(self, url: str) -> list[dict[str, Any]]:
        sqs, taken = self.local.client("sqs"), []
        while found := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            for each in found:
                taken.append(json.loads(each["Body"]))
                sqs.delete_message(QueueUrl=url, ReceiptHandle=each["ReceiptHandle"])
        return taken


def _message(message_id: str, body: str) -> dict[str, Any]:
    return {"messageId": message_id, "body": body, "eventSource": "aws:sqs", "receiptHandle": "r", "attributes": {}}
