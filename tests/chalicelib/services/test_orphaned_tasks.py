"""Orphaned tasks, which no record names: found by their run id, by their events, and when their job is deleted."""

import pytest

from chalicelib.services.clock import NEVER
from tests.support.definitions import Definitions
from tests.support.faults import Always, Meanwhile, Refused
from tests.support.scheduler import LocalScheduler
from tests.support.watching import (
    STATES,
    calls,
    event,
    forget_task,
    in_state,
    is_asked_to_stop,
    job_id_of,
    sweeps,
)


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("has_stopped", [False, True], ids=["running", "stopped"])
def test_deleting_a_job_in_any_state_stops_its_recorded_task(
    local: LocalScheduler, made: Definitions, state: str, has_stopped: bool
) -> None:
    run = in_state(local, state)
    if has_stopped:
        local.finish(run, exit_code=0)
    made.follow_streams()
    assert local.api.delete(f"/scheduler/jobs/{job_id_of(run)}").status == 204
    made_calls = calls(local, made.clean_up)
    assert made_calls.count("ecs:StopTask") == (not has_stopped)
    assert is_asked_to_stop(run)


@pytest.mark.parametrize("state", STATES)
def test_the_second_cleanup_stops_a_task_that_could_not_be_stopped_before(
    local: LocalScheduler, made: Definitions, state: str
) -> None:
    run = in_state(local, state)
    made.follow_streams()
    local.api.delete(f"/scheduler/jobs/{job_id_of(run)}")
    local.hub.listeners.append(Always("ThrottlingException", "ecs:StopTask"))
    records = made.told()
    assert len(made.deliver_records(*records)) == 1
    (message,) = made.second_cleanups()
    assert made.deliver_second_cleanups(message) == ["m0"]
    local.hub.listeners.clear()
    assert made.deliver_second_cleanups(message) == []
    assert is_asked_to_stop(run)


@pytest.mark.parametrize("state", STATES)
def test_deleting_a_job_finds_its_unrecorded_task(local: LocalScheduler, made: Definitions, state: str) -> None:
    run = in_state(local, state)
    forget_task(local, run)
    made.follow_streams()
    local.api.delete(f"/scheduler/jobs/{job_id_of(run)}")
    made.clean_up()
    assert is_asked_to_stop(run)


@pytest.mark.parametrize("state", [state for state in STATES if state != "launched"])
def test_the_sweep_finds_an_unrecorded_task(local: LocalScheduler, state: str) -> None:
    run = in_state(local, state)
    forget_task(local, run)
    sweeps(local, 125)
    assert is_asked_to_stop(run)
    assert len(local.tasks()) == 1
    assert local.item(job_id_of(run))["task_arn"] == run.task_arn


def test_a_task_launched_while_its_job_is_deleted_is_stopped_on_its_event(local: LocalScheduler) -> None:
    run = local.launch()
    local.api.delete(f"/scheduler/jobs/{job_id_of(run)}")
    local.ecs_event(local.hub.ecs.move(run.task_arn, "RUNNING"))
    assert is_asked_to_stop(run)


@pytest.mark.parametrize("status", ["PROVISIONING", "PENDING", "RUNNING"])
def test_a_second_task_of_a_launch_is_stopped(local: LocalScheduler, status: str) -> None:
    run = local.launch()
    other = run.task_arn[:-1] + "f"
    local.hub.ecs.tasks[other] = event(run, status, taskArn=other)
    local.ecs_event(local.hub.ecs.move(other, status))
    assert local.hub.ecs.tasks[other]["desiredStatus"] == "STOPPED"
    assert not is_asked_to_stop(run)


@pytest.mark.parametrize("attempt", [1, 3])
def test_a_task_of_another_attempt_is_stopped(local: LocalScheduler, attempt: int) -> None:
    run = local.start(max_retries=1)
    run.report("notebook_error")
    local.finish(run)
    second = local.launch(job_id_of(run))
    assert second.attempt == 2
    started_by = f"{run.task['startedBy'].rpartition('/')[0]}/{attempt}"
    other = run.task_arn[:-1] + "f"
    local.hub.ecs.tasks[other] = event(run, "RUNNING", taskArn=other, startedBy=started_by)
    local.ecs_event(local.hub.ecs.move(other, "RUNNING"))
    assert local.hub.ecs.tasks[other]["desiredStatus"] == "STOPPED"
    assert not is_asked_to_stop(second)


@pytest.mark.parametrize("status", ["PROVISIONING", "PENDING", "RUNNING"])
def test_the_task_of_an_unrecorded_launch_is_not_orphaned(local: LocalScheduler, status: str) -> None:
    run = local.launch()
    forget_task(local, run)
    local.ecs_event(local.hub.ecs.move(run.task_arn, status))
    assert not is_asked_to_stop(run)
    assert local.item(job_id_of(run))["task_arn"] == run.task_arn


def test_a_task_without_a_launch_number_is_kept_until_its_job_has_recorded_another(
    local: LocalScheduler,
) -> None:
    run = local.launch()
    forget_task(local, run)
    local.ecs_event(event(run, "RUNNING", overrides={}))
    assert not is_asked_to_stop(run)


