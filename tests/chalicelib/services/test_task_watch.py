"""A task is watched until ECS says STOPPED, whatever its job's state: a notebook's container cannot outlive its job."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.definitions import Definitions
from tests.support.faults import Always, Refused
from tests.support.runs import Run
from tests.support.scheduler import LocalScheduler, scheduler, settings


def job_id_of(run: Run) -> str:
    return run.path.split("/")[3]


def sweep(local: LocalScheduler, **later: float) -> None:
    local.clock.forward(**later)
    local.factory.sweep.run()


def sweeps(local: LocalScheduler, minutes: int) -> None:
    """Sweep and dispatch every minute, as the stack does."""
    for _ in range(minutes):
        sweep(local, minutes=1)
        local.dispatch()


def calls(local: LocalScheduler, act: Callable[[], Any]) -> list[str]:
    local.calls.clear()
    act()
    return list(local.calls)


def is_asked_to_stop(run: Run) -> bool:
    return bool(run.task["desiredStatus"] == "STOPPED")


ENDS = [("succeeded", "COMPLETED"), ("notebook_error", "FAILED"), ("stopped", "FAILED"), ("input_problem", "FAILED")]


@pytest.mark.parametrize(("code", "status"), ENDS)
def test_a_runner_that_hangs_after_its_report_is_stopped_within_minutes(
    local: LocalScheduler, code: str, status: str
) -> None:
    run = local.start()
    assert run.report(code).status == 200
    assert local.status(job_id_of(run)) == status
    sweeps(local, 2)
    assert not is_asked_to_stop(run)
    sweeps(local, 1)
    assert is_asked_to_stop(run)
    ended = local.job(job_id_of(run))
    local.finish(run)
    sweeps(local, 10)
    assert local.job(job_id_of(run)) == ended


def test_a_task_that_ecs_does_not_stop_is_asked_for_again_for_days_and_nothing_else_happens(
    local: LocalScheduler,
) -> None:
    """The attack: a container that no clean-up reached runs on after its job is COMPLETED."""
    run = local.start()
    run.report()
    four_days_of_sweeps = 4 * 24 * 60
    stops, listeners = 0, local.hub.listeners
    for _ in range(four_days_of_sweeps // 10):
        local.calls.clear()
        sweep(local, minutes=10)
        stops += local.calls.count("ecs:StopTask")
    assert listeners == []
    assert stops == four_days_of_sweeps // 10
    local.finish(run)
    sweep(local, minutes=10)
    assert local.calls.count("ecs:StopTask") <= 1
    assert calls(local, local.factory.sweep.run) == ["dynamodb:Query"] * 5


def test_a_retry_waits_until_the_first_container_has_stopped(local: LocalScheduler) -> None:
    run = local.start(max_retries=1)
    assert run.report("notebook_error").status == 200
    waiting = local.job(job_id_of(run))
    assert waiting["status"] == "CREATED"
    assert "container" in waiting["phase"]["message"]
    sweeps(local, 30)
    assert is_asked_to_stop(run)
    assert len(local.tasks()) == 1
    before = local.wake_ups()
    local.finish(run)
    assert local.wake_ups() == before + 1
    local.dispatch()
    assert local.run_of(job_id_of(run)).attempt == 2


def test_a_retry_whose_task_stopped_unseen_goes_on_with_the_sweep(local: LocalScheduler) -> None:
    run = local.start(max_retries=1)
    run.report("notebook_error")
    local.hub.ecs.finish(run.task_arn, exit_code=10)
    sweeps(local, 2)
    assert len(local.tasks()) == 1
    sweeps(local, 1)
    assert local.run_of(job_id_of(run)).attempt == 2


def test_the_back_off_of_a_retry_holds_after_its_task_has_stopped(local: LocalScheduler) -> None:
    run = local.start(max_retries=1, min_retry_interval_millis=600_000)
    run.report("notebook_error")
    local.finish(run)
    sweeps(local, 9)
    assert len(local.tasks()) == 1
    sweeps(local, 1)
    assert local.run_of(job_id_of(run)).attempt == 2


def test_a_job_that_waits_for_its_container_can_be_stopped(local: LocalScheduler) -> None:
    run = local.start(max_retries=1)
    run.report("notebook_error")
    assert local.api.patch(f"/scheduler/jobs/{job_id_of(run)}", {"status": "STOPPED"}).status == 204
    assert local.status(job_id_of(run)) == "STOPPED"
    sweeps(local, 1)
    assert is_asked_to_stop(run)
    local.finish(run)
    sweeps(local, 10)
    assert local.status(job_id_of(run)) == "STOPPED"
    assert len(local.tasks()) == 1


def test_a_stop_while_the_task_stops_leaves_the_job_in_no_index(local: LocalScheduler) -> None:
    """Between the read and the write of the stop, the task's last event makes the job wait for dispatch."""
    run = local.start(max_retries=1)
    run.report("notebook_error")
    path = f"/scheduler/jobs/{job_id_of(run)}"
    during = _AfterGet(lambda: local.finish(run))
    local.hub.listeners.append(during)
    assert local.api.patch(path, {"status": "STOPPED"}).status == 204
    assert during.is_done
    item = local.item(job_id_of(run))
    assert item["status"] == "STOPPED"
    assert not {"waiting", "waiting_key", "live_shard", "deadline_key"} & item.keys()


