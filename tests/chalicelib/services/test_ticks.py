"""Ticks: each due time makes at most one job, even if ticks are repeated, late or reordered."""

from datetime import timedelta
from itertools import permutations

import pytest

from tests.support.definitions import Definitions
from tests.support.scheduler import LocalScheduler, notebook, scheduler, settings

_FOR_EVER = 30 * 86_400
"""The longest catch-up window [s]."""


def test_a_tick_makes_a_job_of_the_definition(local: LocalScheduler, made: Definitions) -> None:
    content = notebook("n = 1")
    definition_id = made.create(content, parameters={"n": "3"}, tags=["a"], output_formats=["html"], name="Sales")
    made.set_clock("13:00", seconds=4)
    wake_ups = local.wake_ups()
    assert made.tick(definition_id, made.at("13:00")) == []
    (stored,) = made.jobs()
    job = local.job(stored["job_id"])
    assert (job["status"], job["job_definition_id"], job["name"]) == ("CREATED", definition_id, "Sales")
    assert (job["parameters"], job["tags"], job["output_formats"]) == ({"n": "3"}, ["a"], ["html"])
    assert job["create_time"] == int(local.clock.now.timestamp() * 1000)
    key = f"jobs/{local.owner_id()}/{job['job_id']}/input.ipynb"
    assert local.client("s3").get_object(Bucket=local.bucket, Key=key)["Body"].read() == content
    assert local.wake_ups() == wake_ups + 1
    assert made.verdicts() == {"13:00": "run"}
    run = local.start(job["job_id"])
    assert run.report("succeeded").status == 200
    assert local.status(job["job_id"]) == "COMPLETED"


def test_jobs_of_ticks_sort_by_due_time(local: LocalScheduler, made: Definitions) -> None:
    definition_id = made.create(schedule="* * * * *")
    made.set_clock("12:05", seconds=1)
    for minute in (3, 1, 5, 2, 4):
        made.tick(definition_id, made.at(f"12:0{minute}"))
    assert [job["job_id"][:13] for job in made.jobs()] == [
        f"{int(made.at(f'12:0{minute}').timestamp() * 1000):012x}"[:8]
        + "-"
        + f"{int(made.at(f'12:0{minute}').timestamp() * 1000):012x}"[8:]
        for minute in range(1, 6)
    ]


def test_a_tick_delivered_twice_makes_one_job(local: LocalScheduler, made: Definitions) -> None:
    definition_id = made.create()
    made.set_clock("13:00", seconds=4)
    for _ in range(3):
        assert made.tick(definition_id, made.at("13:00")) == []
        local.clock.forward(minutes=5)
    assert len(made.jobs()) == 1
    assert made.described(definition_id)["run_count"] == 1
    assert len(local.objects("jobs/")) == 1


def test_two_schedules_at_the_same_time_make_one_job(made: Definitions) -> None:
    definition_id = made.create(schedule="0 13 23 * 1")
    assert len(made.schedules()) == 2
    made.set_clock("13:00", seconds=1)
    message = {
        "owner_id": made.local.owner_id(),
        "definition_id": definition_id,
        "revision": 1,
        "due": "2026-11-23T13:00:00Z",
    }
    assert made.deliver(message, message) == []
    assert len(made.jobs()) == 1


def test_a_tick_after_its_job_was_deleted_makes_no_other_job(local: LocalScheduler, made: Definitions) -> None:
    definition_id = made.create(catch_up_seconds=_FOR_EVER)
    made.follow_streams()
    made.set_clock("13:00", seconds=4)
    made.tick(definition_id, made.at("13:00"))
    (job,) = made.jobs()
    assert local.api.delete(f"/scheduler/jobs/{job['job_id']}").status == 204
    assert made.clean_up() == []
    due = made.at("13:00")
    for days in (0, 1, 14):
        local.clock.now = due + timedelta(days=days, minutes=1)
        assert made.tick(definition_id, due) == []
    assert made.jobs() == []
    assert local.objects("jobs/") == []


