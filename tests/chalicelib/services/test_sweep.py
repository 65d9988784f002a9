"""Sweep: which runs go on, which are stopped or retried, and when the dispatcher is woken."""

from typing import Any

import pytest

from tests.support.faults import Refused
from tests.support.runs import Run
from tests.support.scheduler import LocalScheduler, scheduler, settings


def _job_id(run: Run) -> str:
    return run.path.split("/")[3]


def _sweep(local: LocalScheduler, **later: float) -> None:
    local.clock.forward(**later)
    local.factory.sweep.run()


def _deadline(local: LocalScheduler, run: Run) -> float:
    """Return the seconds until a job's deadline."""
    return int(local.item(_job_id(run))["deadline"]) / 1000 - local.clock.now.timestamp()


def test_heartbeats_extend_the_deadline_of_a_run(local: LocalScheduler) -> None:
    run = local.start()
    local.clock.forward(minutes=4)
    run.heartbeat(cell=1, cells=9)
    before = local.wake_ups()
    _sweep(local, minutes=2)
    assert _deadline(local, run) == 3 * 60
    assert local.status(_job_id(run)) == "IN_PROGRESS"
    assert local.hub.ecs.running
    assert local.wake_ups() == before


def test_a_run_is_not_changed_before_its_deadline(local: LocalScheduler) -> None:
    run = local.start()
    before = local.item(_job_id(run))
    _sweep(local, minutes=5, seconds=-1)
    assert local.item(_job_id(run)) == before


def test_a_run_without_heartbeats_is_retried_only_after_its_task_has_stopped(local: LocalScheduler) -> None:
    run, other = local.start(), local.start()
    run.heartbeat()
    local.clock.forward(minutes=15)
    other.heartbeat(connected_seconds=900)
    _sweep(local, seconds=1)
    assert run.task["desiredStatus"] == "STOPPED"
    assert other.task["desiredStatus"] == "RUNNING"
    assert (local.status(_job_id(run)), _deadline(local, run)) == ("IN_PROGRESS", 3 * 60)
    local.dispatch()
    assert len(local.tasks()) == 2

    _sweep(local, minutes=3)
    assert local.status(_job_id(run)) == "IN_PROGRESS"
    local.hub.ecs.finish(run.task_arn, exit_code=137)
    _sweep(local, minutes=3)
    waiting = local.job(_job_id(run))
    assert (waiting["status"], waiting["attempt"]) == ("CREATED", 1)
    local.clock.forward(minutes=1)
    local.dispatch()
    assert local.run_of(_job_id(run)).attempt == 2


def test_a_run_without_heartbeats_is_retried_on_the_event_of_its_task(local: LocalScheduler) -> None:
    run = local.start()
    _sweep(local, minutes=5, seconds=1)
    local.finish(run)
    assert local.status(_job_id(run)) == "CREATED"


@pytest.mark.parametrize(
    ("how", "status", "code"),
    [
        ({"exit_code": 15}, "FAILED", "out_of_memory"),
        ({"exit_code": 10}, "FAILED", "notebook_error"),
        ({"stop_code": "SpotInterruption"}, "CREATED", None),
    ],
)
def test_the_sweep_makes_up_for_a_lost_event(
    local: LocalScheduler, how: dict[str, Any], status: str, code: str
) -> None:
    run = local.start()
    local.hub.ecs.finish(run.task_arn, **how)
    _sweep(local, minutes=5, seconds=1)
    job = local.job(_job_id(run))
    assert (job["status"], job["outcome"] and job["outcome"]["code"]) == (status, code)


def test_a_task_that_ecs_does_not_know_any_more_has_stopped(local: LocalScheduler) -> None:
    run = local.start()
    local.hub.ecs.tasks.clear()
    _sweep(local, minutes=5, seconds=1)
    assert local.status(_job_id(run)) == "CREATED"


def test_a_heartbeat_timeout_ends_the_job_when_all_retries_are_used() -> None:
    with scheduler(settings(limits={"infrastructure_retries": 0})) as local:
        run = local.start()
        local.hub.ecs.tasks.clear()
        _sweep(local, minutes=5, seconds=1)
        ended = local.job(_job_id(run))
        assert (ended["status"], ended["outcome"]["code"]) == ("FAILED", "heartbeat_timeout")


