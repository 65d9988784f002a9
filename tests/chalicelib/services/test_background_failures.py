"""Background work that fails: it is counted, it names what it is for, and it holds up no other work."""

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

_CONTEXT = SimpleNamespace(aws_request_id="r", function_name="f", memory_limit_in_mb=128, invoked_function_arn="a")
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


def test_a_job_that_cannot_be_read_holds_up_neither_other_jobs_nor_definitions(
    local: LocalScheduler, made: Definitions, failures: Failures
) -> None:
    """A defect, not an answer of AWS: whatever it is, the rest of the sweep goes on."""
    for _ in range(2):
        local.start()
    broken, intact = sorted(each["job_id"]["S"] for each in local.items())
    local.client("dynamodb").update_item(
        TableName="jobs",
        Key={"owner_id": {"S": local.owner_id()}, "job_id": {"S": broken}},
        UpdateExpression="SET phase = :nonsense",
        ExpressionAttributeValues={":nonsense": {"S": "not JSON"}},
    )
    definition_id = made.create(schedule="* * * * *")
    local.clock.forward(minutes=15, seconds=1)
    assert [each["kind"] for each in made.sweep()] == ["walk"]
    assert len(made.jobs(definition_id)) >= 3
    assert [each["startedBy"].split("/")[1] for each in local.hub.ecs.running] == [broken]
    assert local.run_of(intact).task["desiredStatus"] == "STOPPED"
    assert failures.counted() == ["runs"]
    assert failures.named("job_id") == {broken}


def _give_every_duty_something_to_do(local: LocalScheduler, made: Definitions) -> int:
    """Make an overdue definition, schedules that lag behind, a silent run and a waiting job; give the number of wake-ups."""
    local.start()
    local.create()
    local.hub.listeners.append(Always(_DENIED, "scheduler:CreateSchedule"))
    made.create(schedule="* * * * *")
    local.hub.listeners.clear()
    local.clock.forward(minutes=15, seconds=1)
    return local.wake_ups()


def _done(local: LocalScheduler, made: Definitions, wake_ups: int) -> set[str]:
    """Name what a sweep has done."""
    asked = {each["kind"] for each in made.asked()}
    stopped = set() if local.hub.ecs.running else {"stop"}
    return asked | stopped | ({"wake"} if local.wake_ups() > wake_ups else set())


_DENIALS = {
    "sqs:SendMessageBatch": (["tick-requests", "tick-requests"], {"stop", "wake"}),
    "sqs:SendMessage": (["wake-ups"], {"stop", "walk", "sync"}),
    "ecs:DescribeTasks": (["runs"], {"wake", "walk", "sync"}),
}


@pytest.mark.parametrize("refused", _DENIALS)
def test_a_duty_of_the_sweep_that_is_denied_holds_up_no_other(
    local: LocalScheduler, made: Definitions, failures: Failures, refused: str
) -> None:
    wake_ups = _give_every_duty_something_to_do(local, made)
    failures.counted()
    local.hub.listeners.append(Always(_DENIED, refused))
    events.sweep({}, _CONTEXT)
    assert (failures.counted(), _done(local, made, wake_ups)) == _DENIALS[refused]


@pytest.mark.parametrize("turn", range(10))
def test_a_list_that_cannot_be_read_holds_up_no_other_duty(
    local: LocalScheduler, made: Definitions, failures: Failures, turn: int
) -> None:
    """A sweep makes ten Queries; each may be the one that fails."""
    wake_ups = _give_every_duty_something_to_do(local, made)
    failures.counted()
    local.hub.listeners.append(Refused(_DENIED, "dynamodb:Query", turn=turn))
    events.sweep({}, _CONTEXT)
    assert len(failures.counted()) == 1
    assert len({"walk", "sync", "stop", "wake"} - _done(local, made, wake_ups)) <= 1


def test_a_job_for_which_no_container_can_be_started_tells_the_operator_too(
    local: LocalScheduler, failures: Failures
) -> None:
    job_id = local.create()
    failures.counted()
    local.hub.listeners.append(Always(_DENIED, "ecs:RunTask", status=400))
    while local.status(job_id) != "FAILED":  # a new permission takes effect after a while, so it is tried again
        local.dispatch()
        local.clock.forward(minutes=10)
    assert failures.counted() == ["launches"]


def test_a_launch_that_gets_no_answer_is_counted(local: LocalScheduler, failures: Failures) -> None:
    local.create()
    failures.counted()
    local.hub.listeners.append(Always("ServerException", "ecs:RunTask", status=500))
    local.dispatch()
    assert failures.counted() == ["launches"]


def test_a_notebook_that_fails_is_no_failure_of_the_service(local: LocalScheduler, failures: Failures) -> None:
    assert local.start().report("notebook_error").status == 200
    assert failures.counted() == []


def test_a_task_event_that_fails_names_its_task(local: LocalScheduler, failures: Failures) -> None:
    run = local.start()
    detail = local.hub.ecs.finish(run.task_arn)
    local.hub.listeners.append(Always(_DENIED, "dynamodb:GetItem"))
    with pytest.raises(Exception, match=_DENIED):
        events.task_events({"detail": detail}, _CONTEXT)
    assert failures.counted() == ["task-events"]
    assert failures.named("task_arn") == {run.task_arn}
