"""Failed calls of AWS leave the stores as `AwsError`, with AWS's error code and message."""

from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.errors import AwsError, AwsThrottledError
from tests.support.faults import NeverSent, Refused
from tests.support.scheduler import LocalScheduler

_CALLS: dict[str, Callable[[LocalScheduler], Any]] = {
    "dynamodb:GetItem": lambda local: local.factory._job_table.get("anna", "j", local.clock()),
    "dynamodb:DeleteItem": lambda local: local.factory._definition_table.delete("anna", "d"),
    "dynamodb:Query": lambda local: list(local.factory._job_lists.overdue(local.clock())),
    "s3:DeleteObject": lambda local: local.factory._files.delete("jobs/anna/j/input.ipynb"),
    "secretsmanager:GetSecretValue": lambda local: local.factory._runner_key.value,
    "scheduler:DeleteSchedule": lambda local: local.factory._schedules.delete("d", 0),
    "ecs:DescribeTasks": lambda local: local.factory._launcher.describe("arn"),
    "sqs:SendMessage": lambda local: local.factory._second_cleanups.send(owner_id="anna", job_id="j"),
    "sqs:SendMessageBatch": lambda local: local.factory._tick_queue.send_all("walk", [("anna", "d")]),
    "logs:DeleteLogStream": lambda local: local.factory._logs.delete("arn"),
}


@pytest.mark.parametrize("call", _CALLS)
def test_a_refused_call_raises_the_code_and_message_of_aws(local: LocalScheduler, call: str) -> None:
    local.hub.listeners.append(Refused("AccessDeniedException", call, message="not for you"))
    with pytest.raises(AwsError) as raised:
        _CALLS[call](local)
    assert (raised.value.code, raised.value.message) == ("AccessDeniedException", "not for you")
    assert not isinstance(raised.value, AwsThrottledError)


@pytest.mark.parametrize("call", _CALLS)
def test_a_throttled_call_raises_an_error_of_its_own(local: LocalScheduler, call: str) -> None:
    local.hub.listeners.append(Refused("ThrottlingException", call))
    with pytest.raises(AwsThrottledError):
        _CALLS[call](local)


@pytest.mark.parametrize("call", _CALLS)
def test_a_call_without_a_response_raises_the_type_of_the_error(local: LocalScheduler, call: str) -> None:
    local.hub.listeners.append(NeverSent(call))
    with pytest.raises(AwsError) as raised:
        _CALLS[call](local)
    assert raised.value.code == "EndpointConnectionError"


def test_an_upload_that_is_read_later_raises_them_too(local: LocalScheduler) -> None:
    local.client("s3").put_object(Bucket=local.bucket, Key="uploads/anna/1", Body=b"x" * 2 * 2**20)
    upload = local.factory._files.open_upload("uploads/anna/1", 2**30)
    local.hub.listeners.append(Refused("SlowDown", "s3:GetObject", status=503))
    with pytest.raises(AwsThrottledError):
        upload.file.read()