def test_a_container_that_never_starts_is_stopped_and_then_retried(local: LocalScheduler) -> None:
    run = local.launch()
    _sweep(local, minutes=20, seconds=-1)
    assert local.hub.ecs.running
    _sweep(local, seconds=1)
    assert not local.hub.ecs.running
    assert local.status(_job_id(run)) == "QUEUED"
    local.hub.ecs.finish(run.task_arn)
    _sweep(local, minutes=3)
    assert local.status(_job_id(run)) == "CREATED"


def test_a_job_stops_even_if_its_runner_ignores_the_stop(local: LocalScheduler) -> None:
    run = local.start()
    local.api.patch(f"/scheduler/jobs/{_job_id(run)}", {"status": "STOPPED"})
    for _ in range(5):
        local.clock.forward(seconds=30)
        run.heartbeat()
    _sweep(local, seconds=29)
    assert local.hub.ecs.running
    _sweep(local, seconds=1)
    assert not local.hub.ecs.running
    assert local.status(_job_id(run)) == "STOPPING"
    local.hub.ecs.finish(run.task_arn)
    _sweep(local, minutes=3)
    ended = local.job(_job_id(run))
    assert (ended["status"], ended["outcome"]["code"]) == ("STOPPED", "stopped")


def test_a_run_far_over_its_time_is_stopped_despite_heartbeats(local: LocalScheduler) -> None:
    run = local.start(timeout_seconds=3600)
    for _ in range(7):
        local.clock.forward(minutes=10)
        run.heartbeat()
        local.factory.sweep.run()
    assert local.hub.ecs.running
    local.clock.forward(minutes=4, seconds=59)
    run.heartbeat()
    _sweep(local, seconds=2)
    assert not local.hub.ecs.running
    local.hub.ecs.finish(run.task_arn)
    run.heartbeat()
    _sweep(local, minutes=3)
    ended = local.job(_job_id(run))
    assert (ended["status"], ended["outcome"]["code"]) == ("FAILED", "timeout")


def test_due_waiting_jobs_wake_the_dispatcher(local: LocalScheduler) -> None:
    local.factory.sweep.run()
    assert local.wake_ups() == 0
    local.create()
    before = local.wake_ups()
    local.factory.sweep.run()
    assert local.wake_ups() == before + 1
    local.dispatch()
    local.factory.sweep.run()
    assert local.wake_ups() == before + 1


def test_jobs_that_are_not_due_do_not_wake_the_dispatcher(local: LocalScheduler) -> None:
    run = local.start(max_retries=1, min_retry_interval_millis=60_000)
    run.report("notebook_error")
    local.finish(run, exit_code=10)
    before = local.wake_ups()
    _sweep(local, seconds=59)
    assert local.wake_ups() == before
    _sweep(local, seconds=1)
    assert local.wake_ups() == before + 1


def test_a_claimed_job_ends_if_ecs_never_responds(local: LocalScheduler) -> None:
    job_id = local.create()
    for _ in range(7 * 60 // 10):
        local.hub.listeners = [Refused("ServerException", "ecs:RunTask", status=500)]
        local.dispatch()
        _sweep(local, minutes=10)
    ended = local.job(job_id)
    assert (ended["status"], ended["outcome"]["code"]) == ("FAILED", "throttled")
    assert len({request["clientToken"] for request in local.hub.ecs.requests}) <= 1


@pytest.mark.parametrize("call", ["dynamodb:GetItem", "ecs:DescribeTasks", "ecs:StopTask", "dynamodb:UpdateItem"])
def test_one_failing_job_does_not_stop_the_rest(local: LocalScheduler, call: str) -> None:
    runs = [local.start() for _ in range(3)]
    local.hub.listeners.append(Refused("ServerException", call, status=500))
    _sweep(local, hours=2, seconds=1)
    stopped = [task["desiredStatus"] for task in local.tasks()].count("STOPPED")
    assert stopped == (3 if call == "dynamodb:UpdateItem" else 2)
    local.clock.forward(minutes=1)
    local.factory.sweep.run()
    assert not local.hub.ecs.running
    for run in runs:
        local.hub.ecs.finish(run.task_arn)
    _sweep(local, minutes=3)
    assert {local.status(_job_id(run)) for run in runs} == {"CREATED"}


def test_a_sweep_with_nothing_to_do_costs_five_queries(local: LocalScheduler) -> None:
    local.start()
    local.calls.clear()
    local.factory.sweep.run()
    assert local.calls == ["dynamodb:Query"] * 5
