"""Launches that ECS refuses: without capacity, because of a limit, or permanently; and environments that do not exist any more."""

from datetime import timedelta

import pytest

from tests.support.faults import Refused
from tests.support.scheduler import ANNA, BOB, LocalScheduler, scheduler, settings

_NO_SPOT = "Capacity is unavailable at this time. Please try again later or in a different availability zone"


def test_no_spot_capacity_is_followed_by_a_launch_on_demand(local: LocalScheduler) -> None:
    local.hub.ecs.failures.append(_NO_SPOT)
    job_id = local.create(compute_type="small-spot")
    local.dispatch()
    assert local.status(job_id) == "QUEUED"
    assert local.tasks() == []
    local.dispatch()
    (task,) = local.tasks()
    assert task["capacityProviderName"] == "FARGATE"
    assert local.hub.ecs.requests[0]["capacityProviderStrategy"][0]["capacityProvider"] == "FARGATE_SPOT"
    assert [request["clientToken"].rpartition("-")[2] for request in local.hub.ecs.requests] == ["1", "2"]
    assert local.job(job_id)["attempt"] == 1
    assert local.run_of(job_id).check_in().status == 200


def test_a_throttled_launch_on_spot_stays_on_spot(local: LocalScheduler) -> None:
    job_id = local.create(compute_type="small-spot")
    local.hub.listeners.append(Refused("ThrottlingException", "ecs:RunTask"))
    local.dispatch()
    local.clock.forward(minutes=1)
    local.dispatch()
    assert [task["capacityProviderName"] for task in local.tasks()] == ["FARGATE_SPOT"]
    assert local.status(job_id) == "QUEUED"


@pytest.mark.parametrize(
    ("reason", "code"),
    [
        (_NO_SPOT, None),
        ("RESOURCE:CPU", None),
        ("You've reached the limit on the number of vCPUs you can run concurrently", None),
        ("MISSING", "configuration_problem"),
    ],
)
def test_a_launch_that_ecs_refuses_waits_or_ends(local: LocalScheduler, reason: str, code: str | None) -> None:
    local.hub.ecs.failures.append(reason)
    job_id = local.create()
    local.dispatch()
    job = local.job(job_id)
    if code:
        assert (job["status"], job["outcome"]["code"]) == ("FAILED", code)
        assert reason in job["status_message"]
        return
    assert (job["status"], job["phase"]["code"]) == ("CREATED", "waiting")
    local.dispatch()
    assert local.tasks() == []
    local.clock.forward(minutes=1)
    local.dispatch()
    assert len(local.tasks()) == 1


_DENIED = (
    "User: arn:aws:sts::123456789012:assumed-role/dispatch/x is not authorized to perform: ecs:RunTask on resource: "
    "arn:aws:ecs:us-east-1:123456789012:task-definition/stack-python:7 because no identity-based policy allows the action"
)
"""IAM user guide, "Troubleshoot access denied error messages": a denial names its resource."""


def test_a_denied_launch_is_retried_and_then_ends_as_a_permission_problem(local: LocalScheduler) -> None:
    job_id = local.create(compute_type="small-spot")
    for _ in range(3):
        local.hub.listeners.append(Refused("AccessDeniedException", "ecs:RunTask", message=_DENIED))
        local.dispatch()
        local.clock.forward(minutes=2)
    job = local.job(job_id)
    assert (job["status"], job["outcome"]["code"]) == ("FAILED", "permission_problem")
    assert _DENIED in job["status_message"]
    assert "Tell the operator" in job["status_message"]
    assert local.tasks() == []


def test_a_launch_with_a_new_role_is_retried_within_seconds(local: LocalScheduler) -> None:
    """IAM is eventually consistent: a new role cannot be assumed immediately."""
    job_id = local.create()
    message = "ECS was unable to assume the role 'arn:aws:iam::123456789012:role/data' that was provided for this task."
    local.hub.listeners.append(Refused("ClientException", "ecs:RunTask", message=message))
    local.dispatch()
    assert local.status(job_id) == "CREATED"
    local.clock.forward(seconds=10)
    local.dispatch()
    assert local.status(job_id) == "QUEUED"


def test_waiting_for_capacity_ends_after_hours(local: LocalScheduler) -> None:
    job_id = local.create()
    start = local.clock.now
    while local.status(job_id) == "CREATED":
        local.hub.ecs.failures.append(_NO_SPOT)
        local.dispatch()
        local.clock.forward(minutes=30)
    assert timedelta(hours=6) <= local.clock.now - start <= timedelta(hours=7)
    assert local.job(job_id)["outcome"]["code"] == "no_capacity"


@pytest.mark.parametrize("change", ["removed", "closed", "compute type removed"])
def test_an_unavailable_environment_ends_the_job(change: str) -> None:
    stored = settings().model_dump()
    python = stored["environments"]["python"]
    with scheduler(settings(environments={"team": {**python, "users": (ANNA,)}})) as open_to_anna:
        job_id = open_to_anna.create(runtime_environment_name="team")
        if change == "removed":
            open_to_anna.serve(settings())
        elif change == "closed":
            open_to_anna.serve(settings(environments={"team": {**python, "users": (BOB,)}}))
        else:
            medium = {**python, "users": (ANNA,), "compute_types": ("medium",), "default_compute_type": "medium"}
            chosen = settings(environments={"team": medium, "python": medium}).model_dump()
            del chosen["compute_types"]["small"]
            open_to_anna.serve(type(settings()).model_validate(chosen))
        open_to_anna.dispatch()
        assert open_to_anna.tasks() == []
        ended = open_to_anna.job(job_id)
        assert (ended["status"], ended["outcome"]["code"]) == ("FAILED", "not_allowed")
