"""The health of a definition: ended runs are counted once, failures in a row are told and pause the schedule, late ones are told."""

from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest

from tests.support.definitions import Definitions
from tests.support.faults import Always, Killed, KilledAfter, KilledBefore, Lost, Meanwhile, NeverSent
from tests.support.scheduler import LocalScheduler, scheduler, settings


@pytest.fixture
def followed(made: Definitions) -> Definitions:
    """Definitions with streams, whose records reach only the changes function."""
    made.follow_streams()
    return made


def run(made: Definitions, definition_id: str, code: str = "succeeded", **body: Any) -> str:
    """Run a definition now and let the run end; return the job's id."""
    job_id = made.run_now(definition_id, **body)
    run = made.local.start(job_id)
    assert run.report(code, message="KeyError: 'x'").status == 200
    made.local.finish(run, exit_code=0)
    return job_id


def told(made: Definitions) -> list[str]:
    """Deliver all changes; return the events about definitions since the last call."""
    made.follow_changes()
    return [each["detail-type"] for each in made.events() if not each["detail-type"].startswith("Job ")]


def test_failures_are_told_once_then_daily_then_the_recovery(local: LocalScheduler, followed: Definitions) -> None:
    definition_id = followed.create(schedule="0 0 1 1 *", pause_after_failures=0)
    first = run(followed, definition_id)
    assert told(followed) == []
    history = []
    for hours in (1, 1, 21, 2, 1, 23):
        local.clock.forward(hours=hours)
        run(followed, definition_id, "notebook_error")
        history.append(told(followed))
    assert history == [["Definition Failing"], [], [], ["Definition Failing"], [], ["Definition Failing"]]
    described = followed.described(definition_id)
    assert (described["consecutive_failures"], described["last_success"]["job_id"]) == (6, first)
    run(followed, definition_id)
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
    newest = run(followed, definition_id)
    earlier = int((local.clock.now - timedelta(days=3)).timestamp() * 1000)
    run(followed, definition_id, "notebook_error", scheduled_time=earlier)
    assert told(followed) == []
    run(followed, definition_id, scheduled_time=earlier)
    followed.follow_changes()
    described = followed.described(definition_id)
    assert (described["consecutive_failures"], described["last_success"]["job_id"]) == (0, newest)


def test_the_operators_limit_pauses_a_schedule_and_a_person_resumes_it(
    local: LocalScheduler, followed: Definitions
) -> None:
    local.serve(settings(limits={"pause_after_failures": 2}))
    definition_id = followed.create()
    run(followed, definition_id, "notebook_error")
    assert told(followed) == ["Definition Failing"]
    run(followed, definition_id, "notebook_error")
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
    run(followed, definition_id, "notebook_error")
    assert told(followed) == ["Definition Failing"]
    assert followed.described(definition_id)["active"] is True


@pytest.mark.parametrize(("own", "failures"), [(1, 1), (3, 3)])
def test_a_definition_sets_its_own_limit(local: LocalScheduler, followed: Definitions, own: int, failures: int) -> None:
    definition_id = followed.create(pause_after_failures=own)
    for number in range(1, failures + 1):
        run(followed, definition_id, "notebook_error")
        followed.follow_changes()
        assert followed.described(definition_id)["active"] is (number < failures)


def test_a_definition_that_sets_zero_is_never_paused(local: LocalScheduler, followed: Definitions) -> None:
    local.serve(settings(limits={"pause_after_failures": 1}))
    definition_id = followed.create(pause_after_failures=0)
    for _ in range(3):
        run(followed, definition_id, "notebook_error")
    followed.follow_changes()
    assert followed.described(definition_id)["active"] is True


def test_a_run_counts_once_however_often_it_is_delivered(local: LocalScheduler, followed: Definitions) -> None:
    definition_id = followed.create()
    run(followed, definition_id, "notebook_error")
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
    run(followed, definition_id, "notebook_error")
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
    run(followed, definition_id, "notebook_error")
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
    run(followed, definition_id, "notebook_error")
    records = followed.changes()
    rename = Meanwhile("dynamodb:TransactWriteItems", lambda: followed.patch(definition_id, name="Renamed"))
    local.hub.listeners.append(rename)
    assert followed.deliver_changes(*records) == []
    described = followed.described(definition_id)
    assert (described["name"], described["consecutive_failures"]) == ("Renamed", 1)


def test_a_definition_that_keeps_changing_is_counted_later(local: LocalScheduler, followed: Definitions) -> None:
    definition_id = followed.create()
    run(followed, definition_id, "notebook_error")
    records = followed.changes()
    local.hub.listeners.append(Always("TransactionCanceledException", "dynamodb:TransactWriteItems"))
    assert followed.deliver_changes(*records) != []
    local.hub.listeners.clear()
    assert followed.deliver_changes(*records) == []
    assert followed.described(definition_id)["consecutive_failures"] == 1


def test_an_edit_does_not_overwrite_a_count(local: LocalScheduler, followed: Definitions) -> None:
    definition_id = followed.create()
    run(followed, definition_id, "notebook_error")
    records = followed.changes()
    local.hub.listeners.append(Meanwhile("dynamodb:UpdateItem", lambda: followed.deliver_changes(*records)))
    followed.patch(definition_id, schedule="0 3 * * *")
    described = followed.described(definition_id)
    assert (described["schedule"], described["consecutive_failures"]) == ("0 3 * * *", 1)


def test_a_run_of_a_deleted_definition_counts_for_nobody(local: LocalScheduler, followed: Definitions) -> None:
    definition_id = followed.create()
    run(followed, definition_id, "notebook_error")
    followed.delete(definition_id)
    assert told(followed) == []


