"""Cleanup removes what a deleted job leaves behind, and it does not come back."""

from types import SimpleNamespace
from typing import Any

import pytest
from moto.core.models import DEFAULT_ACCOUNT_ID as ACCOUNT
from moto.s3.models import s3_backends

from app import cleanup, dispatch, sweep, task_events
from chalicelib import events
from tests.support.faults import Refused
from tests.support.runs import Run
from tests.support.scheduler import LocalScheduler

_CONTEXT = SimpleNamespace(
    aws_request_id="r", function_name="cleanup", memory_limit_in_mb=128, invoked_function_arn="a"
)


def _image(local: LocalScheduler, job_id: str) -> dict[str, Any]:
    return next(item for item in local.items() if item["job_id"]["S"] == job_id)


def _record(name: str, old: dict[str, Any], new: dict[str, Any] | None = None, number: str = "1") -> dict[str, Any]:
    keys = {key: old[key] for key in ("owner_id", "job_id")}
    change = {"SequenceNumber": number, "Keys": keys, "OldImage": old, **({"NewImage": new} if new else {})}
    return {"eventID": number, "eventName": name, "eventSource": "aws:dynamodb", "dynamodb": change}


def _deliver(*records: dict[str, Any]) -> list[str]:
    """Deliver records as the stream or the queue does; return the ids of those to deliver again."""
    response = events.cleanup({"Records": list(records)}, _CONTEXT)
    return [failure["itemIdentifier"] for failure in response["batchItemFailures"]]


def _put(local: LocalScheduler, job_id: str, *paths: str) -> None:
    prefix = f"jobs/{local.owner_id()}/{job_id}/outputs/1/"
    for path in paths:
        s3_backends[ACCOUNT]["aws"].put_object(local.bucket, prefix + path, b"x")


def _delete(local: LocalScheduler, job_id: str) -> dict[str, Any]:
    old = _image(local, job_id)
    assert local.api.delete(f"/scheduler/jobs/{job_id}").status == 204
    return _record("REMOVE", old)


def _in_state(local: LocalScheduler, state: str) -> str:
    job_id = local.create()
    if state == "CREATED":
        return job_id
    run = local.launch(job_id)
    if state != "QUEUED":
        run.check_in()
    if state == "STOPPING":
        local.api.patch(f"/scheduler/jobs/{job_id}", {"status": "STOPPED"})
    if state in ("COMPLETED", "FAILED"):
        run.report("succeeded" if state == "COMPLETED" else "notebook_error")
    return job_id


@pytest.mark.parametrize("state", ["CREATED", "QUEUED", "IN_PROGRESS", "STOPPING", "COMPLETED", "FAILED"])
def test_a_deleted_job_leaves_nothing(local: LocalScheduler, state: str) -> None:
    job_id, other = _in_state(local, state), local.create()
    _put(local, job_id, "ipynb/a.ipynb", "files/b.csv")
    before, running = local.wake_ups(), len(local.hub.ecs.running)
    assert _deliver(_delete(local, job_id)) == []
    assert local.objects("jobs/") == [f"jobs/{local.owner_id()}/{other}/input.ipynb"]
    has_task = state != "CREATED"
    assert len(local.hub.ecs.running) == running - has_task
    assert local.wake_ups() == before + has_task
    assert local.second_cleanups() == 1


def _second_cleanup(local: LocalScheduler) -> dict[str, Any]:
    url = local.factory.resources.cleanup_queue_url
    (message,) = local.client("sqs").receive_message(QueueUrl=url)["Messages"]
    return {"messageId": "m", "body": message["Body"], "eventSource": "aws:sqs", "receiptHandle": "r", "attributes": {}}


def test_the_second_cleanup_removes_late_uploads(local: LocalScheduler) -> None:
    job_id = _in_state(local, "IN_PROGRESS")
    _deliver(_delete(local, job_id))
    _put(local, job_id, "ipynb/late.ipynb")
    assert _deliver(_second_cleanup(local)) == []
    assert local.objects("jobs/") == []


def test_2500_files_are_removed(local: LocalScheduler) -> None:
    job_id = local.create()
    _put(local, job_id, *(f"files/{i}" for i in range(2500)))
    _deliver(_delete(local, job_id))
    assert local.objects("jobs/") == []
    assert local.calls.count("s3:DeleteObjects") == 3


def test_a_record_can_be_delivered_twice(local: LocalScheduler) -> None:
    record = _delete(local, _in_state(local, "IN_PROGRESS"))
    assert _deliver(record) == _deliver(record) == []
    assert local.objects("jobs/") == []


def test_an_expired_job_is_cleaned_up_the_same_way(local: LocalScheduler) -> None:
    job_id = _in_state(local, "COMPLETED")
    _put(local, job_id, "ipynb/a.ipynb")
    record = _record("REMOVE", _image(local, job_id))
    record["userIdentity"] = {"type": "Service", "principalId": "dynamodb.amazonaws.com"}
    assert _deliver(record) == []
    assert local.objects("jobs/") == []


def _delete_three(local: LocalScheduler) -> list[dict[str, Any]]:
    records = [_delete(local, local.create()) for _ in range(3)]
    for number, record in enumerate(records):
        record["dynamodb"]["SequenceNumber"] = str(number)
    return records


def test_only_the_failed_record_is_delivered_again(local: LocalScheduler) -> None:
    records = _delete_three(local)
    local.hub.listeners.append(Refused("InternalError", "sqs:SendMessage", 0, status=400))
    assert _deliver(*records) == ["0"]
    assert len(local.objects("jobs/")) == 1
    assert _deliver(records[0]) == []
    assert local.objects("jobs/") == []


def test_files_that_cannot_be_removed_do_not_stop_the_stream(local: LocalScheduler) -> None:
    """The second cleanup, which is requested first, removes them."""
    records = _delete_three(local)
    local.hub.listeners.append(Refused("InternalError", "s3:DeleteObjects", 0, status=500))
    assert _deliver(*records) == []
    assert len(local.objects("jobs/")) == 1
    assert local.second_cleanups() == 3


def test_a_task_that_ecs_does_not_know_any_more_is_not_a_failure(local: LocalScheduler) -> None:
    record = _delete(local, _in_state(local, "IN_PROGRESS"))
    local.hub.ecs.tasks.clear()
    assert _deliver(record) == []


def test_the_entry_points_handle_events_of_aws(local: LocalScheduler) -> None:
    """Call each deployed handler with an event of its kind."""
    job_id = local.create()
    context = SimpleNamespace(aws_request_id="r", get_remaining_time_in_millis=lambda: 60_000)
    dispatch.handler({"Records": [{"body": "x", "attributes": {"ApproximateReceiveCount": "1"}}]}, context)
    run: Run = local.run_of(job_id)
    task_events.handler({"detail": local.hub.ecs.move(run.task_arn, "PENDING")}, context)
    assert local.job(job_id)["phase"]["message"] == "pulling the image"
    sweep.handler({}, context)
    assert cleanup.handler({"Records": [_delete(local, job_id)]}, _CONTEXT) == {"batchItemFailures": []}
    assert local.objects("jobs/") == []
