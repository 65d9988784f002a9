"""Dispatch: the order of jobs, the request to ECS, and what happens when dispatch is interrupted."""

import json
from datetime import timedelta
from typing import Any

import pytest

from tests.support.faults import Lost, Meanwhile, NeverSent, Refused, Resent
from tests.support.scheduler import ANNA, BOB, LocalScheduler, scheduler, settings


def _launched(local: LocalScheduler) -> list[str]:
    return [task["startedBy"].split("/")[1] for task in local.tasks()]


def _create(local: LocalScheduler, count: int, user: str = ANNA, **fields: Any) -> list[str]:
    made = []
    for _ in range(count):
        local.clock.forward(milliseconds=1)
        made.append(local.create(api=local.api.as_user(user), **fields))
    return made


def _dispatch_interrupted(local: LocalScheduler, fault: Any) -> None:
    local.hub.listeners.append(fault)
    local.dispatch()
    assert fault.has_happened
    local.hub.listeners.remove(fault)


def test_owners_take_turns_oldest_first(local: LocalScheduler) -> None:
    anna = _create(local, 4)
    bob = _create(local, 2, BOB)
    local.dispatch()
    order = _launched(local)
    assert [job_id for job_id in order if job_id in anna] == anna
    assert [job_id for job_id in order if job_id in bob] == bob
    assert {*order[:2]} == {anna[0], bob[0]}
    assert {*order[2:4]} == {anna[1], bob[1]}


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        ({"max_running_jobs": 3}, {ANNA: 2, BOB: 1}),
        ({"max_running_jobs_per_owner": 1}, {ANNA: 1, BOB: 1}),
        ({"max_running_jobs": 4, "max_running_jobs_per_owner": 3}, {ANNA: 3, BOB: 1}),
    ],
)
def test_limits_hold_across_several_dispatches(limits: dict[str, int], expected: dict[str, int]) -> None:
    with scheduler(settings(limits=limits)) as local:
        _create(local, 4)
        _create(local, 1, BOB)
        local.dispatch()
        local.dispatch()
        owners = [task["startedBy"].partition("/")[0] for task in local.tasks()]
        counts = {user: owners.count(local.owner_id(local.api.as_user(user))) for user in expected}
        assert counts == expected


def test_a_free_slot_goes_to_the_next_job() -> None:
    with scheduler(settings(limits={"max_running_jobs": 1})) as local:
        first, second, third = _create(local, 3)
        run = local.start(first)
        wake_ups = local.wake_ups()
        run.report()
        local.finish(run, exit_code=0)
        assert local.wake_ups() == wake_ups + 1
        local.dispatch()
        assert _launched(local) == [first, second]
        local.api.patch(f"/scheduler/jobs/{second}", {"status": "STOPPED"})
        local.finish(local.run_of(second))
        assert local.wake_ups() == wake_ups + 2
        local.dispatch()
        assert _launched(local) == [first, second, third]


def test_each_definition_has_its_own_limit() -> None:
    with scheduler(settings(limits={"max_running_jobs_per_definition": 2})) as local:
        single = local.create()
        made = local.copies(single, 4, lambda _: {"job_definition_id": "d-1"})
        local.dispatch()
        local.dispatch()
        assert _launched(local) == [single, *made[:2]]


def test_hundreds_of_waiting_jobs_of_one_definition_hold_back_no_other_job_of_their_owner() -> None:
    """Neither with nor without a definition, whatever has waited longest, and with a few Queries."""
    with scheduler(settings(limits={"max_running_jobs_per_definition": 5})) as local:
        single = local.create()
        busy = local.copies(single, 250, lambda _: {"job_definition_id": "019aaaaa-busy"})
        (other,) = local.copies(single, 1, lambda _: {"job_definition_id": "019aaaab-other"})
        local.calls.clear()
        local.dispatch()
        assert set(_launched(local)) == {single, other, *busy[:5]}
        # Four shards of live jobs, two pages of waiting ones, disabled owners.
        assert local.calls.count("dynamodb:Query") == 7


