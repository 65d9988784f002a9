"""What the dashboard and the alarm about waiting jobs see: how many jobs wait and run, and for how long the oldest one waits."""

import json
import subprocess
import sys
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from chalicelib import events
from chalicelib.observability import measure_oldest_waiting
from tests.support.faults import Refused, Slow
from tests.support.measurements import Measurements
from tests.support.scheduler import BOB, LocalScheduler, scheduler, settings

_CONTEXT: Any = SimpleNamespace(aws_request_id="r", get_remaining_time_in_millis=lambda: 120_000)
_OLDEST = "OldestWaitingSeconds"


def _waiting(measured: Measurements) -> list[tuple[Any, ...]]:
    return measured.lines("jobs waiting", "waiting_jobs", "oldest_waiting_seconds")


def test_sweep_and_dispatch_set_one_metric(capsys: pytest.CaptureFixture[str]) -> None:
    measure_oldest_waiting(90)
    line = json.loads(capsys.readouterr().out)
    (declared,) = line["_aws"]["CloudWatchMetrics"]
    assert (declared["Namespace"], declared["Dimensions"]) == ("JupyterScheduler", [["service"]])
    assert declared["Metrics"] == [{"Name": _OLDEST, "Unit": "Seconds"}]
    assert (line["service"], line[_OLDEST]) == ("background", [90.0])


