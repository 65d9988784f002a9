"""Definitions on the deployed stack, with schedules in real time, in parallel to keep the wait short."""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from jupyter_scheduler_aws.api.job_models import JobStatus
from jupyter_scheduler_aws.client import Client
from jupyter_scheduler_aws.snapshots.pack import pack_notebook
from tests.deployed.conftest import NotebookMaker
from tests.support.deployed import Deployed

pytestmark = pytest.mark.local_cloud

KATHMANDU, AUCKLAND = "Asia/Kathmandu", "Pacific/Auckland"
MINUTE = timedelta(minutes=1)
TIME_TO_SET_UP = timedelta(seconds=20)
"""The time to create and edit definitions before they are due."""
WRITES_ITS_PARAMETER = 'import pathlib\npathlib.Path("word.txt").write_text(word)'


def millis(instant: datetime) -> int:
    return int(instant.timestamp() * 1000)


def crontab(instant: datetime, timezone: str) -> str:
    """Return a crontab for one minute of the year."""
    local = instant.astimezone(ZoneInfo(timezone))
    return f"{local.minute} {local.hour} {local.day} {local.month} *"


@dataclass
class Definitions:
    """Create definitions of one notebook, and delete them at the end."""

    http: httpx.Client
    input_uri: str
    due: datetime
    """Return a minute in the near future."""
    made: list[str] = field(default_factory=list)

    def create(self, name: str, **fields: Any) -> str:
        body = {
            "name": name,
            "input_uri": self.input_uri,
            "input_filename": "made.ipynb",
            "runtime_environment_name": "python",
            "output_formats": ["ipynb"],
            "parameters": {"word": "own"},
            **fields,
        }
        definition_id = str(self._send("POST", "", body)["job_definition_id"])
        self.made.append(definition_id)
        return definition_id

    def change(self, definition_id: str, **fields: Any) -> None:
        self._send("PATCH", f"/{definition_id}", fields)

    def get(self, definition_id: str) -> dict[str, Any]:
        return self._send("GET", f"/{definition_id}")

    def run_now(self, definition_id: str, **parameters: str) -> str:
        return str(self._send("POST", f"/{definition_id}/jobs", {"parameters": parameters})["job_id"])

    def delete(self, definition_id: str) -> None:
        self._send("DELETE", f"/{definition_id}")
        self.made.remove(definition_id)

    def wait_until(self, definition_id: str, reached: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
        """Poll until a definition meets a condition; the timeout of pytest limits it."""
        while not reached(definition := self.get(definition_id)):
            time.sleep(0.5)
        return definition

    def job_ids(self, definition_id: str) -> list[str]:
        response = self.http.get("/scheduler/jobs", params={"job_definition_id": definition_id})
        return [job["job_id"] for job in response.json()["jobs"]]

    def _send(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        response = self.http.request(method, f"/scheduler/job_definitions{path}", json=body)
        assert response.is_success, response.text
        return dict(response.json()) if response.content else {}


@pytest.fixture(scope="module")
def definitions(client: Client, http: httpx.Client, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Definitions]:
    path = NotebookMaker(tmp_path_factory.mktemp("notebook"))(WRITES_ITS_PARAMETER)
    with pack_notebook(path) as snapshot:
        input_uri = client.upload(snapshot)
    due = (datetime.now(UTC) + TIME_TO_SET_UP + MINUTE).replace(second=0, microsecond=0)
    definitions = Definitions(http, input_uri, due)
    yield definitions
    for definition_id in [*definitions.made]:
        definitions.delete(definition_id)


@pytest.fixture(scope="module")
def fires(definitions: Definitions) -> str:
    return definitions.create("fires", schedule=crontab(definitions.due, KATHMANDU), timezone=KATHMANDU)


@pytest.fixture(scope="module")
def moved(definitions: Definitions) -> str:
    """Create a definition and move it to the next minute, in a time zone beyond the date line."""
    definition_id = definitions.create("moved", schedule=crontab(definitions.due, KATHMANDU), timezone=KATHMANDU)
    later = crontab(definitions.due + MINUTE, AUCKLAND)
    definitions.change(definition_id, schedule=later, timezone=AUCKLAND)
    return definition_id


@pytest.fixture(scope="module")
def every_minute(definitions: Definitions) -> str:
    return definitions.create("every-minute", schedule="* * * * *", timezone="UTC", overlap_policy="skip")


@pytest.fixture(autouse=True)
def _side_by_side(fires: str, moved: str, every_minute: str) -> None:
    """Create all schedules before the first test."""


def scheduler_of(deployed: Deployed) -> Any:
    return deployed.administrator("scheduler")


def schedules_of(deployed: Deployed, definition_id: str) -> list[dict[str, Any]]:
    scheduler = scheduler_of(deployed)
    found = scheduler.list_schedules(NamePrefix=definition_id)["Schedules"]
    return [scheduler.get_schedule(Name=schedule["Name"], GroupName=schedule["GroupName"]) for schedule in found]


def test_run_now_accepts_other_parameters(definitions: Definitions, client: Client, tmp_path: Path) -> None:
    definition_id = definitions.create("at-hand")
    words: dict[str, str] = {}
    for word, given in {"other": {"word": "other"}, "own": None}.items():
        body = {} if given is None else {"parameters": given}
        response = definitions.http.post(f"/scheduler/job_definitions/{definition_id}/jobs", json=body)
        job = client.wait(response.json()["job_id"])
        assert (job.status, job.document["job_definition_id"]) == (JobStatus.COMPLETED, definition_id)
        paths = {path.name: path for path in client.download(job.job_id, tmp_path / word)}
        words[word] = paths["word.txt"].read_text(encoding="utf-8")
    assert words == {"other": "other", "own": "own"}


def test_an_edit_removes_unneeded_schedules(definitions: Definitions, deployed: Deployed) -> None:
    definition_id = definitions.create("either-day", schedule="0 0 13 * FRI", timezone=AUCKLAND)
    assert len(schedules_of(deployed, definition_id)) == 2, "the 13th, and Fridays"
    definitions.change(definition_id, schedule="0 0 13 * *")
    assert len(schedules_of(deployed, definition_id)) == 1


def test_an_idempotency_token_creates_one_definition(definitions: Definitions) -> None:
    token = {"idempotency_token": "definition-deployed-once", "schedule": "0 0 1 1 *", "timezone": "UTC"}
    first, second = (definitions.create("once", **token) for _ in range(2))
    definitions.made.remove(second)
    assert first == second


def test_deleting_a_definition_removes_all_its_resources(
    definitions: Definitions, client: Client, deployed: Deployed
) -> None:
    definition_id = definitions.create("deleted", schedule="0 0 13 * FRI", timezone=AUCKLAND)
    job_id = definitions.run_now(definition_id, word="soon gone")
    assert client.wait(job_id).status == JobStatus.COMPLETED
    assert {schedule["State"] for schedule in schedules_of(deployed, definition_id)} == {"ENABLED"}
    assert len(traces_of(deployed, definition_id, job_id)) >= 5, "two schedules, snapshot, record, job, its files"
    definitions.delete(definition_id)
    assert definitions.http.get(f"/scheduler/job_definitions/{definition_id}").status_code == 404
    while traces_of(deployed, definition_id, job_id):
        time.sleep(0.5)


def traces_of(deployed: Deployed, *identifiers: str) -> list[str]:
    """Return everything with one of these ids in S3, in the tables of jobs and definitions, and in EventBridge Scheduler."""

    aws = deployed.administrator
    s3, tables = aws("s3"), aws("dynamodb")
    things = [schedule["Name"] for schedule in aws("scheduler").list_schedules(NamePrefix=identifiers[0])["Schedules"]]
    bucket = next(item["Name"] for item in s3.list_buckets()["Buckets"] if "bucket" in item["Name"].lower())
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
        things += [item["Key"] for item in page.get("Contents", [])]
    for table in tables.list_tables()["TableNames"]:
        if "Marks" not in table:
            for page in tables.get_paginator("scan").paginate(TableName=table):
                things += [json.dumps(item, default=str) for item in page["Items"]]
    return [thing for thing in things if any(identifier in thing for identifier in identifiers)]


def test_a_definition_runs_at_its_local_time(definitions: Definitions, client: Client, fires: str) -> None:
    definition = definitions.wait_until(fires, lambda state: state["last_run"])
    assert definition["last_run"]["due_time"] == millis(definitions.due)
    job = client.wait(definition["last_run"]["job_id"])
    assert job.status == JobStatus.COMPLETED
    assert job.document["job_definition_id"] == fires
    assert 0 <= job.document["create_time"] - millis(definitions.due) < MINUTE.total_seconds() * 1000
    assert definitions.job_ids(fires) == [job.job_id]
    definition = definitions.get(fires)
    assert (definition["run_count"], definition["missed_count"]) == (1, 0)
    assert definition["next_run_time"] > millis(definitions.due + timedelta(days=360)), "a year later"
    assert (definition["schedule"], definition["timezone"]) == (crontab(definitions.due, KATHMANDU), KATHMANDU)


def test_a_paused_definition_does_not_run(
    definitions: Definitions, client: Client, deployed: Deployed, every_minute: str, moved: str
) -> None:
    definitions.wait_until(every_minute, lambda state: state["last_run"])
    definitions.change(every_minute, active=False)
    paused = datetime.now(UTC)
    assert [schedule["State"] for schedule in schedules_of(deployed, every_minute)] == ["DISABLED"]
    assert definitions.get(every_minute)["next_run_time"] is None
    other = definitions.wait_until(moved, lambda state: state["last_run"])  # a minute passes
    client.wait(other["last_run"]["job_id"])
    definition = definitions.get(every_minute)
    assert definition["last_run"]["due_time"] <= millis(paused)
    assert definition["run_count"] == len(definitions.job_ids(every_minute))
    assert definition["missed_count"] == 0


def test_an_edited_definition_runs_at_its_new_time(definitions: Definitions, client: Client, moved: str) -> None:
    definition = definitions.wait_until(moved, lambda state: state["last_run"])
    assert definition["last_run"]["due_time"] == millis(definitions.due + MINUTE)
    assert (definition["run_count"], definition["missed_count"]) == (1, 0)
    assert client.wait(definition["last_run"]["job_id"]).status == JobStatus.COMPLETED


def test_a_resumed_definition_runs_again(definitions: Definitions, every_minute: str) -> None:
    definitions.change(every_minute, active=False)
    before = definitions.get(every_minute)
    definitions.change(every_minute, active=True)
    resumed = datetime.now(UTC)
    first = definitions.get(every_minute)["next_run_time"]
    assert millis(resumed) - 5_000 < first <= millis(resumed + MINUTE)
    after = definitions.wait_until(every_minute, lambda state: state["run_count"] > before["run_count"])
    assert after["last_run"]["due_time"] >= first
    assert after["missed_count"] == 0
