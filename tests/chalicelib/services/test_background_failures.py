"""Background work that fails: it is counted, it names what it is for, and it holds up no other work."""

import json
import logging
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from chalicelib import events
from chalicelib.domain.duty import Duty
from chalicelib.observability import count_background_failure
from tests.support.definitions import Definitions
from tests.support.faults import Always, Refused
from tests.support.scheduler import LocalScheduler

_CONTEXT = SimpleNamespace(aws_request_id="r", function_name="f", memory_limit_in_mb=128, invoked_function_arn="a")
_DENIED = "AccessDeniedException"


class Failures:
    """What was counted and logged."""

    def __init__(self, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> None:
        self._capsys, self._caplog = capsys, caplog

    def counted(self) -> list[str]:
        """Take the duties whose failures were counted since the last time."""
        lines = self._capsys.readouterr().out.splitlines()
        return [json.loads(line)["duty"] for line in lines if '"BackgroundFailures"' in line]

    def named(self, name: str) -> set[str]:
        """Give what the log says of one id in its lines about failures."""
        lines = [each for each in self._caplog.records if each.message == "background work failed"]
        return {str(vars(each)[name]) for each in lines if name in vars(each)}


@pytest.fixture
def failures(capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> Iterator[Failures]:
    """Listen to the logger itself: the first request gives the service's logs their structured form, which ends above it."""
    logger = logging.getLogger("chalicelib.services.duties")
    logger.addHandler(caplog.handler)
    yield Failures(capsys, caplog)
    logger.removeHandler(caplog.handler)


def test_all_functions_count_into_one_metric(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "ticks")
    count_background_failure(Duty.CLEANUP)
    line = json.loads(capsys.readouterr().out)
    assert line["_aws"]["CloudWatchMetrics"] == [
        {
            "Namespace": "JupyterScheduler",
            "Dimensions": [["service"]],
            "Metrics": [{"Name": "BackgroundFailures", "Unit": "Count"}],
        }
    ]
    assert (line["service"], line["duty"], line["BackgroundFailures"]) == ("background", "cleanup", [1.0])


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
    local.clock.forward(minutes=5, seconds=1)
    assert [each["kind"] for each in made.sweep()] == ["walk"]
    assert len(made.jobs(definition_id)) == 3
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
    local.clock.forward(minutes=5, seconds=1)
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


def test_a_tick_that_is_refused_is_noted_and_delivered_again(
    local: LocalScheduler, made: Definitions, failures: Failures
) -> None:
    definition_id = made.create()
    made.set_clock("13:00", seconds=4)
    local.hub.listeners.append(Always(_DENIED, "s3:CopyObject", status=403))
    assert made.tick(definition_id, made.at("13:00")) == ["m0"]
    described = made.described(definition_id)
    (problem,) = described["problems"]
    assert (problem["duty"], problem["code"], problem["attempts"]) == ("ticks", "denied", 1)
    assert problem["title"] == "Due jobs not made"
    assert f"{_DENIED}: said by the test" in problem["message"]
    assert described["next_run_time"] is None
    assert failures.counted() == ["ticks"]
    assert failures.named("definition_id") == {definition_id}
    local.hub.listeners.clear()
    assert made.tick(definition_id, made.at("13:00")) == []
    described = made.described(definition_id)
    assert (described["problems"], described["run_count"]) == ([], 1)
    assert described["next_run_time"] == int(made.at("14:00").timestamp() * 1000)


def test_ticks_that_are_throttled_promise_a_run_until_it_happens_again_and_again(
    local: LocalScheduler, made: Definitions
) -> None:
    definition_id = made.create()
    made.set_clock("13:00", seconds=4)
    local.hub.listeners.append(Always("SlowDown", "s3:CopyObject", status=503))
    promises = []
    for _ in range(3):
        made.tick(definition_id, made.at("13:00"))
        promises.append(made.described(definition_id)["next_run_time"] is not None)
    assert promises == [True, True, False]


def test_a_minute_that_is_missed_says_why_until_the_next_one_runs(
    local: LocalScheduler, made: Definitions, failures: Failures
) -> None:
    definition_id = made.create(schedule="0 13 * * *")
    local.hub.listeners.append(Always(_DENIED, "s3:CopyObject", status=403))
    made.set_clock("13:02")
    for _ in range(65):
        made.sweep()
        local.clock.forward(minutes=1)
    described = made.described(definition_id)
    assert (described["missed_count"], described["run_count"]) == (1, 0)
    assert [(each["duty"], each["code"]) for each in described["problems"]] == [("ticks", "denied")]
    assert set(failures.counted()) == {"ticks"}
    local.hub.listeners.clear()
    local.clock.now = made.at("13:00").replace(day=24)
    made.tick(definition_id, local.clock.now)
    assert made.described(definition_id)["problems"] == []


@pytest.mark.parametrize(("catch_up", "counted"), [(0, []), (3600, ["ticks"])])
def test_a_missed_minute_counts_as_a_failure_where_the_sweep_would_have_been_in_time(
    made: Definitions, failures: Failures, catch_up: int, counted: list[str]
) -> None:
    made.create(schedule="0 13 * * *", catch_up_seconds=catch_up)
    made.set_clock("15:00")
    made.sweep()
    assert made.verdicts() == {"13:00": "missed"}
    assert failures.counted() == counted


@pytest.mark.parametrize("kind", ["walk", "sync"])
def test_what_the_sweep_asks_for_every_minute_is_not_delivered_again(
    local: LocalScheduler, made: Definitions, failures: Failures, kind: str
) -> None:
    definition_id = made.create()
    made.set_clock("13:05")
    message = {"kind": kind, "owner_id": local.owner_id(), "definition_id": definition_id}
    local.hub.listeners.append(Always("InternalServerError", "dynamodb:GetItem", status=500))
    assert made.deliver(message) == []
    assert failures.counted() == [{"walk": "ticks", "sync": "schedules"}[kind]]


def test_a_failure_that_cannot_be_noted_is_still_counted(
    local: LocalScheduler, made: Definitions, failures: Failures
) -> None:
    definition_id = made.create()
    made.set_clock("13:00", seconds=4)
    local.hub.listeners += [
        Always(_DENIED, "s3:CopyObject", status=403),
        Always(_DENIED, "dynamodb:UpdateItem", status=400),
    ]
    assert made.tick(definition_id, made.at("13:00")) == ["m0"]
    assert failures.counted() == ["ticks"]


def test_a_job_for_which_no_container_can_be_started_tells_the_operator_too(
    local: LocalScheduler, failures: Failures
) -> None:
    job_id = local.create()
    failures.counted()
    local.hub.listeners.append(Always(_DENIED, "ecs:RunTask", status=400))
    local.dispatch()
    assert local.status(job_id) == "FAILED"
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


@pytest.mark.parametrize("refused", ["s3:ListObjectsV2", "s3:DeleteObjects"])
def test_files_that_cannot_be_removed_are_left_to_the_second_cleanup_which_names_the_job(
    local: LocalScheduler, made: Definitions, failures: Failures, refused: str
) -> None:
    made.follow_streams()
    job_id = local.create()
    assert local.api.delete(f"/scheduler/jobs/{job_id}").status == 204
    local.hub.listeners.append(Always(_DENIED, refused, status=403))
    assert made.clean_up() == []
    assert failures.counted() == ["cleanup"]
    assert failures.named("job_id") == {job_id}
    (message,) = made.second_cleanups()
    assert message == {"owner_id": local.owner_id(), "job_id": job_id}
    assert made.deliver_second_cleanups(message) == ["m0"]
    local.hub.listeners.clear()
    assert made.deliver_second_cleanups(message) == []
    assert made.leftovers() == {}


@pytest.mark.parametrize("refused", ["scheduler:DeleteSchedule", "s3:ListObjectsV2", "dynamodb:Query"])
def test_a_definition_that_cannot_be_cleaned_up_is_left_to_the_second_cleanup_which_names_it(
    local: LocalScheduler, made: Definitions, failures: Failures, refused: str
) -> None:
    definition_id = made.create()
    made.follow_streams()
    made.delete(definition_id)
    local.hub.listeners.append(Always(_DENIED, refused, status=403))
    assert made.clean_up() == []
    assert failures.counted() == ["cleanup"]
    (message,) = made.second_cleanups()
    assert message == {"owner_id": local.owner_id(), "definition_id": definition_id, "schedule_slots": 1}
    assert made.deliver_second_cleanups(message) == ["m0"]
    local.hub.listeners.clear()
    assert made.deliver_second_cleanups(message) == []
    assert made.leftovers() == {}


def test_a_task_that_cannot_be_stopped_is_tried_again_and_its_job_is_named(
    local: LocalScheduler, made: Definitions, failures: Failures
) -> None:
    made.follow_streams()
    run = local.start()
    (job_id,) = (each["job_id"]["S"] for each in local.items())
    made.told()
    assert local.api.delete(f"/scheduler/jobs/{job_id}").status == 204
    local.hub.listeners.append(Always(_DENIED, "ecs:StopTask"))
    records = made.told()
    assert len(made.deliver_records(*records)) == 1
    assert failures.counted() == ["cleanup"]
    assert [each["job_id"] for each in made.second_cleanups()] == [job_id]
    local.hub.listeners.clear()
    assert made.deliver_records(*records) == []
    assert run.task["desiredStatus"] == "STOPPED"
