"""Missed ticks: the sweep finds what EventBridge did not deliver, and a walk runs or records it."""

from datetime import UTC, datetime, timedelta

from tests.support.definitions import Definitions
from tests.support.faults import Meanwhile, Refused
from tests.support.scheduler import LocalScheduler


def test_nothing_is_overdue_within_the_grace_time(local: LocalScheduler, made: Definitions) -> None:
    made.create()
    made.set_clock("13:01", seconds=29)
    assert made.sweep() == []
    local.clock.forward(seconds=1)
    assert [message["kind"] for message in made.sweep()] == ["walk"]
    assert made.verdicts() == {"13:00": "run"}
    assert made.sweep() == []


def test_after_an_outage_due_times_in_the_window_run_and_the_rest_is_recorded(
    local: LocalScheduler, made: Definitions
) -> None:
    definition_id = made.create(schedule="*/20 * * * *", catch_up_seconds=3600)
    made.set_clock("16:05")
    made.sweep()
    verdicts = made.verdicts()
    assert {due for due, verdict in verdicts.items() if verdict == "run"} == {"15:20", "15:40", "16:00"}
    assert set(verdicts.values()) == {"run"}
    described = made.described(definition_id)
    assert (described["run_count"], described["missed_count"]) == (3, 9)
    assert described["next_run_time"] == int(made.at("16:20").timestamp() * 1000)
    assert len(made.jobs()) == 3
    assert made.sweep() == []
    assert made.tick(definition_id, made.at("14:00")) == []
    assert made.described(definition_id)["missed_count"] == 9


def test_without_a_catch_up_window_everything_is_recorded_as_missed(made: Definitions) -> None:
    definition_id = made.create(schedule="*/20 * * * *", catch_up_seconds=0)
    made.set_clock("13:05")
    made.sweep()
    assert made.verdicts() == {}
    assert made.described(definition_id)["missed_count"] == 3


def test_only_one_of_overlapping_missed_ticks_runs(made: Definitions) -> None:
    made.create(schedule="*/20 * * * *", overlap_policy="skip")
    made.set_clock("13:05")
    made.sweep()
    assert made.verdicts() == {"12:20": "run", "12:40": "skipped", "13:00": "skipped"}


def test_a_paused_definition_misses_nothing(local: LocalScheduler, made: Definitions) -> None:
    definition_id = made.create(schedule="* * * * *")
    made.patch(definition_id, active=False)
    made.set_clock("15:00")
    assert made.sweep() == []
    made.patch(definition_id, active=True)
    local.clock.forward(minutes=3)
    made.sweep()
    assert made.verdicts() == {"15:01": "run"}
    assert made.described(definition_id)["missed_count"] == 0


def test_an_edit_drops_earlier_due_times(made: Definitions) -> None:
    definition_id = made.create(schedule="*/10 * * * *")
    made.set_clock("12:35")
    made.patch(definition_id, schedule="*/15 * * * *")
    made.set_clock("13:05")
    made.sweep()
    assert made.verdicts() == {"12:45": "run", "13:00": "run"}


def test_after_a_long_outage_one_walk_runs_all_of_the_window_and_records_the_rest(
    local: LocalScheduler, made: Definitions
) -> None:
    """A minutely schedule after 30 hours: no due time leaves the window while earlier ones are recorded."""
    definition_id = made.create(schedule="* * * * *", catch_up_seconds=600)
    local.clock.now = made.at("12:00") + timedelta(hours=30, minutes=1, seconds=30)
    local.calls.clear()
    assert len(made.sweep()) == 1
    assert len(local.calls) < 150
    described = made.described(definition_id)
    assert (described["run_count"], described["missed_count"]) == (9, 30 * 60 - 9)
    runs = sorted(int(job["create_time"]) for job in made.jobs())
    assert len(runs) == 9
    assert set(made.verdicts().values()) == {"run"}
    (problem,) = described["problems"]
    assert problem["code"] == "missed"
    assert "1,791 due times from 2026-11-23 12:01 to 2026-11-24 17:51 UTC were missed" in problem["message"]
    assert made.sweep() == []


def test_a_late_delivery_of_a_recorded_due_time_counts_nothing_twice(local: LocalScheduler, made: Definitions) -> None:
    definition_id = made.create(schedule="*/10 * * * *", catch_up_seconds=600)
    made.set_clock("15:05")
    made.sweep()
    before = made.stored(definition_id)
    assert before.missed_count == 17
    for clock_time in ("12:10", "14:40"):
        assert made.tick(definition_id, made.at(clock_time)) == []
    assert made.stored(definition_id) == before
    assert len(local.objects("jobs/")) == before.run_count == 1


def test_due_times_that_ran_before_their_turn_are_not_counted_as_missed(made: Definitions) -> None:
    definition_id = made.create(schedule="*/10 * * * *", catch_up_seconds=600)
    made.set_clock("12:30", seconds=1)
    made.tick(definition_id, made.at("12:30"))
    made.set_clock("15:05")
    made.sweep()
    stored = made.stored(definition_id)
    assert (stored.run_count, stored.missed_count) == (2, 16)
    assert stored.next_due == made.at("15:10")


def test_missed_due_times_are_shown_for_a_day(local: LocalScheduler, made: Definitions) -> None:
    definition_id = made.create(schedule="0 * * * *", catch_up_seconds=600)
    made.set_clock("13:30")
    made.sweep()
    (problem,) = made.described(definition_id)["problems"]
    assert "The due time 2026-11-23 13:00 UTC was missed" in problem["message"]
    assert made.described(definition_id)["next_run_time"] == int(made.at("14:00").timestamp() * 1000)
    for hours, shown in ((1, 1), (24, 1), (25, 0)):
        due = datetime(2026, 11, 23, 13, tzinfo=UTC) + timedelta(hours=hours)
        local.clock.now = due + timedelta(seconds=1)
        made.tick(definition_id, due)
        problems = [each["code"] for each in made.described(definition_id)["problems"]]
        assert problems.count("missed") == shown


