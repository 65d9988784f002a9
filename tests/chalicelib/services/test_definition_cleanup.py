"""Cleanup after definitions removes deleted ones and replaced snapshots, and nothing else."""

import io
import zipfile
from typing import Any

import pytest
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.s3.models import s3_backends

from tests.support.definitions import Definitions
from tests.support.faults import Meanwhile
from tests.support.scheduler import BOB, LocalScheduler, notebook


@pytest.fixture
def followed(made: Definitions) -> Definitions:
    """Definitions with streams."""
    made.follow_streams()
    return made


def _put_jobs(made: Definitions, job_id: str, count: int) -> None:
    """Store copies of a job, with their inputs."""
    local = made.local
    (item,) = [item for item in local.items() if item["job_id"]["S"] == job_id]
    owner_id, rows = local.owner_id(), []
    for i in range(count):
        copy = f"{job_id[:-4]}{i:04x}"
        rows.append({"PutRequest": {"Item": {**item, "job_id": {"S": copy}}}})
        s3_backends[DEFAULT_ACCOUNT_ID]["aws"].put_object(local.bucket, f"jobs/{owner_id}/{copy}/input.ipynb", b"x")
    for start in range(0, count, 25):
        local.client("dynamodb").batch_write_item(RequestItems={"jobs": rows[start : start + 25]})


def test_a_deleted_definition_leaves_nothing(local: LocalScheduler, followed: Definitions) -> None:
    definition_id = followed.create(schedule="0 13 1 * 1")
    followed.patch(definition_id, schedule="0 * * * *")
    followed.set_clock("13:00", seconds=1)
    followed.tick(definition_id, followed.at("13:00"), revision=2)
    job_id = followed.run_now(definition_id)
    run = local.start(job_id)
    followed.delete(definition_id)
    assert followed.clean_up() == []
    assert followed.clean_up() == []
    assert followed.leftovers() == {}
    assert local.tasks()[0]["desiredStatus"] == "STOPPED"
    assert run.heartbeat().status in (404, 409) or run.heartbeat().body["action"] == "stop"
    assert local.second_cleanups() == 4  # two jobs, the definition, and the copy of its snapshot


def test_three_hundred_jobs_are_deleted_with_their_definition(local: LocalScheduler, made: Definitions) -> None:
    definition_id = made.create()
    _put_jobs(made, made.run_now(definition_id), 299)
    assert len(made.jobs(definition_id)) == 300
    made.follow_streams()
    made.delete(definition_id)
    local.calls.clear()
    assert made.clean_up() == []
    assert local.calls.count("dynamodb:BatchWriteItem") == 12
    assert made.clean_up() == []
    assert made.leftovers() == {}


def test_other_definitions_and_jobs_are_kept(local: LocalScheduler, followed: Definitions) -> None:
    definition_id, other = followed.create(), followed.create()
    theirs = followed.create(api=local.api.as_user(BOB))
    kept, plain = followed.run_now(other), local.create()
    followed.run_now(definition_id)
    followed.delete(definition_id)
    assert followed.clean_up() == []
    assert followed.clean_up() == []
    assert list(followed.schedules()) == sorted([f"{other}-0", f"{theirs}-0"])
    assert [job["job_id"] for job in followed.jobs()] == sorted([kept, plain])
    assert len(local.objects("definitions/")) == 2
    assert len(local.objects("jobs/")) == 2


@pytest.mark.parametrize("packaged", [False, True])
def test_a_replaced_snapshot_is_removed_and_the_new_one_is_kept(
    local: LocalScheduler, followed: Definitions, packaged: bool
) -> None:
    contents = [_zip(text) for text in ("old", "new")] if packaged else [notebook("old"), notebook("new")]
    definition_id = followed.create(contents[0], package_input_folder=packaged)
    uri = local.upload(contents[1], "x.zip" if packaged else "x.ipynb")
    followed.patch(definition_id, input_uri=uri, input_filename="report.ipynb")
    assert len(local.objects("definitions/")) == 2
    assert followed.clean_up() == []
    (key,) = local.objects("definitions/")
    assert key.endswith(".zip" if packaged else ".ipynb")
    assert local.client("s3").get_object(Bucket=local.bucket, Key=key)["Body"].read() == contents[1]
    job_id = followed.run_now(definition_id)
    (copy,) = local.objects(f"jobs/{local.owner_id()}/{job_id}/")
    assert local.client("s3").get_object(Bucket=local.bucket, Key=copy)["Body"].read() == contents[1]


def test_other_changes_remove_nothing(local: LocalScheduler, followed: Definitions) -> None:
    definition_id = followed.create()
    before = local.objects("definitions/")
    followed.patch(definition_id, active=False, name="x")
    local.calls.clear()
    assert followed.clean_up() == []
    assert (local.objects("definitions/"), local.calls) == (before, [])


def test_a_new_definition_needs_no_cleanup(local: LocalScheduler, followed: Definitions) -> None:
    followed.create()
    (item,) = local.items("definitions")
    keys = {name: item[name] for name in ("owner_id", "definition_id")}
    record: dict[str, Any] = {
        "eventName": "INSERT",
        "eventSource": "aws:dynamodb",
        "dynamodb": {"Keys": keys, "NewImage": item, "SequenceNumber": "1"},
    }
    assert followed.deliver_records(record) == []
    assert len(local.objects("definitions/")) == 1


def test_the_second_cleanup_removes_a_job_that_was_created_meanwhile(
    local: LocalScheduler, followed: Definitions
) -> None:
    definition_id = followed.create()

    def delete() -> None:
        followed.delete(definition_id)
        assert followed.clean_up() == []

    local.hub.listeners.append(Meanwhile("dynamodb:PutItem", delete))
    job_id = followed.run_now(definition_id)
    assert [job["job_id"] for job in followed.jobs()] == [job_id]
    followed.clean_up_again()
    assert followed.clean_up() == []
    assert followed.leftovers() == {}
    followed.clean_up_again()
    assert followed.leftovers() == {}


def test_records_of_both_streams_are_told_apart(local: LocalScheduler, followed: Definitions) -> None:
    job_id, definition_id = local.create(), followed.create()
    local.api.delete(f"/scheduler/jobs/{job_id}")
    followed.delete(definition_id)
    assert {frozenset(record["dynamodb"]["Keys"]) for record in followed.told()} == {
        frozenset({"owner_id", "job_id"}),
        frozenset({"owner_id", "definition_id"}),
    }


def _zip(text: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("report.ipynb", notebook(text))
    return buffer.getvalue()