@pytest.mark.parametrize("status", ["RUNNING", "DEACTIVATING", "STOPPING", "DEPROVISIONING", "STOPPED"])
def test_an_orphaned_task_that_is_stopping_is_not_stopped_again(local: LocalScheduler, status: str) -> None:
    run = local.launch()
    local.api.delete(f"/scheduler/jobs/{job_id_of(run)}")
    assert "ecs:StopTask" not in calls(local, lambda: local.ecs_event(event(run, status, desiredStatus="STOPPED")))


def test_tasks_of_others_are_ignored(local: LocalScheduler) -> None:
    run = local.launch()
    for started_by in ("", None, "somebody", "ecs-svc/123"):
        assert calls(local, lambda by=started_by: local.ecs_event(event(run, "RUNNING", startedBy=by))) == []  # type: ignore[misc]


def test_a_task_is_recorded_if_only_the_repeated_launch_is_refused(local: LocalScheduler) -> None:
    """RunTask is sent twice: the first response is lost, and the second call is throttled."""
    job_id = local.create()
    local.hub.listeners.append(Refused("ServerException", "ecs:RunTask", status=500))
    local.dispatch()
    local.hub.listeners.clear()
    run = local.launch(job_id)
    forget_task(local, run)
    local.hub.listeners.append(Refused("ThrottlingException", "ecs:RunTask"))
    local.dispatch()
    assert (local.status(job_id), local.item(job_id)["task_arn"]) == ("QUEUED", run.task_arn)
    assert run.check_in().status == 200


def _sweep(local: LocalScheduler) -> None:
    local.factory.orphaned_tasks.run(NEVER)


@pytest.mark.parametrize("job_is_deleted", [False, True])
def test_the_sweep_stops_a_task_that_no_record_names_without_an_event(
    local: LocalScheduler, job_is_deleted: bool
) -> None:
    """Its launch was not recorded, its events did not arrive, and its job is deleted or in another attempt."""
    lost, intact = local.launch(), local.launch()
    key = {"owner_id": {"S": local.owner_id()}, "job_id": {"S": job_id_of(lost)}}
    if job_is_deleted:
        local.client("dynamodb").delete_item(TableName="jobs", Key=key)
    else:
        local.hub.ecs.tasks[lost.task_arn]["startedBy"] = f"{local.owner_id()}/{job_id_of(lost)}/7"
        forget_task(local, lost)
    _sweep(local)
    assert is_asked_to_stop(lost)
    assert not is_asked_to_stop(intact)
    assert calls(local, lambda: _sweep(local)) == ["ecs:ListTasks", *["dynamodb:Query"] * 4]


def test_the_sweep_stops_the_second_task_of_a_launch(local: LocalScheduler) -> None:
    run = local.launch()
    second = {**run.task, "taskArn": f"{run.task_arn}-second"}
    local.hub.ecs.tasks[second["taskArn"]] = second
    _sweep(local)
    assert second["desiredStatus"] == "STOPPED"
    assert not is_asked_to_stop(run)


def test_the_sweep_records_a_task_whose_launch_was_not_recorded(local: LocalScheduler) -> None:
    run = local.launch()
    forget_task(local, run)
    _sweep(local)
    assert local.item(job_id_of(run))["task_arn"] == run.task_arn
    assert not is_asked_to_stop(run)


def test_tasks_of_others_in_the_cluster_are_left_alone(local: LocalScheduler) -> None:
    run = local.launch()
    other = {**run.task, "taskArn": f"{run.task_arn}-other", "startedBy": "a person"}
    local.hub.ecs.tasks[other["taskArn"]] = other
    _sweep(local)
    assert other["desiredStatus"] == "RUNNING"


def test_while_nothing_runs_the_search_is_one_call(local: LocalScheduler) -> None:
    assert calls(local, lambda: _sweep(local)) == ["ecs:ListTasks"]


def test_any_number_of_orphans_is_found_a_hundred_at_a_time(local: LocalScheduler) -> None:
    run = local.launch()
    for number in range(250):
        arn = f"{run.task_arn}-{number}"
        local.hub.ecs.tasks[arn] = {**run.task, "taskArn": arn}
    found = calls(local, lambda: _sweep(local))
    assert (found.count("ecs:ListTasks"), found.count("ecs:DescribeTasks")) == (3, 3)
    assert [task["taskArn"] for task in local.hub.ecs.running] == [run.task_arn]


def test_a_task_that_dispatch_is_launching_is_not_an_orphan(local: LocalScheduler) -> None:
    """The search comes between the launch and its record."""
    job_id = local.create()
    local.hub.listeners.append(Meanwhile("dynamodb:UpdateItem", lambda: _sweep(local), turn=1))
    local.dispatch()
    run = local.run_of(job_id)
    assert not is_asked_to_stop(run)
    assert local.item(job_id)["task_arn"] == run.task_arn
    assert run.check_in().status == 200
