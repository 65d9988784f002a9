"""Schedules: after every change of a definition, EventBridge has exactly what the record says."""

import json
from typing import Any

import pytest

from chalicelib.domain.crontab.expression import to_eventbridge
from tests.support.aws import REGION
from tests.support.definitions import Definitions
from tests.support.faults import Meanwhile, NeverSent, Refused
from tests.support.scheduler import LocalScheduler

_ONE, _TWO = "30 2 * * 0", "0 13 1 * 1"
"""Crontabs that need one and two EventBridge schedules."""


def _summary(made: Definitions) -> dict[str, tuple[str, str, str, int]]:
    """Return what differs between schedules: expression, time zone, state, revision."""
    return {
        name.rpartition("-")[2]: (
            schedule["ScheduleExpression"],
            schedule["ScheduleExpressionTimezone"],
            schedule["State"],
            json.loads(schedule["Target"]["Input"])["revision"],
        )
        for name, schedule in made.schedules().items()
    }


def _expected(schedule: str, zone: str, state: str, revision: int) -> dict[str, tuple[str, str, str, int]]:
    return {str(slot): (expression, zone, state, revision) for slot, expression in enumerate(to_eventbridge(schedule))}


def test_a_schedule_has_everything_that_eventbridge_needs(local: LocalScheduler, made: Definitions) -> None:
    definition_id = made.create(schedule=_ONE, timezone="America/New_York")
    (schedule,) = made.schedules().values()
    assert schedule["Name"] == f"{definition_id}-0"
    assert len(schedule["Name"]) <= 64
    assert schedule["GroupName"] == "schedules"
    assert schedule["ScheduleExpression"] == "cron(30 2 ? * 1 *)"
    assert schedule["ScheduleExpressionTimezone"] == "America/New_York"
    assert schedule["State"] == "ENABLED"
    assert schedule["FlexibleTimeWindow"] == {"Mode": "OFF"}
    assert schedule["Target"] == {
        "Arn": f"arn:aws:sqs:{REGION}:123456789012:ticks",
        "RoleArn": "arn:aws:iam::123456789012:role/scheduler",
        "Input": schedule["Target"]["Input"],
        "RetryPolicy": {"MaximumEventAgeInSeconds": 3600, "MaximumRetryAttempts": 185},
        "DeadLetterConfig": {"Arn": f"arn:aws:sqs:{REGION}:123456789012:dead-ticks"},
    }
    assert json.loads(schedule["Target"]["Input"]) == {
        "owner_id": local.owner_id(),
        "definition_id": definition_id,
        "revision": 1,
        "due": "<aws.scheduler.scheduled-time>",
    }


def test_a_replaced_schedule_keeps_every_field(made: Definitions) -> None:
    definition_id = made.create()
    (before,) = made.schedules().values()
    made.patch(definition_id, schedule=_ONE)
    (after,) = made.schedules().values()
    changed = {name for name in before if before[name] != after[name]}
    assert changed <= {"ScheduleExpression", "Target", "LastModificationDate"}
    assert {**after["Target"], "Input": ""} == {**before["Target"], "Input": ""}


@pytest.mark.parametrize("schedule", [_ONE, _TWO, "*/7 * * * *", "0 9 L * *", "0 9 * * MON#1,FRI#3", "@weekly"])
def test_the_expressions_are_those_of_the_crontab(made: Definitions, schedule: str) -> None:
    made.create(schedule=schedule, timezone="Asia/Kathmandu")
    assert _summary(made) == _expected(schedule, "Asia/Kathmandu", "ENABLED", 1)


@pytest.mark.parametrize("zone", [None, ..., "UTC"])
def test_without_a_time_zone_it_is_utc(made: Definitions, zone: Any) -> None:
    made.create(schedule=_ONE, timezone=zone)
    assert _summary(made) == _expected(_ONE, "UTC", "ENABLED", 1)


def test_from_two_schedules_to_one_and_back(made: Definitions) -> None:
    definition_id = made.create(schedule=_TWO)
    assert _summary(made) == _expected(_TWO, "UTC", "ENABLED", 1)
    made.patch(definition_id, schedule=_ONE)
    assert _summary(made) == _expected(_ONE, "UTC", "ENABLED", 2)
    made.patch(definition_id, schedule=_TWO, timezone="Europe/Berlin")
    assert _summary(made) == _expected(_TWO, "Europe/Berlin", "ENABLED", 3)


def test_pause_edit_and_resume_change_all_schedules(made: Definitions) -> None:
    definition_id = made.create(schedule=_TWO)
    made.patch(definition_id, active=False)
    assert _summary(made) == _expected(_TWO, "UTC", "DISABLED", 2)
    made.patch(definition_id, timezone="Europe/Berlin")
    assert _summary(made) == _expected(_TWO, "Europe/Berlin", "DISABLED", 3)
    made.patch(definition_id, active=True)
    assert _summary(made) == _expected(_TWO, "Europe/Berlin", "ENABLED", 4)


@pytest.mark.parametrize(
    "change",
    [
        {"name": "New"},
        {"tags": ["t"]},
        {"active": True},
        {"schedule": "0 * * * *"},
        {"overlap_policy": "skip"},
        {"catch_up_seconds": 0},
        {"job_retention_days": 2},
        {},
    ],
    ids=str,
)
def test_edits_that_do_not_change_the_times_do_not_write_schedules(
    local: LocalScheduler, made: Definitions, change: dict[str, Any]
) -> None:
    definition_id = made.create()
    before = made.stored(definition_id)
    local.clock.forward(minutes=1)
    local.calls.clear()
    made.patch(definition_id, **change)
    assert [call for call in local.calls if call.startswith("scheduler:")] == []
    after = made.stored(definition_id)
    assert (after.revision, after.effective_from) == (before.revision, before.effective_from)


