"""Wake-ups as Lambda delivers them: the queue's only message group never stays blocked, even if dispatch fails."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from app.dispatch import handler as dispatch
from chalicelib import observability
from tests.support.faults import Killed, KilledBefore, NeverSent, Refused
from tests.support.scheduler import LocalScheduler, scheduler, settings


@pytest.fixture(autouse=True)
def _named_function(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Name the function as the stack does: the name becomes the metrics' dimension."""
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "dispatch")
    observability._metrics.cache_clear()
    yield
    observability._metrics.cache_clear()


class _Context:
    """The context of a function that has a minute left."""

    aws_request_id = "request"
    function_name = "dispatch"

    def get_remaining_time_in_millis(self) -> int:
        return 60_000


def _poll(local: LocalScheduler) -> int:
    """Poll once as Lambda's event source mapping does: receive, call, delete unless the function failed. Return the number received."""
    url, sqs = local.factory.resources.wake_up_queue_url, local.client("sqs")
    received = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, AttributeNames=["All"]).get("Messages", [])
    if not received:
        return 0
    records = [{"messageId": message["MessageId"], "attributes": message["Attributes"]} for message in received]
    try:
        dispatch({"Records": records}, _Context())
    except Exception:  # noqa: BLE001 - after any error Lambda leaves the messages to their visibility timeout
        return len(received)
    for message in received:
        sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return len(received)


_FAULTS: dict[str, Callable[[], Any]] = {
    "reading live jobs is throttled": lambda: Refused("ProvisionedThroughputExceededException", "dynamodb:Query"),
    "reading waiting jobs fails inside DynamoDB": lambda: Refused("InternalServerError", "dynamodb:Query", 4, 500),
    "DynamoDB is unreachable": lambda: NeverSent("dynamodb:Query"),
    "the table refuses": lambda: Refused("AccessDeniedException", "dynamodb:Query"),
}


@pytest.mark.parametrize("fault", _FAULTS)
def test_after_a_failed_dispatch_the_next_sweep_has_jobs_launched(local: LocalScheduler, fault: str) -> None:
    job_id = local.create()
    injected = _FAULTS[fault]()
    local.hub.listeners.append(injected)
    assert _poll(local) == 1
    assert injected.has_happened
    assert local.status(job_id) == "CREATED"
    local.factory.sweep.run()
    assert _poll(local) == 1
    assert local.status(job_id) == "QUEUED"


def test_a_failed_dispatch_is_counted(local: LocalScheduler, capsys: pytest.CaptureFixture[str]) -> None:
    local.create()
    local.hub.listeners.append(NeverSent("dynamodb:Query"))
    _poll(local)
    assert "BackgroundFailures" in _metrics(capsys)


def test_a_redelivered_wake_up_reports_a_crash_even_if_this_dispatch_crashes_too(
    local: LocalScheduler, capsys: pytest.CaptureFixture[str]
) -> None:
    local.create()
    local.hub.listeners.append(KilledBefore("dynamodb:Query"))
    record = {"messageId": "1", "attributes": {"ApproximateReceiveCount": "2"}}
    with pytest.raises(Killed):
        dispatch({"Records": [record]}, _Context())
    assert "BackgroundFailures" in _metrics(capsys)


def test_a_successful_dispatch_counts_no_failure(local: LocalScheduler, capsys: pytest.CaptureFixture[str]) -> None:
    local.create()
    capsys.readouterr()
    _poll(local)
    assert _metrics(capsys) == {"JobsLaunched"}


def _metrics(capsys: pytest.CaptureFixture[str]) -> set[str]:
    """Read the names of the written metrics, and check that each has the dimension that alarms use."""
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"_aws"' in line]
    names = set()
    for line in lines:
        for directive in line["_aws"]["CloudWatchMetrics"]:
            assert (directive["Namespace"], directive["Dimensions"]) == ("JupyterScheduler", [["service"]])
            names |= {metric["Name"] for metric in directive["Metrics"]}
    return names


def test_an_unreadable_record_does_not_stop_the_others(local: LocalScheduler) -> None:
    broken, good = local.create(), local.create()
    local.client("dynamodb").update_item(
        TableName="jobs",
        Key={"owner_id": {"S": local.owner_id()}, "job_id": {"S": broken}},
        UpdateExpression="REMOVE spec",
    )
    _poll(local)
    assert [task["startedBy"].split("/")[1] for task in local.tasks()] == [good]


@pytest.mark.parametrize("failures", [["RESOURCE:ENI"], ["Capacity is unavailable at this time"]])
def test_a_dispatch_sends_one_wake_up_even_if_many_launches_fail(local: LocalScheduler, failures: list[str]) -> None:
    for _ in range(5):
        local.create(compute_type="small-spot")
    local.hub.ecs.failures = failures * 5
    local.calls.clear()
    _poll(local)
    assert local.calls.count("sqs:SendMessage") == 1
    assert len(local.hub.ecs.requests) == 5


def test_the_slot_of_a_refused_launch_is_used_immediately() -> None:
    with scheduler(settings(limits={"max_running_jobs": 1})) as local:
        local.create()
        local.clock.forward(milliseconds=1)
        second = local.create()
        local.hub.ecs.failures = ["MISSING"]
        assert _poll(local) == 2
        assert _poll(local) == 1
        assert local.status(second) == "QUEUED"


def test_a_sweep_sends_one_wake_up_even_if_it_ends_many_runs(local: LocalScheduler) -> None:
    for _ in range(3):
        local.start()
    local.hub.ecs.tasks.clear()
    local.clock.forward(minutes=6)
    local.calls.clear()
    local.factory.sweep.run()
    assert local.calls.count("sqs:SendMessage") == 1


def test_a_wake_up_that_cannot_be_sent_is_counted_and_fails_no_request(
    local: LocalScheduler, capsys: pytest.CaptureFixture[str]
) -> None:
    run = local.start()
    local.create()
    local.hub.listeners.append(NeverSent("sqs:SendMessage"))
    assert run.report().status == 200
    local.finish(run, exit_code=0)
    dispatch({"Records": []}, _Context())
    assert "BackgroundFailures" in _metrics(capsys)