def test_no_success_in_time_is_told_once_and_the_next_success_ends_it(
    local: LocalScheduler, followed: Definitions
) -> None:
    definition_id = followed.create(schedule="0 13 * * *", success_within_seconds=7200, catch_up_seconds=86_400)
    history = []
    for clock_time in ("12:59", "14:59", "15:00", "15:01", "18:00"):
        followed.set_clock(clock_time)
        followed.sweep()
        history.append("Definition Late" in told(followed))
    assert history == [False, False, True, False, False]
    late = int(followed.at("15:00").timestamp() * 1000)
    assert followed.described(definition_id)["late_since"] == late
    for job in followed.jobs(definition_id):
        run = local.start(job["job_id"])
        run.report()
    assert "Definition Recovered" in told(followed)
    assert followed.described(definition_id)["late_since"] is None
    local.clock.forward(days=1, hours=4)
    followed.sweep()
    assert "Definition Late" in told(followed)


def test_a_success_in_time_is_not_late(local: LocalScheduler, followed: Definitions) -> None:
    definition_id = followed.create(schedule="0 13 * * *", success_within_seconds=7200)
    followed.set_clock("13:00", seconds=5)
    followed.tick(definition_id, followed.at("13:00"))
    local.start(followed.jobs(definition_id)[0]["job_id"]).report()
    followed.follow_changes()
    followed.set_clock("15:30")
    followed.sweep()
    assert "Definition Late" not in told(followed)


@pytest.mark.parametrize("change", [{"active": False}, {"success_within_seconds": None}, {"schedule": "0 5 * * *"}])
def test_a_change_ends_the_wait_for_a_success(
    local: LocalScheduler, followed: Definitions, change: dict[str, Any]
) -> None:
    definition_id = followed.create(schedule="0 13 * * *", success_within_seconds=7200)
    followed.set_clock("14:00")
    followed.patch(definition_id, **change)
    followed.set_clock("16:00")
    followed.sweep()
    assert "Definition Late" not in told(followed)


def test_late_definitions_cost_one_query(local: LocalScheduler, made: Definitions) -> None:
    made.create(schedule="0 13 * * *", success_within_seconds=7200)
    local.calls.clear()
    local.factory.definition_sweep.request_late(local.clock.now + timedelta(minutes=1))
    assert local.calls == ["dynamodb:Query"]


def test_counting_a_run_takes_four_calls(followed: Definitions) -> None:
    definition_id = followed.create()
    run(followed, definition_id, "notebook_error")
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
            run(made, definition_id, "notebook_error")
        made.follow_changes()
        assert made.described(definition_id)["active"] is True


def expiry(local: LocalScheduler, job_id: str) -> int | None:
    value = local.item(job_id).get("expires_at")
    return None if value is None else int(value)


def in_days(local: LocalScheduler, days: int) -> int:
    return int((local.clock.now + timedelta(days=days)).timestamp())


def test_the_newest_success_is_always_kept(local: LocalScheduler, followed: Definitions) -> None:
    definition_id = followed.create(job_retention_days=5)
    first = run(followed, definition_id)
    expected = in_days(local, 5)
    followed.follow_changes()
    assert expiry(local, first) is None
    local.clock.forward(hours=1)
    failed = run(followed, definition_id, "notebook_error")
    followed.follow_changes()
    assert (expiry(local, first), expiry(local, failed)) == (None, in_days(local, 5))
    second = run(followed, definition_id)
    followed.follow_changes()
    assert (expiry(local, first), expiry(local, second)) == (expected, None)


def test_an_old_success_expires_when_a_newer_one_comes(local: LocalScheduler, followed: Definitions) -> None:
    definition_id = followed.create(job_retention_days=5)
    old = run(followed, definition_id)
    followed.follow_changes()
    local.clock.forward(days=50)
    run(followed, definition_id)
    followed.follow_changes()
    assert expiry(local, old) == in_days(local, 0)
    assert local.api.get(f"/scheduler/jobs/{old}").status == 404


def test_only_the_last_jobs_and_the_newest_success_are_kept(local: LocalScheduler, followed: Definitions) -> None:
    definition_id = followed.create(keep_last=2, pause_after_failures=0)
    success = run(followed, definition_id)
    failed = []
    for _ in range(4):
        local.clock.forward(minutes=1)
        failed.append(run(followed, definition_id, "notebook_error"))
        followed.follow_changes()
    waiting = followed.run_now(definition_id)
    listed = local.api.get(f"/scheduler/jobs?job_definition_id={definition_id}").body["jobs"]
    assert {job["job_id"] for job in listed} == {success, *failed[2:], waiting}


def test_a_fault_while_jobs_expire_is_made_good(local: LocalScheduler, followed: Definitions) -> None:
    definition_id = followed.create(keep_last=1, pause_after_failures=0)
    first = run(followed, definition_id, "notebook_error")
    followed.follow_changes()
    local.clock.forward(minutes=1)
    run(followed, definition_id, "notebook_error")
    assert followed.deliver_changes(*followed.changes()) == []
    records = followed.changes()
    local.hub.listeners.append(NeverSent("dynamodb:UpdateItem"))
    assert followed.deliver_changes(*records) != []
    assert followed.deliver_changes(*records) == []
    assert expiry(local, first) == in_days(local, 0)


def test_a_run_knows_the_last_success(local: LocalScheduler, followed: Definitions) -> None:
    definition_id = followed.create(timezone="Europe/Berlin")
    run(followed, definition_id)
    followed.follow_changes()
    local.clock.forward(hours=1)
    job_id = followed.run_now(definition_id)
    variables = local.start(job_id).work_order().body["variables"]
    assert variables["JUPYTER_SCHEDULER_LAST_SUCCESS"] == "2026-11-23T13:00:00+01:00"
    assert local.job(job_id)["last_success"] == int(local.clock.now.timestamp() * 1000) - 3_600_000