def test_the_next_walk_continues_one_that_ran_out_of_time(local: LocalScheduler, made: Definitions) -> None:
    definition_id = made.create(schedule="0 * * * *", catch_up_seconds=86_400)
    made.set_clock("15:05")
    local.hub.listeners.append(Meanwhile("dynamodb:TransactWriteItems", lambda: local.clock.forward(seconds=31)))
    made.sweep()
    assert list(made.verdicts()) == ["13:00"]
    made.sweep()
    assert list(made.verdicts()) == ["13:00", "14:00", "15:00"]
    assert made.described(definition_id)["run_count"] == 3


def test_a_repeated_or_late_walk_runs_nothing_twice(local: LocalScheduler, made: Definitions) -> None:
    definition_id = made.create()
    message = {"kind": "walk", "owner_id": local.owner_id(), "definition_id": definition_id}
    assert made.deliver(message) == []
    assert made.verdicts() == {}
    made.set_clock("13:05")
    assert made.deliver(message, message) == []
    assert made.deliver(message) == []
    assert (len(made.jobs()), made.stored(definition_id).run_count) == (1, 1)
    made.delete(definition_id)
    assert made.deliver(message) == []


def test_a_walk_skips_due_times_that_were_handled_early(made: Definitions) -> None:
    definition_id = made.create(schedule="* * * * *")
    made.set_clock("12:04", seconds=40)
    for minute in ("12:02", "12:03", "12:04"):
        made.tick(definition_id, made.at(minute))
    made.sweep()
    assert made.verdicts() == dict.fromkeys(("12:01", "12:02", "12:03", "12:04"), "run")
    assert made.stored(definition_id).next_due == made.at("12:04")
    made.set_clock("12:06", seconds=40)
    made.sweep()
    assert list(made.verdicts()) == ["12:01", "12:02", "12:03", "12:04", "12:05"]
    assert made.stored(definition_id).run_count == 5


def test_a_failing_definition_does_not_stop_others(local: LocalScheduler, made: Definitions) -> None:
    ids = [made.create() for _ in range(3)]
    made.set_clock("13:05")
    local.hub.listeners.append(Refused("AccessDenied", "s3:CopyObject", status=403))
    assert len(made.sweep()) == 3
    assert len(made.jobs()) == 2
    assert [message["kind"] for message in made.sweep()] == ["walk"]
    assert sorted(job["job_definition_id"] for job in made.jobs()) == sorted(ids)


def test_a_sweep_requests_walks_for_all_overdue_definitions(made: Definitions) -> None:
    ids = [made.create(name=f"D{i}") for i in range(23)]
    made.set_clock("13:05")
    assert sorted(message["definition_id"] for message in made.sweep()) == sorted(ids)
    assert len(made.jobs()) == 23


def test_a_walk_runs_a_time_that_a_clock_change_skips(local: LocalScheduler, made: Definitions) -> None:
    local.clock.now = datetime(2027, 3, 27, 12, 0, 1, tzinfo=UTC)
    definition_id = made.create(schedule="30 2 * * *", timezone="Europe/Berlin")
    gap_end = datetime(2027, 3, 28, 1, 0, tzinfo=UTC)
    assert made.described(definition_id)["next_run_time"] == int(gap_end.timestamp() * 1000)
    local.clock.now = gap_end + timedelta(minutes=2)
    made.sweep()
    assert made.described(definition_id)["last_run"]["due_time"] == int(gap_end.timestamp() * 1000)
    following = datetime(2027, 3, 29, 0, 30, tzinfo=UTC)
    assert made.stored(definition_id).next_due == following
    for late in (gap_end, datetime(2027, 3, 28, 0, 30, tzinfo=UTC), datetime(2027, 3, 28, 1, 30, tzinfo=UTC)):
        made.tick(definition_id, late)
    assert len(made.jobs()) == 1


def test_a_time_that_occurs_twice_runs_once(local: LocalScheduler, made: Definitions) -> None:
    local.clock.now = datetime(2027, 10, 30, 12, 0, 1, tzinfo=UTC)
    definition_id = made.create(schedule="30 2 * * *", timezone="Europe/Berlin")
    first = datetime(2027, 10, 31, 0, 30, tzinfo=UTC)
    for due in (first, first + timedelta(hours=1)):
        local.clock.now = due + timedelta(seconds=1)
        made.tick(definition_id, due)
    assert len(made.jobs()) == 1
    assert made.described(definition_id)["last_run"]["due_time"] == int(first.timestamp() * 1000)


def test_an_outdated_next_due_time_is_computed_again(local: LocalScheduler, made: Definitions) -> None:
    """The rules of a time zone may change."""
    definition_id = made.create(schedule="0 * * * *")
    (item,) = local.items("definitions")
    wrong = int(made.at("12:30").timestamp() * 1000)
    item["next_due"] = {"N": str(wrong)}
    item["due_key"] = {"S": f"{wrong:015d}#{local.owner_id()}#{definition_id}"}
    local.client("dynamodb").put_item(TableName="definitions", Item=item)
    made.set_clock("12:40")
    assert len(made.sweep()) == 1
    assert made.stored(definition_id).next_due == made.at("13:00")
    made.set_clock("13:02")
    made.sweep()
    assert made.verdicts() == {"13:00": "run"}
