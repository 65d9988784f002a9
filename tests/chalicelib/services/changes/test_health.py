"""The health of a definition: ended runs are counted once, failures in a row are told and pause the schedule, late ones are told."""

from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest

from tests.support.changes import finish_run, told
from tests.support.definitions import Definitions
from tests.support.faults import Always, Killed, KilledAfter, KilledBefore, Lost, Meanwhile, NeverSent
from tests.support.scheduler import LocalScheduler, scheduler, settings


def test_failures_are_told_once_then_daily_then_the_recovery(local: LocalScheduler, followed: Definitions) -> None:
    definition_id = followed.create(schedule="0 0 1 1 *", pause_after_failures=0)
    first = finish_run(followed, definition_id)
    assert told(followed) == []
    history = []
    for hours in (1, 1, 21, 2, 1, 23):
        local.clock.forward(hours=hours)
        finish_run(followed, definition_id, "notebook_error")
        history.append(told(followed))
    assert history == [["Definition Failing"], [], [], ["Definition Failing"], [], ["Definition Failing"]]
    described = followed.described(definition_id)
    assert (described["consecutive_failures"], described["last_success"]["job_id"]) == (6, first)
    finish_run(followed, definition_id)
    assert told(followed) == ["Definition Recovered"]
    described = followed.described(definition_id)
    assert (described["consecutive_failures"], described["failing_since"]) == (0, None)


def test_a_stopped_run_says_nothing(local: LocalScheduler, followed: Definitions) -> None:
    definition_id = followed.create()
    job_id = followed.run_now(definition_id)
    local.api.patch(f"/scheduler/jobs/{job_id}", {"status": "STOPPED"})
    assert told(followed) == []
    described = followed.described(definition_id)
    assert (described["consecutive_failures"], described["last_success"], described["last_failure"]) == (0, None, None)


def test_a_run_for_an_earlier_time_does_not_change_whether_it_fails(
    local: LocalScheduler, followed: Definitions
) -> None:
    definition_id = followed.create(schedule="0 0 1 1 *")
    newest = finish_run(followed, definition_id)
    earlier = int((local.clock.now - timedelta(days=3)).timestamp() * 1000)
    finish_run(followed, definition_id, "notebook_error", scheduled_time=earlier)
    assert told(followed) == []
    finish_run(followed, definition_id, scheduled_time=earlier)
    followed.follow_changes()
    described = followed.described(definition_id)
    assert (described["consecutive_failures"], described["last_success"]["job_id"]) == (0, newest)


def test_the_operators_limit_pauses_a_schedule_and_a_person_resumes_it(
    local: LocalScheduler, followed: Definitions
) -> None:
    local.serve(settings(limits={"pause_after_failures": 2}))
    definition_id = followed.create()
    finish_run(followed, definition_id, "notebook_error")
    assert told(followed) == ["Definition Failing"]
    finish_run(followed, definition_id, "notebook_error")
    assert told(followed) == ["Definition Paused"]
    described = followed.described(definition_id)
    (problem,) = described["problems"]
    assert (problem["code"], problem["title"], problem["attempts"]) == ("failing", "Paused after failures", 2)
    assert "The last 2 runs failed" in problem["message"]
    assert (described["active"], described["next_run_time"]) == (False, None)
    local.clock.forward(minutes=2)
    followed.sweep()
    assert {each["State"] for each in followed.schedules().values()} == {"DISABLED"}
    due = followed.set_clock("13:00", seconds=5).replace(second=0)
    followed.tick(definition_id, due)
    assert len(followed.jobs(definition_id)) == 2

    followed.patch(definition_id, active=True)
    described = followed.described(definition_id)
    assert (described["problems"], described["consecutive_failures"]) == ([], 0)
    assert {each["State"] for each in followed.schedules().values()} == {"ENABLED"}
    finish_run(followed, definition_id, "notebook_error")
    assert told(followed) == ["Definition Failing"]
    assert followed.described(definition_id)["active"] is True


@pytest.mark.parametrize(("own", "failures"), [(1, 1), (3, 3)])
def test_a_definition_sets_its_own_limit(local: LocalScheduler, followed: Definitions, own: int, failures: int) -> None:
    definition_id = followed.create(pause_after_failures=own)
    for number in range(1, failures + 1):
        finish_run(followed, definition_id, "notebook_error")
        followed.follow_changes()
        assert followed.described(definition_id)["active"] is (number < failures)


def test_a_definition_that_sets_zero_is_never_paused(local: LocalScheduler, followed: Definitions) -> None:
    local.serve(settings(limits={"pause_after_failures": 1}))
    definition_id = followed.create(pause_after_failures=0)
    for _ in range(3):
        finish_run(followed, definition_id, "notebook_error")
    followed.follow_changes()
    assert followed.described(definition_id)["active"] is True