class _AfterGet:
    """Does something once, when the job has been read."""

    def __init__(self, act: Callable[[], None]) -> None:
        self._act, self.is_done = act, False

    def before(self, _: str) -> None:
        return None

    def after(self, call: str) -> None:
        if call == "dynamodb:GetItem" and not self.is_done:
            self.is_done = True
            self._act()

    def sent(self, _: str) -> bool:
        return False


STATES = ["launched", "started", "stopping", "ended", "waiting for its container"]


def in_state(local: LocalScheduler, state: str) -> Run:
    run = local.launch(max_retries=1)
    if state != "launched":
        run.check_in()
    if state == "stopping":
        local.api.patch(f"/scheduler/jobs/{job_id_of(run)}", {"status": "STOPPED"})
    if state == "ended":
        run.report()
    if state == "waiting for its container":
        run.report("notebook_error")
    return run


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("has_stopped", [False, True], ids=["running", "stopped"])
def test_delete_stops_what_the_record_names_whatever_its_state(
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
def test_a_deletion_whose_task_could_not_be_stopped_stops_it_with_the_second_cleanup(
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


def forget_task(local: LocalScheduler, run: Run) -> None:
    """Put the record back to before its dispatch recorded the task."""
    key = {"owner_id": {"S": local.owner_id()}, "job_id": {"S": job_id_of(run)}}
    local.client("dynamodb").update_item(TableName="jobs", Key=key, UpdateExpression="REMOVE task_arn")


@pytest.mark.parametrize("state", STATES)
def test_delete_finds_a_task_that_was_never_recorded(local: LocalScheduler, made: Definitions, state: str) -> None:
    run = in_state(local, state)
    forget_task(local, run)
    made.follow_streams()
    local.api.delete(f"/scheduler/jobs/{job_id_of(run)}")
    made.clean_up()
    assert is_asked_to_stop(run)


@pytest.mark.parametrize("state", [each for each in STATES if each != "launched"])
def test_the_sweep_finds_a_task_that_was_never_recorded(local: LocalScheduler, state: str) -> None:
    run = in_state(local, state)
    forget_task(local, run)
    sweeps(local, 17)
    assert is_asked_to_stop(run)
    assert len(local.tasks()) == 1
    assert local.item(job_id_of(run))["task_arn"] == run.task_arn


def test_a_task_that_is_launched_while_its_job_is_deleted_is_stopped_by_its_own_event(local: LocalScheduler) -> None:
    run = local.launch()
    local.api.delete(f"/scheduler/jobs/{job_id_of(run)}")
    local.ecs_event(local.hub.ecs.move(run.task_arn, "RUNNING"))
    assert is_asked_to_stop(run)


def event(run: Run, status: str, **changes: Any) -> dict[str, Any]:
    return {**run.task, "lastStatus": status, "desiredStatus": "RUNNING", **changes}


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
def test_a_launch_that_is_not_recorded_yet_is_no_stray(local: LocalScheduler, status: str) -> None:
    run = local.launch()
    forget_task(local, run)
    local.ecs_event(local.hub.ecs.move(run.task_arn, status))
    assert not is_asked_to_stop(run)
    assert local.item(job_id_of(run))["task_arn"] == run.task_arn


def test_a_task_that_does_not_say_its_launch_is_left_until_its_job_is_known_to_have_another(
    local: LocalScheduler,
) -> None:
    run = local.launch()
    forget_task(local, run)
    local.ecs_event(event(run, "RUNNING", overrides={}))
    assert not is_asked_to_stop(run)


@pytest.mark.parametrize("status", ["RUNNING", "DEACTIVATING", "STOPPING", "DEPROVISIONING", "STOPPED"])
def test_a_stray_that_is_stopping_already_is_not_stopped_again(local: LocalScheduler, status: str) -> None:
    run = local.launch()
    local.api.delete(f"/scheduler/jobs/{job_id_of(run)}")
    assert "ecs:StopTask" not in calls(local, lambda: local.ecs_event(event(run, status, desiredStatus="STOPPED")))


def test_tasks_that_are_not_ours_are_left_alone(local: LocalScheduler) -> None:
    run = local.launch()
    for started_by in ("", None, "somebody", "ecs-svc/123"):
        assert calls(local, lambda by=started_by: local.ecs_event(event(run, "RUNNING", startedBy=by))) == []  # type: ignore[misc]


def test_a_launch_that_is_refused_after_it_was_heeded_is_recorded(local: LocalScheduler) -> None:
    """RunTask is sent twice: the first answer is lost, the second call throttled."""
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


@pytest.mark.parametrize("failing", ["ecs:DescribeTasks", "ecs:StopTask", "ecs:ListTasks"])
@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("is_recorded", [True, False], ids=["recorded", "not recorded"])
def test_while_ecs_does_not_answer_nothing_is_decided(
    local: LocalScheduler, failing: str, state: str, is_recorded: bool
) -> None:
    run = in_state(local, state)
    if not is_recorded:
        forget_task(local, run)
    before = local.status(job_id_of(run))
    local.hub.listeners.append(Always("ThrottlingException", failing))
    for _ in range(60):
        sweep(local, minutes=1)
    assert local.status(job_id_of(run)) == before
    assert "live_shard" in local.item(job_id_of(run))
    local.hub.listeners.clear()
    for _ in range(5):
        sweep(local, minutes=1)
    if state != "launched" or is_recorded:
        assert is_asked_to_stop(run)


def test_an_ended_job_holds_its_slot_until_its_task_has_stopped() -> None:
    with scheduler(settings(limits={"max_running_jobs": 1})) as local:
        run, waiting = local.start(), local.create()
        run.report()
        local.dispatch()
        assert local.status(waiting) == "CREATED"
        before = local.wake_ups()
        local.finish(run, exit_code=0)
        assert local.wake_ups() == before + 1
        local.dispatch()
        assert local.status(waiting) == "QUEUED"


@pytest.mark.parametrize("missed", [1, 2])
def test_throttled_heartbeats_do_not_end_a_run_that_ecs_says_is_running(local: LocalScheduler, missed: int) -> None:
    run = local.start()
    run.beat()
    sweeps(local, 5 * missed + 2)
    assert not is_asked_to_stop(run)
    assert run.beat().body == {"action": "continue"}
    sweeps(local, 5)
    assert run.report().status == 200
    assert local.status(job_id_of(run)) == "COMPLETED"


def test_a_run_that_is_silent_for_a_quarter_of_an_hour_is_stopped(local: LocalScheduler) -> None:
    run = local.start()
    run.beat()
    sweeps(local, 14)
    assert not is_asked_to_stop(run)
    sweeps(local, 1)
    assert is_asked_to_stop(run)


def test_a_silent_run_far_over_its_time_gets_no_longer_allowance(local: LocalScheduler) -> None:
    run = local.start(timeout_seconds=60)
    for _ in range(8):
        run.beat()
        sweeps(local, 1)
    sweeps(local, 3)
    assert not is_asked_to_stop(run)
    sweeps(local, 1)
    assert is_asked_to_stop(run)
    local.finish(run)
    assert local.job(job_id_of(run))["outcome"]["code"] == "timeout"


def test_what_an_ordinary_job_costs_from_its_report_on(local: LocalScheduler) -> None:
    run = local.start()
    assert calls(local, run.report) == ["dynamodb:GetItem", "dynamodb:UpdateItem"]
    end = calls(local, lambda: local.finish(run, exit_code=0))
    assert end == ["dynamodb:GetItem", "dynamodb:UpdateItem", "sqs:SendMessage"]
    assert calls(local, lambda: sweep(local, minutes=10)) == ["dynamodb:Query"] * 5


def test_what_a_task_costs_that_outlives_its_job(local: LocalScheduler) -> None:
    run = local.start()
    run.report()
    looked = calls(local, lambda: sweep(local, minutes=3))
    assert [each for each in looked if each != "dynamodb:Query"] == [
        "dynamodb:GetItem",
        "ecs:DescribeTasks",
        "ecs:StopTask",
        "dynamodb:UpdateItem",
    ]