@pytest.mark.parametrize("ends", ["max_runs", "schedule_end"])
def test_schedules_are_disabled_after_the_last_tick(made: Definitions, ends: str) -> None:
    option: Any = {"max_runs": 1, "schedule_end": int(made.at("13:30").timestamp() * 1000)}[ends]
    definition_id = made.create(schedule="0 * * * *", **{ends: option})
    made.set_clock("13:00", seconds=1)
    made.tick(definition_id, made.at("13:00"))
    assert [schedule[2] for schedule in _summary(made).values()] == ["ENABLED"]
    assert [message["kind"] for message in made.sweep()] == ["sync"]
    assert [schedule[2] for schedule in _summary(made).values()] == ["DISABLED"]
    assert made.sweep() == []
    made.patch(definition_id, **{ends: option * 2})
    assert [schedule[2:] for schedule in _summary(made).values()] == [("ENABLED", 2)]


def test_a_definition_that_starts_after_its_end_is_disabled_from_the_start(made: Definitions) -> None:
    made.create(schedule_end=int(made.at("11:00").timestamp() * 1000))
    assert [schedule[2] for schedule in _summary(made).values()] == ["DISABLED"]
    assert made.sweep() == []


def test_schedules_that_cannot_be_written_are_written_by_the_sweep(local: LocalScheduler, made: Definitions) -> None:
    local.hub.listeners.append(NeverSent("scheduler:CreateSchedule"))
    made.create(schedule=_TWO)
    assert made.schedules() == {}
    assert made.sweep() == []
    local.clock.forward(seconds=61)
    assert [message["kind"] for message in made.sweep()] == ["sync"]
    assert _summary(made) == _expected(_TWO, "UTC", "ENABLED", 1)
    assert made.sweep() == []


def test_a_late_or_repeated_sync_writes_nothing(local: LocalScheduler, made: Definitions) -> None:
    definition_id = made.create()
    message = {"kind": "sync", "owner_id": local.owner_id(), "definition_id": definition_id}
    local.calls.clear()
    assert made.deliver(message, message) == []
    assert local.calls == ["dynamodb:GetItem"] * 2
    made.delete(definition_id)
    assert made.deliver(message) == []


def test_a_definition_whose_schedules_are_refused_does_not_stop_others(
    local: LocalScheduler, made: Definitions
) -> None:
    refuse = [Refused("ValidationException", "scheduler:CreateSchedule") for _ in range(3)]
    local.hub.listeners += refuse
    for zone in ("Asia/Kathmandu", "UTC", "Europe/Berlin"):
        made.create(timezone=zone)
    local.hub.listeners[:] = [Refused("ValidationException", "scheduler:CreateSchedule")]
    local.clock.forward(minutes=2)
    assert len(made.sweep()) == 3
    assert len(made.schedules()) == 2
    local.clock.forward(minutes=2)
    assert [message["kind"] for message in made.sweep()] == ["sync"]
    assert len(made.schedules()) == 3


def test_the_sweep_repairs_what_a_slow_writer_has_written(local: LocalScheduler, made: Definitions) -> None:
    """The writes of a first edit come after those of a second one; ticks reveal it, and the sweep repairs it."""
    definition_id = made.create()
    local.hub.listeners.append(
        Meanwhile("scheduler:UpdateSchedule", lambda: made.patch(definition_id, schedule="45 * * * *"))
    )
    made.patch(definition_id, schedule=_TWO)
    assert {schedule[3] for schedule in _summary(made).values()} == {2}
    assert len(made.schedules()) == 2
    assert made.stored(definition_id).is_synced
    made.set_clock("12:20")
    assert made.tick(definition_id, made.at("12:20"), revision=2) == []
    assert [message["kind"] for message in made.sweep()] == ["sync"]
    assert _summary(made) == _expected("45 * * * *", "UTC", "ENABLED", 3)
    assert made.stored(definition_id).is_synced


def test_a_slow_writer_of_a_deleted_definition_leaves_nothing(local: LocalScheduler, made: Definitions) -> None:
    definition_id = made.create()
    made.follow_streams()

    def delete() -> None:
        made.delete(definition_id)
        assert made.clean_up() == []

    local.hub.listeners.append(Meanwhile("scheduler:CreateSchedule", delete))
    made.patch(definition_id, schedule=_TWO)
    assert len(made.schedules()) == 2
    made.clean_up_again()
    assert made.leftovers() == {}


def test_schedules_are_disabled_if_the_last_run_comes_while_they_are_written(
    local: LocalScheduler, made: Definitions
) -> None:
    definition_id = made.create(schedule="* * * * *", max_runs=5)
    made.set_clock("12:01", seconds=1)

    def last_run() -> None:
        local.clock.forward(minutes=1)
        made.tick(definition_id, made.at("12:02"), revision=2)

    local.hub.listeners.append(Meanwhile("scheduler:UpdateSchedule", last_run))
    made.patch(definition_id, max_runs=1)
    local.clock.forward(minutes=1)
    made.sweep()
    assert [schedule[2] for schedule in _summary(made).values()] == ["DISABLED"]
