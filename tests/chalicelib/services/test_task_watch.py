"""A task is watched until ECS reports STOPPED, in every state of its job: a container cannot outlive its job."""

from collections.abc import Callable

import pytest

from tests.support.faults import Always
from tests.support.scheduler import LocalScheduler, scheduler, settings
from tests.support.watching import (
    STATES,
    calls,
    forget_task,
    in_state,
    is_asked_to_stop,
    job_id_of,
    sweep,
    sweeps,
)

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


def test_stopping_a_task_is_requested_for_days_if_ecs_does_not_stop_it(
    local: LocalScheduler,
) -> None:
    """The attack: a container that no cleanup reached goes on running after its job is COMPLETED."""
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


@pytest.mark.parametrize(
    ("ran", "message"),
    [
        (False, "Stopped on request. It had not run yet."),
        (True, "Stopped on request. Its next attempt had not run yet."),
    ],
)
def test_a_job_that_is_stopped_while_it_waits_says_whether_it_ran(
    local: LocalScheduler, *, ran: bool, message: str
) -> None:
    run = local.start(max_retries=1) if ran else local.launch()
    if ran:
        run.report("notebook_error")
    job_id = job_id_of(run)
    assert local.api.patch(f"/scheduler/jobs/{job_id}", {"status": "STOPPED"}).status == 204
    assert local.job(job_id)["outcome"]["message"] == message


def test_the_sweep_continues_a_retry_whose_stop_event_was_lost(local: LocalScheduler) -> None:
    run = local.start(max_retries=1)
    run.report("notebook_error")
    local.hub.ecs.finish(run.task_arn, exit_code=10)
    sweeps(local, 2)
    assert len(local.tasks()) == 1
    sweeps(local, 1)
    assert local.run_of(job_id_of(run)).attempt == 2


def test_the_retry_interval_applies_after_the_task_has_stopped(local: LocalScheduler) -> None:
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
    sweeps(local, 2)
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
    """Does something once, after the job has been read."""

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


@pytest.mark.parametrize("failing", ["ecs:DescribeTasks", "ecs:StopTask", "ecs:ListTasks"])
@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("is_recorded", [True, False], ids=["recorded", "not recorded"])
def test_nothing_is_decided_while_ecs_does_not_respond(
    local: LocalScheduler, failing: str, state: str, is_recorded: bool
) -> None:
    run = in_state(local, state)
    if not is_recorded:
        forget_task(local, run)
    before = local.status(job_id_of(run))
    local.hub.listeners.append(Always("ThrottlingException", failing))
    for _ in range(60):
        sweep(local, minutes=2)
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


def test_aws_calls_of_a_job_after_its_report(local: LocalScheduler) -> None:
    run = local.start()
    assert calls(local, run.report) == ["dynamodb:GetItem", "dynamodb:UpdateItem"]
    end = calls(local, lambda: local.finish(run, exit_code=0))
    assert end == ["dynamodb:GetItem", "dynamodb:UpdateItem", "sqs:SendMessage"]
    assert calls(local, lambda: sweep(local, minutes=10)) == ["dynamodb:Query"] * 5


def test_aws_calls_of_a_task_that_outlives_its_job(local: LocalScheduler) -> None:
    run = local.start()
    run.report()
    made_calls = calls(local, lambda: sweep(local, minutes=3))
    assert [call for call in made_calls if call != "dynamodb:Query"] == [
        "dynamodb:GetItem",
        "ecs:DescribeTasks",
        "ecs:StopTask",
        "dynamodb:UpdateItem",
    ]
