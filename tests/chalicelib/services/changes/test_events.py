"""Events: each change that somebody may wait for is sent to the event bus, and what one change means is the same each time."""

import json
from typing import Any

import pytest

from tests.support.definitions import Definitions
from tests.support.failures import Failures
from tests.support.faults import Always, Lost, NeverSent, Refused, Responds
from tests.support.scheduler import LocalScheduler, settings

ANNA_ARN = "arn:aws:iam::123456789012:user/anna"


def kinds(made: Definitions) -> list[str]:
    """Deliver all changes; return the kinds of the events since the last call."""
    made.follow_changes()
    return [each["detail-type"] for each in made.events()]


def test_a_job_that_completes(local: LocalScheduler, followed: Definitions) -> None:
    run = local.start(name="Sales", tags=["eu", "daily"])
    assert run.report().status == 200
    local.finish(run, exit_code=0)
    followed.follow_changes()
    created, started, completed = followed.events()
    assert [each["detail-type"] for each in (created, started, completed)] == [
        "Job Created",
        "Job Started",
        "Job Completed",
    ]
    assert {each["source"] for each in (created, started, completed)} == {"jupyter-scheduler"}
    job_id = completed["detail"]["job_id"]
    assert completed["detail"] == {
        "version": "1",
        "event_id": f"{job_id}/1/job_completed",
        "owner_id": local.owner_id(),
        "owner": ANNA_ARN,
        "job_id": job_id,
        "job_definition_id": None,
        "name": "Sales",
        "tags": ["eu", "daily"],
        "status": "COMPLETED",
        "attempt": 1,
        "input_filename": "report.ipynb",
        "runtime_environment_name": "python",
        "compute_type": "small",
        "scheduled_time": "2026-11-23T12:00:00.000Z",
        "timezone": None,
        "create_time": "2026-11-23T12:00:00.000Z",
        "start_time": "2026-11-23T12:00:00.000Z",
        "end_time": "2026-11-23T12:00:00.000Z",
        "outcome": {
            "code": "succeeded",
            "title": "Completed",
            "message": "",
            "retryable": False,
            "cell": None,
            "error_name": None,
        },
    }
    assert (created["detail"]["status"], created["detail"]["outcome"]) == ("CREATED", None)


def test_a_job_that_is_retried_and_fails(local: LocalScheduler, followed: Definitions) -> None:
    run = local.start(max_retries=1)
    run.report("notebook_error", message="ZeroDivisionError: division by zero", cell=3, error_name="ZeroDivisionError")
    local.finish(run, exit_code=10)
    local.clock.forward(minutes=1)
    job_id = run.path.split("/")[3]
    again = local.start(job_id)
    again.report("notebook_error", message="KeyError: 'x'", cell=4, error_name="KeyError")
    local.finish(again, exit_code=10)
    followed.follow_changes()
    *_, retried, started, failed = followed.events()
    assert (retried["detail-type"], retried["detail"]["attempt"]) == ("Job Retried", 1)
    assert (retried["detail"]["outcome"]["error_name"], retried["detail"]["outcome"]["cell"]) == (
        "ZeroDivisionError",
        3,
    )
    assert (started["detail-type"], started["detail"]["attempt"]) == ("Job Started", 2)
    assert (failed["detail-type"], failed["detail"]["outcome"]["error_name"]) == ("Job Failed", "KeyError")


def test_a_job_that_is_stopped_or_deleted(local: LocalScheduler, followed: Definitions) -> None:
    stopped, deleted, ended = local.create(), local.create(), local.create()
    for job_id in (stopped, ended):
        assert local.api.patch(f"/scheduler/jobs/{job_id}", {"status": "STOPPED"}).status == 204
    assert kinds(followed) == ["Job Created"] * 3 + ["Job Stopped"] * 2
    for job_id in (deleted, ended):
        assert local.api.delete(f"/scheduler/jobs/{job_id}").status == 204
    followed.follow_changes()
    (event,) = followed.events()
    assert (event["detail-type"], event["detail"]["job_id"]) == ("Job Deleted", deleted)


def test_a_launch_without_capacity_is_no_retry(local: LocalScheduler, followed: Definitions) -> None:
    local.create()
    local.hub.listeners.append(
        Refused("ClientException", "ecs:RunTask", message="Capacity is unavailable at this time")
    )
    local.dispatch()
    assert kinds(followed) == ["Job Created"]


def test_skipped_missed_and_refused_ticks(local: LocalScheduler, followed: Definitions) -> None:
    definition_id = followed.create(overlap_policy="skip", catch_up_seconds=3600)
    followed.set_clock("13:00", seconds=5)
    followed.tick(definition_id, followed.at("13:00"))
    followed.set_clock("14:00", seconds=5)
    followed.tick(definition_id, followed.at("14:00"))
    followed.follow_changes()
    created, skipped = followed.events()
    assert (created["detail-type"], created["detail"]["job_definition_id"]) == ("Job Created", definition_id)
    assert (skipped["detail-type"], skipped["detail"]["ticks"]) == (
        "Tick Skipped",
        {"count": 1, "last_due": "2026-11-23T14:00:00.000Z"},
    )
    assert followed.described(definition_id)["skipped_count"] == 1
    followed.set_clock("18:30")
    followed.sweep()
    followed.follow_changes()
    missed = followed.events()[0]
    assert (missed["detail-type"], missed["detail"]["ticks"]["count"]) == ("Tick Missed", 3)
    assert "3 due times" in missed["detail"]["problem"]["message"]