def test_a_retry_waits_for_its_interval(local: LocalScheduler) -> None:
    run = local.start(max_retries=1, min_retry_interval_millis=60_000)
    job_id = run.path.split("/")[3]
    run.report("notebook_error")
    local.finish(run, exit_code=10)
    local.clock.forward(seconds=59)
    local.dispatch()
    assert local.status(job_id) == "CREATED"
    local.clock.forward(seconds=1)
    local.dispatch()
    assert (local.status(job_id), local.job(job_id)["attempt"]) == ("QUEUED", 2)


def test_the_request_has_everything_that_fargate_needs(local: LocalScheduler) -> None:
    run = local.launch(compute_type="medium")
    (request,) = local.hub.ecs.requests
    job_id = run.path.split("/")[3]
    assert request["clientToken"] == f"{job_id}-1-1"
    assert len(request["clientToken"]) <= 64
    assert request["startedBy"] == f"{local.owner_id()}/{job_id}/1"
    assert request["taskDefinition"] == "stack-python"
    assert request["capacityProviderStrategy"] == [{"capacityProvider": "FARGATE", "weight": 1}]
    assert (request["overrides"]["cpu"], request["overrides"]["memory"]) == ("2048", "8192")
    assert request["networkConfiguration"]["awsvpcConfiguration"] == {
        "subnets": ["subnet-1", "subnet-2"],
        "securityGroups": ["sg-1"],
        "assignPublicIp": "ENABLED",
    }
    assert set(run.environ) == {"RUN_URL", "LAUNCH", "LAUNCH_CODE"}
    assert run.environ["LAUNCH_CODE"] == local.item(job_id)["launch_code"]
    assert "launchType" not in request


def test_a_task_is_tagged_with_stack_owner_job_and_definition(local: LocalScheduler) -> None:
    job_id = local.create()
    (copy,) = local.copies(job_id, 1, lambda _: {"job_definition_id": "019aaaaa-daily"})
    local.dispatch()
    first, second = ({tag["key"]: tag["value"] for tag in local.run_of(each).task["tags"]} for each in (job_id, copy))
    assert first == {
        "jupyter-scheduler:stack": "stack",
        "jupyter-scheduler:owner": "anna",
        "jupyter-scheduler:owner-id": local.owner_id(),
        "jupyter-scheduler:job": job_id,
    }
    assert second == {**first, "jupyter-scheduler:job": copy, "jupyter-scheduler:definition": "019aaaaa-daily"}
    assert all(request["enableECSManagedTags"] for request in local.hub.ecs.requests)
    assert {request["propagateTags"] for request in local.hub.ecs.requests} == {"TASK_DEFINITION"}


_INTERRUPTIONS = [
    pytest.param(lambda: NeverSent("ecs:RunTask"), id="RunTask never sent"),
    pytest.param(lambda: Lost("ecs:RunTask"), id="response of RunTask lost"),
    pytest.param(lambda: Refused("ServerException", "ecs:RunTask", status=500), id="internal error of ECS"),
    pytest.param(lambda: NeverSent("dynamodb:UpdateItem", 1), id="task not recorded"),
    pytest.param(lambda: Lost("dynamodb:UpdateItem", 0), id="response of the claim lost"),
    pytest.param(lambda: Resent("dynamodb:UpdateItem", 0), id="claim sent twice"),
    pytest.param(lambda: Lost("dynamodb:UpdateItem", 1), id="response of the record lost"),
]


@pytest.mark.parametrize("interruption", _INTERRUPTIONS)
@pytest.mark.parametrize("compute_type", ["small", "small-spot"])
def test_an_interrupted_launch_is_repeated_with_the_identical_call(
    local: LocalScheduler, interruption: Any, compute_type: str
) -> None:
    job_id = local.create(compute_type=compute_type)
    _dispatch_interrupted(local, interruption())
    local.clock.forward(minutes=3)
    local.dispatch()
    assert len(local.tasks()) == 1
    assert len({json.dumps(request, sort_keys=True) for request in local.hub.ecs.requests}) == 1
    item = local.item(job_id)
    assert (item["status"], item["attempt"], item["task_arn"]) == ("QUEUED", "1", local.tasks()[0]["taskArn"])
    assert local.hub.ecs.running
    assert local.run_of(job_id).check_in().status == 200


