"""Task events: late, repeated, in any order, of other tasks; and the outcomes of stopped containers."""

from itertools import permutations
from typing import Any

import pytest

from tests.support.runs import Run
from tests.support.scheduler import LocalScheduler

_RUN = ["PROVISIONING", "PENDING", "RUNNING", "check-in", "report", "STOPPED"]
_ORDERS = [
    order for order in permutations(_RUN) if order.index("check-in") < order.index("report") < order.index("STOPPED")
]
"""Events arrive in any order; the runner's requests are handled one after the other, before its container ends."""


def _job_id(run: Run) -> str:
    return run.path.split("/")[3]


def _detail(run: Run, status: str, **changes: Any) -> dict[str, Any]:
    return {**run.task, "lastStatus": status, **changes}


def _stopped(
    run: Run,
    exit_code: int | None = 0,
    stop_code: str = "EssentialContainerExited",
    reason: str = "",
    container_reason: str = "",
) -> dict[str, Any]:
    container = {
        "name": "runner",
        **({} if exit_code is None else {"exitCode": exit_code}),
        **({"reason": container_reason} if container_reason else {}),
    }
    return _detail(run, "STOPPED", stopCode=stop_code, stoppedReason=reason, containers=[container])


def _final(local: LocalScheduler, run: Run) -> dict[str, Any]:
    """Return the stored attributes except those that differ between jobs."""
    item = local.item(_job_id(run))
    return {
        name: value
        for name, value in item.items()
        if name
        not in (
            "job_id",
            "task_arn",
            "task_arns",
            "upload_id",
            "launch_code",
            "input_filename_key",
            "name_key",
            "status_key",
        )
    }


@pytest.mark.parametrize(
    ("code", "orders", "status"),
    [("succeeded", _ORDERS, "COMPLETED"), ("notebook_error", _ORDERS[::12], "FAILED")],
    ids=["all orders", "some orders"],
)
def test_every_order_of_events_leads_to_the_same_end(
    local: LocalScheduler, code: str, orders: list[tuple[str, ...]], status: str
) -> None:
    ends = []
    for order in orders:
        run = local.launch()
        events = {status: _detail(run, status) for status in _RUN[:3]} | {"STOPPED": _stopped(run)}
        for step in (*order, "RUNNING", "STOPPED"):
            if step == "check-in":
                run.check_in()
            elif step == "report":
                run.report(code)
            else:
                local.ecs_event(events[step])
        ends.append(_final(local, run))
        local.api.delete(f"/scheduler/jobs/{_job_id(run)}")
    assert len(ends) == len(orders) > 9
    assert ends[0]["status"] == status
    assert all(end == ends[0] for end in ends)


def test_events_before_the_check_in_update_the_phase(local: LocalScheduler) -> None:
    run = local.launch()
    messages = []
    for status in ("PROVISIONING", "PENDING", "ACTIVATING", "RUNNING", "DEACTIVATING"):
        local.ecs_event(_detail(run, status))
        messages.append(local.job(_job_id(run))["phase"]["message"])
    assert len(set(messages)) == 4
    assert messages[3] == messages[4]
    run.check_in()
    local.ecs_event(_detail(run, "PENDING"))
    assert local.job(_job_id(run))["phase"]["code"] == "starting_kernel"


@pytest.mark.parametrize(
    "change",
    [
        {"taskArn": "arn:aws:ecs:us-east-1:123456789012:task/test/other"},
        {"startedBy": "nobody/nothing-here/1"},
        {"startedBy": "ecs-svc/123"},
        {"startedBy": ""},
        {"startedBy": None},
    ],
    ids=str,
)
@pytest.mark.parametrize("status", ["RUNNING", "STOPPED"])
def test_events_of_other_tasks_change_nothing(local: LocalScheduler, status: str, change: dict[str, Any]) -> None:
    run = local.launch()
    before = local.items()
    local.ecs_event({**_stopped(run, 10), "lastStatus": status, **change})
    assert local.items() == before


@pytest.mark.parametrize("attempt", [0, 2, 3])
def test_events_of_other_attempts_change_nothing(local: LocalScheduler, attempt: int) -> None:
    run = local.launch()
    before = local.items()
    owner = run.task["startedBy"].rpartition("/")[0]
    local.ecs_event({**_stopped(run, 10), "startedBy": f"{owner}/{attempt}"})
    assert local.items() == before


def test_an_event_of_an_earlier_launch_changes_nothing(local: LocalScheduler) -> None:
    first = local.launch(compute_type="small-spot")
    gone = _stopped(first, None, "TaskFailedToStart", "Capacity is unavailable at this time.")
    local.ecs_event(gone)
    assert local.item(_job_id(first))["launch"] == "2"
    before = local.item(_job_id(first))
    local.ecs_event(gone)
    assert local.item(_job_id(first)) == before
    local.dispatch()
    before = local.item(_job_id(first))
    local.ecs_event(gone)
    assert local.item(_job_id(first)) == before


def test_an_event_may_come_before_the_task_is_recorded(local: LocalScheduler) -> None:
    run = local.launch()
    table = local.client("dynamodb")
    table.update_item(
        TableName="jobs",
        Key={"owner_id": {"S": local.owner_id()}, "job_id": {"S": _job_id(run)}},
        UpdateExpression="REMOVE task_arn",
    )
    local.ecs_event(_stopped(run, 13))
    assert local.job(_job_id(run))["outcome"]["code"] == "input_problem"