def test_a_tick_that_the_service_refuses(local: LocalScheduler, followed: Definitions) -> None:
    definition_id = followed.create()
    local.serve(settings(environments={"other": settings().environments["python"].model_dump()}))
    del local.factory.settings.environments["python"]
    followed.set_clock("13:00", seconds=5)
    assert followed.tick(definition_id, followed.at("13:00")) == []
    followed.follow_changes()
    (event,) = followed.events()
    assert event["detail-type"] == "Tick Refused"
    assert (event["detail"]["ticks"]["count"], event["detail"]["problem"]["code"]) == (1, "not_allowed")


def test_a_schedule_that_cannot_be_written_is_told_once(local: LocalScheduler, followed: Definitions) -> None:
    local.hub.listeners.append(Always("AccessDeniedException", "scheduler:CreateSchedule"))
    definition_id = followed.create()
    followed.follow_changes()
    (event,) = followed.events()
    assert event["detail-type"] == "Definition Unschedulable"
    assert event["detail"]["job_definition_id"] == definition_id
    assert (event["detail"]["problem"]["work"], event["detail"]["problem"]["code"]) == ("schedules", "denied")
    local.clock.forward(minutes=6)
    followed.sweep()
    assert kinds(followed) == []


def test_throttled_schedules_are_told_only_if_they_stay_so(local: LocalScheduler, followed: Definitions) -> None:
    local.hub.listeners.append(Always("ThrottlingException", "scheduler:CreateSchedule"))
    followed.create(schedule="0 0 1 1 *")
    told = [kinds(followed)]
    for _ in range(4):
        local.clock.forward(minutes=6)
        followed.sweep()
        told.append(kinds(followed))
    assert told == [[], [], ["Definition Unschedulable"], [], []]


@pytest.mark.parametrize(
    "fault",
    [
        NeverSent("events:PutEvents"),
        Lost("events:PutEvents"),
        Refused("InternalException", "events:PutEvents"),
        Refused("AccessDeniedException", "events:PutEvents"),
    ],
    ids=["not sent", "lost", "failed", "denied"],
)
def test_an_event_that_eventbridge_does_not_accept_is_delivered_again(
    local: LocalScheduler, followed: Definitions, failures: Failures, fault: Any
) -> None:
    local.create()
    records = followed.changes()
    local.hub.listeners.append(fault)
    assert len(followed.deliver_changes(*records)) == 1
    assert failures.counted() == ["events"]
    assert followed.deliver_changes(*records) == []
    assert len({each["detail"]["event_id"] for each in followed.events()}) == 1


def test_an_event_that_is_refused_in_the_response_is_delivered_again(
    local: LocalScheduler, followed: Definitions
) -> None:
    local.create()
    records = followed.changes()
    refused = {"FailedEntryCount": 1, "Entries": [{"ErrorCode": "ThrottlingException", "ErrorMessage": "slow down"}]}
    local.hub.listeners.append(Responds("events:PutEvents", refused))
    assert len(followed.deliver_changes(*records)) == 1
    local.hub.listeners.clear()
    assert followed.deliver_changes(*records) == []
    assert [each["detail-type"] for each in followed.events()] == ["Job Created"]


def test_a_record_that_can_never_be_handled_does_not_block_the_others(
    local: LocalScheduler, followed: Definitions, failures: Failures
) -> None:
    local.create(), local.create()
    unreadable, other = followed.changes()
    unreadable["dynamodb"]["NewImage"]["status"] = {"S": "UNHEARD OF"}
    assert followed.deliver_changes(unreadable, other) == []
    assert failures.counted() == ["events"]
    assert failures.named("job_id") == {unreadable["dynamodb"]["Keys"]["job_id"]["S"]}
    assert [each["detail-type"] for each in followed.events()] == ["Job Created"]


def test_a_change_that_nobody_waits_for_calls_nothing(local: LocalScheduler, followed: Definitions) -> None:
    run = local.launch()
    kinds(followed)
    run.heartbeat()
    local.ecs_event(local.hub.ecs.move(run.task_arn, "RUNNING"))
    records = followed.changes()
    assert records
    local.calls.clear()
    assert followed.deliver_changes(*records) == []
    assert local.calls == []


def test_an_event_is_small(local: LocalScheduler, followed: Definitions) -> None:
    """EventBridge accepts 256 KB (API reference, PutEvents)."""
    widest = "\U0001f600"
    run = local.start(name=widest * 200, tags=[widest * 200] * 50, parameters={"p": "x" * 10_000})
    run.report("notebook_error", message=widest * 100_000, error_name=widest * 1000)
    followed.follow_changes()
    sizes = [len(json.dumps(each, ensure_ascii=False).encode()) for each in followed.events()]
    assert 40_000 < max(sizes) < 64_000
