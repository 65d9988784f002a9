"""Errors of AWS: throttling becomes 429, everything else a 500 that reveals no internals."""

from typing import Any

import pytest

from tests.support.faults import Lost, NeverSent, Refused
from tests.support.scheduler import LocalScheduler, notebook


def _request(local: LocalScheduler, call: str | None) -> Any:
    """Prepare a request that makes an AWS call. Return the function that sends it."""
    job_id = local.create()
    run = local.start()
    uri = local.upload(notebook())
    requests = {
        "dynamodb:Query": lambda: local.api.get("/scheduler/jobs"),
        "dynamodb:GetItem": lambda: local.api.get(f"/scheduler/jobs/{job_id}"),
        "dynamodb:DeleteItem": lambda: local.api.delete(f"/scheduler/jobs/{job_id}"),
        "dynamodb:UpdateItem": lambda: local.api.patch(f"/scheduler/jobs/{job_id}", {"name": "x"}),
        "dynamodb:PutItem": lambda: local.post_job(input_uri=uri),
        "dynamodb:TransactWriteItems": lambda: local.post_job(input_uri=uri, idempotency_token="t"),
        "s3:GetObject": lambda: local.post_job(input_uri=uri),
        "s3:CopyObject": lambda: local.post_job(input_uri=uri),
        "s3:ListObjectsV2": lambda: local.api.get(f"/scheduler/jobs/{job_id}/download_files"),
        "logs:GetLogEvents": lambda: local.api.get(f"/scheduler/jobs/{run.path.split('/')[3]}/logs"),
    }
    return requests[str(call)]


def _cancelled(code: str) -> Refused:
    reasons = [{"Code": "None"}, {"Code": code, "Message": "said by the test"}]
    return Refused("TransactionCanceledException", "dynamodb:TransactWriteItems", CancellationReasons=reasons)


@pytest.mark.parametrize(
    "fault",
    [
        Refused("ProvisionedThroughputExceededException", "dynamodb:Query"),
        Refused("ThrottlingException", "dynamodb:GetItem"),
        Refused("RequestLimitExceeded", "dynamodb:DeleteItem"),
        Refused("ThrottlingException", "dynamodb:UpdateItem"),
        Refused("ProvisionedThroughputExceededException", "dynamodb:PutItem"),
        Refused("TransactionConflictException", "dynamodb:UpdateItem"),
        Refused("TransactionInProgressException", "dynamodb:TransactWriteItems"),
        _cancelled("ThrottlingError"),
        _cancelled("TransactionConflict"),
        _cancelled("ProvisionedThroughputExceeded"),
        Refused("SlowDown", "s3:GetObject", status=503),
        Refused("SlowDown", "s3:CopyObject", status=503),
        Refused("SlowDown", "s3:ListObjectsV2", status=503),
        Refused("ThrottlingException", "logs:GetLogEvents"),
    ],
    ids=lambda fault: fault.name,
)
def test_throttling_by_aws_becomes_429(local: LocalScheduler, fault: Refused) -> None:
    send = _request(local, fault.name)
    local.hub.listeners.append(fault)
    response = send()
    assert fault.has_happened
    assert (response.status, response.body["code"]) == (429, "too_many_requests")
    assert response.headers["Retry-After"] == "2"
    assert send().status in (200, 204)


@pytest.mark.parametrize(
    "fault",
    [
        NeverSent("dynamodb:GetItem"),
        Lost("dynamodb:UpdateItem"),
        Lost("dynamodb:TransactWriteItems"),
        Refused("InternalServerError", "dynamodb:Query", status=500),
        Refused("AccessDeniedException", "dynamodb:PutItem"),
        Refused("ValidationException", "dynamodb:DeleteItem"),
        Refused("NoSuchBucket", "s3:GetObject", status=404),
        _cancelled("ValidationError"),
    ],
    ids=lambda fault: f"{type(fault).__name__} {fault.name}",
)
def test_an_internal_error_reveals_no_internals(local: LocalScheduler, fault: Any) -> None:
    send = _request(local, fault.name)
    local.hub.listeners.append(fault)
    response = send()
    assert fault.has_happened
    assert (response.status, response.body["code"], response.body["request_id"]) == (500, "internal_error", "request-1")
    assert "said by the test" not in response.body["message"]


def test_a_job_is_created_even_if_the_wake_up_fails(local: LocalScheduler) -> None:
    local.hub.listeners.append(Refused("ThrottlingException", "sqs:SendMessage"))
    job_id = local.create()
    assert local.wake_ups() == 0
    local.factory.sweep.run()
    assert local.wake_ups() == 1
    local.dispatch()
    assert local.status(job_id) == "QUEUED"