@pytest.mark.parametrize("order", list(permutations(["12:01", "12:02", "12:03"])), ids="-".join)
def test_reordered_ticks_make_one_job_each(made: Definitions, order: tuple[str, ...]) -> None:
    definition_id = made.create(schedule="* * * * *")
    made.set_clock("12:03", seconds=9)
    for minute in order:
        made.tick(definition_id, made.at(minute))
    assert made.verdicts() == {"12:01": "run", "12:02": "run", "12:03": "run"}
    assert len(made.jobs()) == 3
    assert made.stored(definition_id).run_count == 3


def test_later_ticks_do_not_skip_the_earliest_due_time(made: Definitions) -> None:
    definition_id = made.create(schedule="* * * * *")
    made.set_clock("12:03", seconds=30)
    made.tick(definition_id, made.at("12:02"))
    made.tick(definition_id, made.at("12:03"))
    assert made.stored(definition_id).next_due == made.at("12:01")
    made.set_clock("12:05", seconds=30)
    made.sweep()
    assert made.verdicts() == dict.fromkeys(("12:01", "12:02", "12:03", "12:04"), "run")


@pytest.mark.parametrize("due", ["12:30", "12:00", "11:00", "13:01"])
def test_a_time_that_is_not_in_the_crontab_makes_no_job(made: Definitions, due: str) -> None:
    definition_id = made.create()
    before = made.local.items("definitions")
    made.set_clock("13:10")
    assert made.tick(definition_id, made.at(due)) == []
    assert (made.jobs(), made.verdicts(), made.local.items("definitions")) == ([], {}, before)


@pytest.mark.parametrize(
    ("late", "verdict"), [(0, "run"), (59.9, "run"), (60, "run"), (60.001, "missed"), (3600, "missed")]
)
def test_a_tick_runs_to_the_end_of_its_catch_up_window(made: Definitions, late: float, verdict: str) -> None:
    definition_id = made.create(catch_up_seconds=60)
    made.set_clock("13:00", seconds=late)
    made.tick(definition_id, made.at("13:00"))
    assert made.verdicts() == {"13:00": verdict}
    described = made.described(definition_id)
    assert (described["run_count"], described["missed_count"]) == ((1, 0) if verdict == "run" else (0, 1))
    assert len(made.jobs()) == described["run_count"]
    assert made.stored(definition_id).next_due == made.at("14:00")


def test_without_a_catch_up_window_a_late_tick_is_missed(made: Definitions) -> None:
    definition_id = made.create(catch_up_seconds=0)
    made.set_clock("13:00", milliseconds=1)
    made.tick(definition_id, made.at("13:00"))
    assert made.verdicts() == {"13:00": "missed"}


def test_a_tick_that_overlaps_the_last_is_skipped(local: LocalScheduler, made: Definitions) -> None:
    definition_id = made.create(overlap_policy="skip")
    made.set_clock("13:00", seconds=1)
    made.tick(definition_id, made.at("13:00"))
    run = local.start(made.jobs()[0]["job_id"])
    made.set_clock("14:00", seconds=1)
    made.tick(definition_id, made.at("14:00"))
    assert made.verdicts() == {"13:00": "run", "14:00": "skipped"}
    described = made.described(definition_id)
    assert (described["run_count"], described["missed_count"]) == (1, 0)
    run.report("notebook_error")
    made.tick(definition_id, made.at("14:00"))
    made.set_clock("15:00", seconds=1)
    made.tick(definition_id, made.at("15:00"))
    assert made.verdicts() == {"13:00": "run", "14:00": "skipped", "15:00": "run"}
    assert len(local.objects("jobs/")) == 2