def test_an_event_of_a_deleted_job_stores_nothing(local: LocalScheduler) -> None:
    run = local.start()
    local.api.delete(f"/scheduler/jobs/{_job_id(run)}")
    local.ecs_event(_stopped(run, 0))
    assert local.items() == []


_STOPS = [
    ({"exit_code": 10}, "FAILED", "notebook_error"),
    ({"exit_code": 11}, "FAILED", "timeout"),
    ({"exit_code": 13}, "FAILED", "input_problem"),
    ({"exit_code": 14}, "FAILED", "kernel_died"),
    ({"exit_code": 15}, "FAILED", "out_of_memory"),
    ({"exit_code": 16}, "FAILED", "environment_problem"),
    ({"exit_code": 17}, "CREATED", "terminated"),
    ({"exit_code": 18}, "CREATED", "upload_failed"),
    ({"exit_code": 19}, "CREATED", "runner_error"),
    ({"exit_code": 20}, "CREATED", "container_gone"),
    ({"exit_code": 21}, "CREATED", "connection_lost"),
    ({"exit_code": 0}, "CREATED", "container_gone"),
    ({"exit_code": 1}, "CREATED", "container_gone"),
    ({"exit_code": 137}, "CREATED", "container_gone"),
    ({"exit_code": 137, "reason": "OutOfMemoryError: a text of another field"}, "CREATED", "container_gone"),
    (
        {"exit_code": 137, "container_reason": "OutOfMemoryError: Container killed due to memory usage"},
        "FAILED",
        "out_of_memory",
    ),
    (
        {"exit_code": None, "stop_code": "SpotInterruption", "reason": "Your Spot Task was interrupted."},
        "CREATED",
        "spot_reclaimed",
    ),
    ({"exit_code": 17, "stop_code": "SpotInterruption"}, "CREATED", "spot_reclaimed"),
    (
        {"exit_code": None, "stop_code": "TaskFailedToStart", "reason": "CannotPullContainerError: not found"},
        "FAILED",
        "image_problem",
    ),
    (
        {"exit_code": None, "stop_code": "TaskFailedToStart", "reason": "Capacity is unavailable at this time."},
        "CREATED",
        "no_capacity",
    ),
    (
        {
            "exit_code": None,
            "stop_code": "TaskFailedToStart",
            "reason": "ResourceInitializationError: unable to pull secrets",
        },
        "CREATED",
        "network_problem",
    ),
]


@pytest.mark.parametrize(("how", "status", "code"), _STOPS, ids=lambda value: value if isinstance(value, str) else "")
def test_the_outcome_of_a_container_without_a_report(
    local: LocalScheduler, how: dict[str, Any], status: str, code: str
) -> None:
    run = local.launch()
    if how.get("stop_code") != "TaskFailedToStart":
        run.check_in()
    local.ecs_event(_stopped(run, **how))
    job = local.job(_job_id(run))
    assert job["status"] == status
    if status == "FAILED":
        assert job["outcome"]["code"] == code
        assert job["status_message"]
    else:
        assert job["outcome"] is None
        assert job["phase"]["code"] == "waiting"


@pytest.mark.parametrize("exit_code", [0, 1, 12, 17, 21, 137, None])
def test_a_container_that_ends_while_stopping_is_stopped(local: LocalScheduler, exit_code: int | None) -> None:
    run = local.start(max_retries=5)
    local.api.patch(f"/scheduler/jobs/{_job_id(run)}", {"status": "STOPPED"})
    local.ecs_event(_stopped(run, exit_code))
    assert local.status(_job_id(run)) == "STOPPED"


def test_a_notebook_that_kills_its_container_again_and_again_ends(local: LocalScheduler) -> None:
    job_id = local.create(max_retries=5)
    for _ in range(3):
        local.ecs_event(_stopped(local.start(job_id), 137))
        local.clock.forward(minutes=5)
    ended = local.job(job_id)
    assert (ended["status"], ended["attempt"], ended["outcome"]["code"]) == ("FAILED", 3, "container_gone")
    assert "SIGKILL" in ended["status_message"]
    assert "memory" not in ended["status_message"].lower()


def test_the_maximum_run_time_counts_for_each_attempt(local: LocalScheduler) -> None:
    """Attempt 1 ran and was terminated; the container of attempt 2 ends before its check-in, long after attempt 1 began."""
    job_id = local.create(timeout_seconds=60)
    first = local.start(job_id)
    first.report("terminated")
    local.finish(first, exit_code=17)
    local.clock.forward(minutes=5)
    local.ecs_event(_stopped(local.launch(job_id), 1))
    assert (local.status(job_id), local.item(job_id)["infrastructure_retries"]) == ("CREATED", "2")


def test_infrastructure_retries_are_limited(local: LocalScheduler) -> None:
    job_id = local.create()
    for _ in range(3):
        local.ecs_event(_stopped(local.start(job_id), None, "SpotInterruption"))
        local.clock.forward(minutes=5)
    ended = local.job(job_id)
    assert (ended["status"], ended["attempt"], ended["outcome"]["code"]) == ("FAILED", 3, "spot_reclaimed")