def test_measurements_do_not_depend_on_the_log_level() -> None:
    code = "from chalicelib.observability import add_log_keys, measure; add_log_keys(a='b'); measure('x', y=1)"
    environment = {"LOG_LEVEL": "ERROR", "POWERTOOLS_SERVICE_NAME": "sweep"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    line = json.loads(done.stdout)
    assert (line["message"], line["y"], line["level"], line["service"]) == ("x", 1, "INFO", "sweep")


def test_the_sweep_measures_the_oldest_waiting_job(local: LocalScheduler, measured: Measurements) -> None:
    local.create()
    local.clock.forward(minutes=50)
    local.create(api=local.api.as_user(BOB))
    local.clock.forward(minutes=20)
    events.sweep({}, _CONTEXT)
    assert _waiting(measured) == [(2, 4200.0)]
    assert measured.metrics(_OLDEST) == [("background", 4200.0)]


def test_while_no_job_waits_nothing_is_measured_and_one_query_is_made(
    local: LocalScheduler, measured: Measurements
) -> None:
    local.start()
    local.clock.forward(minutes=1)
    local.calls.clear()
    local.factory.waiting_jobs.measure(local.clock() + timedelta(minutes=1))
    assert local.calls == ["dynamodb:Query"]
    assert (_waiting(measured), measured.metrics(_OLDEST)) == ([], [])


@pytest.mark.parametrize("limit", ["max_running_jobs_per_owner", "max_running_jobs_per_definition"])
def test_a_job_that_waits_behind_its_owners_own_is_counted_and_not_the_oldest(
    limit: str, measured: Measurements
) -> None:
    with scheduler(settings(limits={limit: 1})) as local:
        first = local.create()
        local.copies(first, 2, lambda _: {"job_definition_id": "019aaaaa-daily"})
        local.api.patch(f"/scheduler/jobs/{first}", {"status": "STOPPED"})
        local.dispatch()
        local.clock.forward(minutes=70)
        events.sweep({}, _CONTEXT)
        assert _waiting(measured) == [(1, 0.0)]
        assert measured.metrics(_OLDEST) == [("background", 0.0)]


def test_a_job_that_waits_for_a_slot_of_the_stack_is_the_oldest(measured: Measurements) -> None:
    with scheduler(settings(limits={"max_running_jobs": 1})) as local:
        local.start()
        local.create(api=local.api.as_user(BOB))
        local.clock.forward(minutes=70)
        events.sweep({}, _CONTEXT)
        assert _waiting(measured) == [(1, 4200.0)]


def test_a_job_whose_backoff_is_not_over_does_not_wait(local: LocalScheduler, measured: Measurements) -> None:
    run = local.start(max_retries=1, min_retry_interval_millis=3_600_000)
    run.report("notebook_error")
    local.finish(run, exit_code=10)
    local.clock.forward(minutes=59)
    events.sweep({}, _CONTEXT)
    assert _waiting(measured) == []
    local.clock.forward(minutes=3)
    events.sweep({}, _CONTEXT)
    assert _waiting(measured) == [(1, 120.0)]


def test_more_jobs_than_are_counted_take_a_bounded_number_of_queries(
    local: LocalScheduler, measured: Measurements
) -> None:
    job_id = local.create()
    local.copies(job_id, 1150)
    local.calls.clear()
    local.factory.waiting_jobs.measure(local.clock() + timedelta(minutes=1))
    ((number, _),) = _waiting(measured)
    assert number == 1000
    assert (
        local.calls.count("dynamodb:Query") <= 10 + 1 + 4
    )  # counted jobs, what follows their queue, shards of live jobs


def test_without_time_nothing_is_measured(local: LocalScheduler, measured: Measurements) -> None:
    local.create()
    local.hub.listeners.append(Slow(local.clock.forward, "dynamodb:Query", seconds=200))
    events.sweep({}, _CONTEXT)
    assert _waiting(measured) == []


def test_a_claim_measures_how_long_the_job_has_waited(local: LocalScheduler, measured: Measurements) -> None:
    job_id = local.create()
    local.clock.forward(seconds=30)
    local.dispatch()
    fields = ("owner_id", "job_id", "waited_seconds")
    assert measured.lines("job claimed", *fields) == [(local.owner_id(), job_id, 30.0)]
    assert measured.metrics(_OLDEST) == []


def test_a_job_that_aws_has_no_capacity_for_waits_since_it_first_had_none(
    local: LocalScheduler, measured: Measurements
) -> None:
    local.create()
    for _ in range(3):
        local.hub.ecs.failures.append("Capacity is unavailable at this time. Please try again later")
        local.dispatch()
        local.clock.forward(minutes=2)
    local.dispatch()
    assert [waited for (waited,) in measured.lines("job claimed", "waited_seconds")] == [0.0, 120.0, 240.0, 360.0]
    assert measured.metrics(_OLDEST) == [("background", 120.0), ("background", 240.0), ("background", 360.0)]


def test_the_sweep_measures_what_runs_against_the_limit(local: LocalScheduler, measured: Measurements) -> None:
    runs = [local.start() for _ in range(3)]
    runs[0].report()
    key = {"owner_id": {"S": local.owner_id()}, "job_id": {"S": runs[1].path.split("/")[3]}}
    local.client("dynamodb").delete_item(TableName="jobs", Key=key)
    events.sweep({}, _CONTEXT)
    fields = ("running_tasks", "unrecorded_tasks", "slots_in_use", "max_running_jobs")
    assert measured.lines("tasks running", *fields) == [(3, 1, 2, 100)]


def test_the_end_of_an_attempt_is_measured_with_outcome_and_status(
    local: LocalScheduler, measured: Measurements
) -> None:
    first, second = local.start(), local.start(max_retries=1)
    first.report()
    second.report("notebook_error")
    assert measured.lines("attempt ended", "outcome", "status") == [
        ("succeeded", "COMPLETED"),
        ("notebook_error", "CREATED"),
    ]


def test_a_failed_measurement_stops_no_other_work(local: LocalScheduler, measured: Measurements) -> None:
    local.create()
    before = local.wake_ups()
    # The last Query of a sweep, after those of late definitions and due notifications: four shards of live jobs, for the oldest one.
    local.hub.listeners.append(Refused("AccessDeniedException", "dynamodb:Query", turn=13))
    events.sweep({}, _CONTEXT)
    assert _waiting(measured) == []
    assert measured.metrics("BackgroundFailures") == [("background", 1.0)]
    assert local.wake_ups() == before + 1