def test_only_scheduled_jobs_count_as_overlapping(local: LocalScheduler, made: Definitions) -> None:
    definition_id = made.create(overlap_policy="skip")
    made.run_now(definition_id)
    made.set_clock("13:00", seconds=1)
    made.tick(definition_id, made.at("13:00"))
    scheduled = made.described(definition_id)["last_run"]["job_id"]
    assert local.api.delete(f"/scheduler/jobs/{scheduled}").status == 204
    made.set_clock("14:00", seconds=1)
    made.tick(definition_id, made.at("14:00"))
    assert made.verdicts() == {"13:00": "run", "14:00": "run"}


def test_a_skipped_late_tick_does_not_skip_the_earliest_due_time(made: Definitions) -> None:
    definition_id = made.create(overlap_policy="skip", schedule="* * * * *")
    made.set_clock("12:03", seconds=1)
    made.tick(definition_id, made.at("12:02"))
    made.tick(definition_id, made.at("12:03"))
    made.tick(definition_id, made.at("12:01"))
    assert made.verdicts() == {"12:01": "skipped", "12:02": "run", "12:03": "skipped"}
    assert made.stored(definition_id).next_due == made.at("12:02")


def test_by_default_jobs_may_overlap(made: Definitions) -> None:
    definition_id = made.create()
    for hour in (13, 14):
        made.set_clock(f"{hour}:00", seconds=1)
        made.tick(definition_id, made.at(f"{hour}:00"))
    assert len(made.jobs()) == 2


def test_no_tick_after_the_last_run(made: Definitions) -> None:
    definition_id = made.create(max_runs=2, schedule="* * * * *")
    made.set_clock("12:04", seconds=1)
    for minute in (2, 3, 4, 1):
        made.tick(definition_id, made.at(f"12:0{minute}"))
    assert made.verdicts() == {"12:02": "run", "12:03": "run"}
    described = made.described(definition_id)
    assert (described["run_count"], described["next_run_time"], described["active"]) == (2, None, True)
    made.patch(definition_id, max_runs=3)
    made.set_clock("12:05", seconds=1)
    made.tick(definition_id, made.at("12:05"))
    assert made.described(definition_id)["run_count"] == 3
    assert made.described(definition_id)["next_run_time"] is None


def test_no_tick_before_the_start_or_after_the_end(made: Definitions) -> None:
    start, end = (int(made.at(time).timestamp() * 1000) for time in ("14:00", "16:00"))
    definition_id = made.create(schedule_start=start, schedule_end=end)
    assert made.described(definition_id)["next_run_time"] == start
    for hour in range(13, 19):
        made.set_clock(f"{hour}:00", seconds=1)
        made.tick(definition_id, made.at(f"{hour}:00"))
    assert made.verdicts() == {"14:00": "run", "15:00": "run", "16:00": "run"}
    assert made.described(definition_id)["next_run_time"] is None


def test_the_jobs_of_a_definition_are_kept_as_long_as_it_specifies(local: LocalScheduler, made: Definitions) -> None:
    definition_id = made.create(job_retention_days=7)
    made.set_clock("13:00", seconds=1)
    made.tick(definition_id, made.at("13:00"))
    ids = [made.jobs()[0]["job_id"], made.run_now(definition_id)]
    for job_id in ids:
        local.api.patch(f"/scheduler/jobs/{job_id}", {"status": "STOPPED"})
        assert int(local.item(job_id)["expires_at"]) == int((local.clock.now + timedelta(days=7)).timestamp())


def test_a_job_is_not_launched_after_its_environment_was_closed() -> None:
    with scheduler() as local:
        made = Definitions(local)
        definition_id = made.create()
        made.set_clock("13:00", seconds=1)
        assert made.tick(definition_id, made.at("13:00")) == []
        python = settings().model_dump()["environments"]["python"]
        local.serve(settings(environments={"python": {**python, "users": ("arn:aws:iam::123456789012:user/eve",)}}))
        local.dispatch()
        (job,) = made.jobs(definition_id)
        described = local.job(job["job_id"])
        assert (described["status"], described["outcome"]["code"]) == ("FAILED", "not_allowed")
        assert local.tasks() == []
