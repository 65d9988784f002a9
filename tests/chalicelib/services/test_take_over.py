"""Take-over by an admin: nothing is lost, nothing runs twice, and the admin's rights count."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

from tests.faults.schedules import hold_schedules
from tests.support.definitions import Definitions
from tests.support.faults import Always, Killed, KilledAfter, KilledBefore, Lost, Meanwhile
from tests.support.scheduler import ANNA, BOB, Api, LocalScheduler, Response, notebook, scheduler, settings

_CAROL = "arn:aws:iam::123456789012:user/carol"
_CONTENT = notebook("n = 1")


def _settings(**finance: Any) -> Any:
    python = settings().model_dump()["environments"]["python"]
    environments = {"finance": {**python, "users": (ANNA,), **finance}}
    return settings(ownership={"admins": (BOB, _CAROL)}, environments=environments)


@pytest.fixture
def local() -> Iterator[LocalScheduler]:
    """A scheduler whose admins are Bob and Carol, with an environment that is open to Anna only."""
    with scheduler(_settings()) as made:
        yield made


@pytest.fixture
def bob(local: LocalScheduler) -> Api:
    return local.api.as_user(BOB)


def take_over(local: LocalScheduler, definition_id: str, api: Api, owner: Api | None = None) -> Response:
    url = f"/scheduler/job_definitions/{definition_id}/take_over?owner_id={local.owner_id(owner)}"
    return api.post(url)


def test_the_admin_gets_a_copy_and_the_original_is_paused(local: LocalScheduler, made: Definitions, bob: Api) -> None:
    options: dict[str, Any] = {
        "schedule": "0 13 * * *",
        "timezone": "Europe/Berlin",
        "overlap_policy": "skip",
        "max_runs": 5,
    }
    old_id = made.create(_CONTENT, parameters={"n": "3"}, tags=["a"], input_path="work/report.ipynb", **options)
    before = made.described(old_id)
    response = take_over(local, old_id, bob)
    assert (response.status, list(response.body)) == (200, ["job_definition_id"])
    new_id = response.body["job_definition_id"]
    new = bob.get(f"/scheduler/job_definitions/{new_id}").body
    same = {name for name in before if name not in ("job_definition_id", "owner_id", "create_time", "update_time")}
    assert {name for name in same if new[name] != before[name]} == {"input_path"}
    assert (new["owner_id"], new["input_path"], new["active"]) == (local.owner_id(bob), None, True)
    old = made.described(old_id)
    by = {"owner_id": local.owner_id(bob), "arn": BOB, "time": int(local.clock.now.timestamp() * 1000)}
    assert (old["active"], old["next_run_time"]) == (False, None)
    assert old["taken_over_by"] == {**by, "job_definition_id": new_id}
    key = next(key for key in local.objects(f"definitions/{local.owner_id(bob)}/{new_id}/"))
    assert local.client("s3").get_object(Bucket=local.bucket, Key=key)["Body"].read() == _CONTENT
    hold_schedules(made)
    assert {name: schedule["State"] for name, schedule in made.schedules().items()} == {
        f"{old_id}-0": "DISABLED",
        f"{new_id}-0": "ENABLED",
    }


def test_due_times_run_once_for_the_admin_and_past_jobs_are_kept(
    local: LocalScheduler, made: Definitions, bob: Api
) -> None:
    old_id = made.create(_CONTENT, max_runs=2)
    made.set_clock("13:00", seconds=4)
    made.tick(old_id, made.at("13:00"))
    local.start(made.jobs()[0]["job_id"]).report()
    new_id = take_over(local, old_id, bob).body["job_definition_id"]
    for _ in range(2):
        made.set_clock("14:00", seconds=4)
        made.tick(old_id, made.at("14:00"))
        made.tick(new_id, made.at("14:00"), api=bob)
    made.set_clock("15:00", seconds=4)
    made.tick(new_id, made.at("15:00"), api=bob)
    assert [job["owner_id"] for job in made.jobs()] == [local.owner_id(), local.owner_id(bob)]
    assert bob.get(f"/scheduler/job_definitions/{new_id}").body["run_count"] == 2
    assert made.described(old_id)["run_count"] == 1


def test_a_copy_is_paused_or_without_a_schedule_like_the_original(
    local: LocalScheduler, made: Definitions, bob: Api
) -> None:
    for fields in ({"active": False}, {"schedule": ...}):
        new_id = take_over(local, made.create(**fields), bob).body["job_definition_id"]
        new = bob.get(f"/scheduler/job_definitions/{new_id}").body
        assert (new["active"], new["schedule"]) == (
            fields.get("active", True),
            None if "schedule" in fields else "0 * * * *",
        )
        assert new["next_run_time"] is None


def test_the_definition_of_a_disabled_owner_runs_again_after_take_over(
    local: LocalScheduler, made: Definitions, bob: Api
) -> None:
    old_id, anna = made.create(), local.owner_id()
    assert bob.patch(f"/scheduler/owners/{anna}", {"disabled": True}).status == 204
    response = bob.post(f"/scheduler/job_definitions/{old_id}/take_over?owner_id={anna}")
    assert response.status == 200
    made.set_clock("13:00", seconds=4)
    assert made.tick(response.body["job_definition_id"], made.at("13:00"), api=bob) == []
    assert [job["owner_id"] for job in made.jobs()] == [local.owner_id(bob)]


def test_take_over_is_refused_if_the_environment_is_not_open_to_the_admin(
    local: LocalScheduler, made: Definitions, bob: Api
) -> None:
    old_id = made.create(runtime_environment_name="finance")
    before = local.items("definitions"), local.objects()
    response = take_over(local, old_id, bob)
    assert (response.status, response.body["code"]) == (403, "not_allowed")
    assert "finance" in response.body["message"]
    assert (local.items("definitions"), local.objects()) == before
    local.serve(_settings(users=(ANNA, BOB)))
    assert take_over(local, old_id, bob).status == 200


def test_only_admins_can_take_over(local: LocalScheduler, made: Definitions) -> None:
    old_id, dave = made.create(), local.api.as_user("arn:aws:iam::123456789012:user/dave")
    before = local.items("definitions")
    assert take_over(local, old_id, dave).body["code"] == "not_allowed"
    assert dave.post(f"/scheduler/job_definitions/{old_id}/take_over").status == 403
    assert take_over(local, old_id, local.api).body["code"] == "not_allowed"
    assert local.items("definitions") == before


def test_admins_cannot_take_over_from_themselves_or_another_admin(
    local: LocalScheduler, made: Definitions, bob: Api
) -> None:
    carol, own = local.api.as_user(_CAROL), made.create(api=bob)
    assert take_over(local, own, bob, bob).status == 403
    old_id = made.create()
    new_id = take_over(local, old_id, bob).body["job_definition_id"]
    response = take_over(local, old_id, carol)
    assert response.status == 409
    assert new_id in response.body["message"]
    assert BOB in response.body["message"]
    assert take_over(local, new_id, carol, bob).status == 200


def test_a_repeated_request_returns_the_same_definition(local: LocalScheduler, made: Definitions, bob: Api) -> None:
    old_id = made.create()
    first, again = take_over(local, old_id, bob), take_over(local, old_id, bob)
    assert first.body == again.body
    assert len(local.items("definitions")) == 2
    made.patch(old_id, active=True)
    assert made.described(old_id)["taken_over_by"] is None
    assert take_over(local, old_id, bob).body != first.body


@pytest.mark.parametrize(
    "meanwhile",
    [
        lambda made, old_id: made.patch(old_id, name="other"),
        lambda made, old_id: made.patch(old_id, active=False),
        lambda made, old_id: made.tick(old_id, made.at("13:00")),
        lambda made, old_id: made.delete(old_id),
    ],
    ids=["renamed", "paused", "ran", "deleted"],
)
def test_take_over_is_refused_if_the_definition_changes_meanwhile(
    local: LocalScheduler, made: Definitions, bob: Api, meanwhile: Any
) -> None:
    old_id = made.create()
    made.set_clock("13:00", seconds=4)
    url = f"/scheduler/job_definitions/{old_id}/take_over?owner_id={local.owner_id()}"
    local.hub.listeners.append(Meanwhile("dynamodb:TransactWriteItems", lambda: meanwhile(made, old_id)))
    response = bob.post(url)
    assert (response.status, response.body["code"]) == (409, "conflict")
    assert "Nothing was taken over" in response.body["message"]
    assert [item for item in local.items("definitions") if item["owner_id"]["S"] != local.owner_id()] == []


_CALLS = ["dynamodb:UpdateItem", "s3:CopyObject", "dynamodb:TransactWriteItems", "scheduler:CreateSchedule"]


@pytest.mark.parametrize("point", [(call, turn) for call in _CALLS for turn in (0, 1)], ids=str)
@pytest.mark.parametrize("killed", [KilledBefore, KilledAfter, Lost])
def test_an_interrupted_take_over_is_repaired(
    local: LocalScheduler, made: Definitions, bob: Api, killed: Any, point: tuple[str, int]
) -> None:
    old_id = made.create(schedule="0 13 1 * 1")  # needs two EventBridge schedules
    url = f"/scheduler/job_definitions/{old_id}/take_over?owner_id={local.owner_id()}"
    local.hub.listeners.append(killed(*point))
    with suppress(Killed):
        bob.post(url)
    local.hub.listeners.clear()
    active = [item for item in local.items("definitions") if item["active"]["BOOL"]]
    assert len(active) == 1
    local.clock.forward(minutes=3)
    made.sweep()
    hold_schedules(made)
    assert bob.post(url).status == 200
    made.sweep()
    hold_schedules(made)
    assert len(local.items("definitions")) == 2


def test_a_refused_schedule_is_reported(local: LocalScheduler, made: Definitions, bob: Api) -> None:
    old_id = made.create()
    local.hub.listeners.append(Always("AccessDeniedException", "scheduler:CreateSchedule", status=403))
    response = take_over(local, old_id, bob)
    assert response.status == 200
    assert [problem["code"] for problem in response.body["problems"]] == ["denied"]


def test_the_limit_of_the_admin_applies() -> None:
    with scheduler(settings(ownership={"admins": (BOB,)}, limits={"max_definitions_per_owner": 1})) as local:
        made, bob = Definitions(local), local.api.as_user(BOB)
        old_id = made.create()
        made.create(api=bob)
        response = take_over(local, old_id, bob)
        assert (response.status, response.body["code"]) == (409, "limit_reached")
        assert made.described(old_id)["active"] is True