def test_a_run_counts_once_however_often_it_is_delivered(local: LocalScheduler, followed: Definitions) -> None:
    definition_id = followed.create()
    finish_run(followed, definition_id, "notebook_error")
    records = followed.changes()
    for _ in range(3):
        assert followed.deliver_changes(*records) == []
    assert followed.described(definition_id)["consecutive_failures"] == 1


@pytest.mark.parametrize("fault", [NeverSent, Lost])
@pytest.mark.parametrize("call", ["dynamodb:GetItem", "dynamodb:TransactWriteItems"])
def test_a_run_counts_once_although_a_call_fails(
    local: LocalScheduler, followed: Definitions, call: str, fault: Any
) -> None:
    definition_id = followed.create()
    finish_run(followed, definition_id, "notebook_error")
    records = followed.changes()
    local.hub.listeners.append(fault(call))
    assert followed.deliver_changes(*records) != []
    assert followed.deliver_changes(*records) == []
    assert followed.described(definition_id)["consecutive_failures"] == 1


@pytest.mark.parametrize("killed", [KilledBefore, KilledAfter])
def test_a_run_counts_once_although_the_function_is_killed(
    local: LocalScheduler, followed: Definitions, killed: Any
) -> None:
    definition_id = followed.create(pause_after_failures=1)
    finish_run(followed, definition_id, "notebook_error")
    records = followed.changes()
    for turn in range(20):
        local.hub.listeners[:] = [killed(None, turn)]
        with suppress(Killed):
            followed.deliver_changes(*records)
            break
    else:
        pytest.fail("it does not come to an end")
    local.hub.listeners.clear()
    described = followed.described(definition_id)
    assert (described["consecutive_failures"], described["active"]) == (1, False)
    assert "Definition Paused" in told(followed)


def test_a_run_counts_although_the_definition_changes_meanwhile(local: LocalScheduler, followed: Definitions) -> None:
    definition_id = followed.create()
    finish_run(followed, definition_id, "notebook_error")
    records = followed.changes()
    rename = Meanwhile("dynamodb:TransactWriteItems", lambda: followed.patch(definition_id, name="Renamed"))
    local.hub.listeners.append(rename)
    assert followed.deliver_changes(*records) == []
    described = followed.described(definition_id)
    assert (described["name"], described["consecutive_failures"]) == ("Renamed", 1)


def test_a_definition_that_keeps_changing_is_counted_later(local: LocalScheduler, followed: Definitions) -> None:
    definition_id = followed.create()
    finish_run(followed, definition_id, "notebook_error")
    records = followed.changes()
    local.hub.listeners.append(Always("TransactionCanceledException", "dynamodb:TransactWriteItems"))
    assert followed.deliver_changes(*records) != []
    local.hub.listeners.clear()
    assert followed.deliver_changes(*records) == []
    assert followed.described(definition_id)["consecutive_failures"] == 1


def test_an_edit_does_not_overwrite_a_count(local: LocalScheduler, followed: Definitions) -> None:
    definition_id = followed.create()
    finish_run(followed, definition_id, "notebook_error")
    records = followed.changes()
    local.hub.listeners.append(Meanwhile("dynamodb:UpdateItem", lambda: followed.deliver_changes(*records)))
    followed.patch(definition_id, schedule="0 3 * * *")
    described = followed.described(definition_id)
    assert (described["schedule"], described["consecutive_failures"]) == ("0 3 * * *", 1)


def test_a_run_of_a_deleted_definition_counts_for_nobody(local: LocalScheduler, followed: Definitions) -> None:
    definition_id = followed.create()
    finish_run(followed, definition_id, "notebook_error")
    followed.delete(definition_id)
    assert told(followed) == []


def test_counting_a_run_takes_four_calls(followed: Definitions) -> None:
    definition_id = followed.create()
    finish_run(followed, definition_id, "notebook_error")
    (record,) = [each for each in followed.changes() if each["dynamodb"].get("NewImage", {}).get("end_time")][:1]
    followed.local.calls.clear()
    assert followed.deliver_changes(record) == []
    assert followed.local.calls == [
        "events:PutEvents",
        "dynamodb:GetItem",
        "dynamodb:GetItem",
        "dynamodb:TransactWriteItems",
    ]


def test_operators_can_turn_the_pause_off() -> None:
    with scheduler(settings(limits={"pause_after_failures": 0})) as local:
        made = Definitions(local)
        made.follow_streams()
        definition_id = made.create()
        for _ in range(12):
            finish_run(made, definition_id, "notebook_error")
        made.follow_changes()
        assert made.described(definition_id)["active"] is True