def test_the_sweep_finds_an_interrupted_launch(local: LocalScheduler) -> None:
    local.create()
    _dispatch_interrupted(local, NeverSent("ecs:RunTask"))
    before = local.wake_ups()
    local.clock.forward(minutes=2)
    local.factory.sweep.run()
    assert local.wake_ups() == before + 1


def test_a_client_token_in_use_leads_to_the_running_task(local: LocalScheduler) -> None:
    job_id = local.create()
    arn = "arn:aws:ecs:us-east-1:123456789012:task/test/first"
    local.hub.listeners.append(Refused("ConflictException", "ecs:RunTask", resourceIds=[arn]))
    local.dispatch()
    assert local.item(job_id)["task_arn"] == arn


@pytest.mark.parametrize("how", ["stopped", "deleted"])
def test_a_task_is_stopped_if_its_job_ends_during_the_launch(local: LocalScheduler, how: str) -> None:
    job_id = local.create()
    url = f"/scheduler/jobs/{job_id}"

    def end() -> None:
        assert (
            local.api.delete(url) if how == "deleted" else local.api.patch(url, {"status": "STOPPED"})
        ).status == 204

    local.hub.listeners.append(Meanwhile("ecs:RunTask", end))
    local.dispatch()
    (task,) = local.tasks()
    assert task["desiredStatus"] == "STOPPED"
    assert local.run_of(job_id).check_in().status == (403 if how == "deleted" else 409)


def test_a_runner_may_check_in_before_its_task_is_recorded(local: LocalScheduler) -> None:
    """It may even report before its task is recorded."""
    job_id = local.create()
    local.hub.listeners.append(Meanwhile("dynamodb:UpdateItem", lambda: local.run_of(job_id).check_in(), turn=1))
    local.dispatch()
    item = local.item(job_id)
    assert (item["status"], item["task_arn"]) == ("IN_PROGRESS", local.tasks()[0]["taskArn"])
    assert int(item["deadline"]) == int((local.clock.now + timedelta(minutes=5)).timestamp() * 1000)

    def run_at_once() -> None:
        run = local.run_of(second)
        run.check_in()
        run.report()

    second = local.create()
    local.hub.listeners.append(Meanwhile("dynamodb:UpdateItem", run_at_once, turn=1))
    local.dispatch()
    assert local.status(second) == "COMPLETED"


@pytest.mark.parametrize(
    "fault",
    [
        lambda: Refused("InternalServerError", "dynamodb:GetItem", status=500),
        lambda: Refused("InternalServerError", "dynamodb:UpdateItem", status=500),
        lambda: NeverSent("ecs:RunTask"),
        lambda: Refused("ProvisionedThroughputExceededException", "dynamodb:UpdateItem", 1),
    ],
    ids=["read", "claim", "launch", "record"],
)
def test_one_failing_job_does_not_stop_the_others(local: LocalScheduler, fault: Any) -> None:
    made = _create(local, 3)
    _dispatch_interrupted(local, fault())
    assert [local.status(job_id) for job_id in made[1:]] == ["QUEUED", "QUEUED"]
    local.clock.forward(minutes=1)
    local.dispatch()
    assert sorted(set(_launched(local))) == sorted(made)
    assert len(local.tasks()) == 3


def test_jobs_left_when_time_runs_out_get_another_wake_up(local: LocalScheduler) -> None:
    made = _create(local, 3)
    before = local.wake_ups()
    local.hub.listeners.append(Meanwhile("ecs:RunTask", lambda: local.clock.forward(minutes=2)))
    local.dispatch()
    assert _launched(local) == made[:1]
    assert local.wake_ups() == before + 1
    local.dispatch()
    assert _launched(local) == made


def test_dispatch_reads_only_its_indexes_when_no_job_waits(local: LocalScheduler) -> None:
    local.calls.clear()
    local.dispatch()
    assert set(local.calls) == {"dynamodb:Query"}
    assert len(local.calls) == 5
