"""Background work that fails is counted, logs what it was for, and does not stop other work."""

import json
from types import SimpleNamespace

import pytest

from chalicelib import events
from chalicelib.domain.background_work import BackgroundWork
from chalicelib.observability import count_background_failure
from tests.support.definitions import Definitions
from tests.support.failures import Failures
from tests.support.faults import Always, Refused
from tests.support.scheduler import LocalScheduler

_CONTEXT = SimpleNamespace(
    aws_request_id="r",
    function_name="f",
    memory_limit_in_mb=128,
    invoked_function_arn="a",
    get_remaining_time_in_millis=lambda: 120_000,
)
_DENIED = "AccessDeniedException"


def test_all_functions_count_into_one_metric(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "ticks")
    count_background_failure(BackgroundWork.CLEANUP)
    line = json.loads(capsys.readouterr().out)
    assert line["_aws"]["CloudWatchMetrics"] == [
        {
            "Namespace": "JupyterScheduler",
            "Dimensions": [["service"]],
            "Metrics": [{"Name": "BackgroundFailures", "Unit": "Count"}],
        }
    ]
    assert (line["service"], line["work"], line["BackgroundFailures"]) == ("background", "cleanup", [1.0])


def test_an_unreadable_job_stops_neither_other_jobs_nor_definitions(
    local: LocalScheduler, made: Definitions, failures: Failures
) -> None:
    """The rest of the sweep goes on even after a defect that is not an error of AWS."""
    for _ in range(2):
        local.start()
    broken, intact = sorted(item["job_id"]["S"] for item in local.items())
    local.client("dynamodb").update_item(
        TableName="jobs",
        Key={"owner_id": {"S": local.owner_id()}, "job_id": {"S": broken}},
        UpdateExpression="SET phase = :nonsense",
        ExpressionAttributeValues={":nonsense": {"S": "not JSON"}},
    )
    local.clock.forward(hours=1, minutes=50)
    definition_id = made.create(schedule="* * * * *")
    local.clock.forward(minutes=15, seconds=1)
    assert [message["kind"] for message in made.sweep()] == ["walk"]
    assert len(made.jobs(definition_id)) >= 3
    assert [task["startedBy"].split("/")[1] for task in local.hub.ecs.running] == [broken]
    assert local.run_of(intact).task["desiredStatus"] == "STOPPED"
    assert failures.counted() == ["runs"]
    assert failures.named("job_id") == {broken}


def _make_work_for_every_part_of_the_sweep(local: LocalScheduler, made: Definitions) -> int:
    """Make an overdue definition, unwritten schedules, a run without heartbeats and a waiting job; return the number of wake-ups."""
    local.start()
    local.create()
    local.hub.listeners.append(Always(_DENIED, "scheduler:CreateSchedule"))
    made.create(schedule="* * * * *")
    local.hub.listeners.clear()
    local.clock.forward(hours=2, seconds=1)
    return local.wake_ups()


def _done(local: LocalScheduler, made: Definitions, wake_ups: int) -> set[str]:
    """Return what a sweep has done."""
    requested = {message["kind"] for message in made.asked()}
    stopped = set() if local.hub.ecs.running else {"stop"}
    return requested | stopped | ({"wake"} if local.wake_ups() > wake_ups else set())


_DENIALS = {
    "sqs:SendMessageBatch": (["tick-requests", "tick-requests"], {"stop", "wake"}),
    "sqs:SendMessage": (["wake-ups"], {"stop", "walk", "sync"}),
    "ecs:DescribeTasks": (["runs"], {"wake", "walk", "sync"}),
}


@pytest.mark.parametrize("refused", _DENIALS)
def test_a_denied_part_of_the_sweep_does_not_stop_the_others(
    local: LocalScheduler, made: Definitions, failures: Failures, refused: str
) -> None:
    wake_ups = _make_work_for_every_part_of_the_sweep(local, made)
    failures.counted()
    local.hub.listeners.append(Always(_DENIED, refused))
    events.sweep({}, _CONTEXT)
    assert (failures.counted(), _done(local, made, wake_ups)) == _DENIALS[refused]


@pytest.mark.parametrize("turn", range(10))
def test_a_failed_query_does_not_stop_the_other_parts_of_the_sweep(
    local: LocalScheduler, made: Definitions, failures: Failures, turn: int
) -> None:
    """Before it measures, a sweep makes ten Queries; any of them may fail."""
    wake_ups = _make_work_for_every_part_of_the_sweep(local, made)
    failures.counted()
    local.hub.listeners.append(Refused(_DENIED, "dynamodb:Query", turn=turn))
    events.sweep({}, _CONTEXT)
    assert len(failures.counted()) == 1
    assert len({"walk", "sync", "stop", "wake"} - _done(local, made, wake_ups)) <= 1


def test_a_container_that_cannot_be_started_counts_as_a_background_failure(
    local: LocalScheduler, failures: Failures
) -> None:
    job_id = local.create()
    failures.counted()
    local.hub.listeners.append(Always(_DENIED, "ecs:RunTask", status=400))
    while local.status(job_id) != "FAILED":  # retried, because a new permission takes effect after a while
        local.dispatch()
        local.clock.forward(minutes=10)
    assert failures.counted() == ["launches"]


def test_a_launch_without_a_response_is_counted(local: LocalScheduler, failures: Failures) -> None:
    local.create()
    failures.counted()
    local.hub.listeners.append(Always("ServerException", "ecs:RunTask", status=500))
    local.dispatch()
    assert failures.counted() == ["launches"]


def test_a_failed_notebook_is_not_a_failure_of_the_service(local: LocalScheduler, failures: Failures) -> None:
    assert local.start().report("notebook_error").status == 200
    assert failures.counted() == []


def test_a_failed_task_event_logs_its_task(local: LocalScheduler, failures: Failures) -> None:
    run = local.start()
    detail = local.hub.ecs.finish(run.task_arn)
    local.hub.listeners.append(Always(_DENIED, "dynamodb:GetItem"))
    with pytest.raises(Exception, match=_DENIED):
        events.task_events({"detail": detail}, _CONTEXT)
    assert failures.counted() == ["task-events"]
    assert failures.named("task_arn") == {run.task_arn}
