"""Admins list, disable and enable owners. A disabled owner has no access."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.definitions import Definitions
from tests.support.faults import Always, Meanwhile
from tests.support.scheduler import ANNA, BOB, Api, LocalScheduler, notebook, scheduler, settings

_CAROL = "arn:aws:iam::123456789012:user/carol"
_REASON = "left the company"


@pytest.fixture
def local() -> Iterator[LocalScheduler]:
    """A scheduler whose admin is Bob."""
    with scheduler(settings(ownership={"admins": (BOB,)})) as made:
        yield made


@pytest.fixture
def bob(local: LocalScheduler) -> Api:
    return local.api.as_user(BOB)


def _url(local: LocalScheduler, api: Api | None = None) -> str:
    return f"/scheduler/owners/{local.owner_id(api)}"


def _disable(local: LocalScheduler, bob: Api, **body: Any) -> None:
    response = bob.patch(_url(local), {"disabled": True, "reason": _REASON, **body})
    assert (response.status, response.body) == (204, None)


def test_everybody_who_has_created_something_is_listed(local: LocalScheduler, bob: Api, made: Definitions) -> None:
    assert bob.get("/scheduler/owners").body == {"owners": []}
    local.create()
    local.clock.forward(hours=1)
    made.create(api=local.api.as_user(_CAROL))
    anna, carol = bob.get("/scheduler/owners").body["owners"]
    assert (anna["arn"], carol["arn"]) == (ANNA, _CAROL)
    assert carol["first_seen"] - anna["first_seen"] == 3_600_000
    assert anna == bob.get(f"/scheduler/owners/{anna['owner_id']}").body
    assert anna["disabled"] is None
    local.clock.forward(days=2)
    local.create()
    seen = bob.get(_url(local)).body
    assert seen["first_seen"] == anna["first_seen"]
    assert seen["last_seen"] == int(local.clock.now.timestamp() * 1000)


def test_the_list_is_paged(local: LocalScheduler, bob: Api) -> None:
    for name in ("a", "b", "c", "d", "e"):
        local.create(api=local.api.as_user(f"arn:aws:iam::123456789012:user/{name}"))
    names, url = [], "/scheduler/owners?max_items=2"
    while True:
        page = bob.get(url).body
        assert len(page["owners"]) <= 2
        names += [each["arn"][-1] for each in page["owners"]]
        if "next_token" not in page:
            break
        url = f"/scheduler/owners?max_items=2&next_token={page['next_token']}"
    assert sorted(names) == ["a", "b", "c", "d", "e"]


@pytest.mark.parametrize("token", ["%00", "a%20b", "ü", "a" * 2000, "a/b"])
def test_a_forged_token_is_rejected(bob: Api, token: str) -> None:
    response = bob.get(f"/scheduler/owners?next_token={token}")
    assert (response.status, response.body["reason"]) == (400, "next_token")


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [("GET", "", None), ("GET", "/anna-1", None), ("PATCH", "/anna-1", {"disabled": True})],
)
def test_only_admins_see_and_change_owners(local: LocalScheduler, method: str, path: str, body: Any) -> None:
    local.create()
    before = local.items("owners")
    response = local.api.request(method, f"/scheduler/owners{path}", body=body)
    assert (response.status, response.body["code"]) == (403, "not_allowed")
    assert local.items("owners") == before


def test_an_unknown_owner_cannot_be_disabled(local: LocalScheduler, bob: Api) -> None:
    response = bob.patch("/scheduler/owners/nobody-1", {"disabled": True})
    assert (response.status, response.body["code"]) == (404, "not_found")
    assert local.items("owners") == []


def test_an_admin_cannot_lock_themself_out(local: LocalScheduler, bob: Api) -> None:
    local.create(api=bob)
    response = bob.patch(_url(local, bob), {"disabled": True})
    assert response.status == 409
    assert "another admin" in response.body["message"]
    assert bob.get("/scheduler/health").status == 200


@pytest.mark.parametrize("body", [{}, {"disabled": "yes"}, {"disabled": None}, {"disabled": True, "reason": "x" * 201}])
def test_a_wrong_body_is_rejected(local: LocalScheduler, bob: Api, body: Any) -> None:
    local.create()
    assert bob.patch(_url(local), body).status == 400


def test_the_error_for_a_disabled_owner_names_the_admin_and_the_reason(local: LocalScheduler, bob: Api) -> None:
    local.create()
    url = _url(local)
    _disable(local, bob, reason="  left\nthe company ")
    response = local.api.get("/scheduler/health")
    assert (response.status, response.body["code"]) == (403, "owner_disabled")
    assert f"disabled since 2026-11-23 12:00 UTC by {BOB}: {_REASON}. Ask an admin" in response.body["message"]
    by = {"owner_id": local.owner_id(bob), "arn": BOB, "time": int(local.clock.now.timestamp() * 1000)}
    assert bob.get(url).body["disabled"] == {"by": by, "reason": _REASON}
    assert [each["disabled"] is None for each in bob.get("/scheduler/owners").body["owners"]] == [False]


def test_every_route_rejects_a_disabled_owner(local: LocalScheduler, bob: Api, made: Definitions) -> None:
    job_id, definition_id = local.create(), made.create()
    uri = local.upload(notebook())
    _disable(local, bob)
    before = local.items(), local.items("definitions"), local.objects()
    body = {"name": "n", "input_uri": uri, "input_filename": "x.ipynb", "runtime_environment_name": "python"}
    for method, path, content in (
        ("POST", "uploads", {"filename": "x.ipynb"}),
        ("POST", "jobs", body),
        ("POST", "job_definitions", body),
        ("PATCH", f"job_definitions/{definition_id}", {"input_uri": uri, "input_filename": "x.ipynb"}),
        ("POST", f"job_definitions/{definition_id}/jobs", {}),
        ("DELETE", f"job_definitions/{definition_id}", None),
        ("PATCH", f"jobs/{job_id}", {"status": "STOPPED"}),
        ("DELETE", f"jobs/{job_id}", None),
        ("DELETE", f"batch/jobs?job_id={job_id}", None),
        ("GET", f"jobs/{job_id}/download_files", None),
        ("GET", f"jobs/{job_id}/logs", None),
        ("GET", "jobs", None),
        ("GET", "job_definitions", None),
        ("GET", "runtime_environments", None),
    ):
        response = local.api.request(method, f"/scheduler/{path}", body=content)
        assert (response.status, response.body["code"]) == (403, "owner_disabled"), path
    assert (local.items(), local.items("definitions"), local.objects()) == before


def test_an_admin_can_read_but_not_run_definitions_of_a_disabled_owner(
    local: LocalScheduler, bob: Api, made: Definitions
) -> None:
    job_id, definition_id, mine = local.create(), made.create(), f"?owner_id={local.owner_id()}"
    _disable(local, bob)
    assert bob.get(f"/scheduler/jobs/{job_id}{mine}").status == 200
    response = bob.post(f"/scheduler/job_definitions/{definition_id}/jobs{mine}", {})
    assert (response.status, response.body["code"]) == (403, "owner_disabled")
    assert len(local.items()) == 1
    assert bob.patch(f"/scheduler/job_definitions/{definition_id}{mine}", {"active": False}).status == 204
    assert bob.delete(f"/scheduler/job_definitions/{definition_id}{mine}").status == 204
    assert bob.patch(f"/scheduler/jobs/{job_id}{mine}", {"status": "STOPPED"}).status == 204


def test_an_enabled_owner_has_access_again(local: LocalScheduler, bob: Api) -> None:
    local.create()
    url = _url(local)
    _disable(local, bob)
    assert local.api.get("/scheduler/jobs").status == 403
    for _ in range(2):
        assert bob.patch(url, {"disabled": False}).status == 204
        local.create()
    assert bob.get(url).body["disabled"] is None


def test_disabling_twice_keeps_the_first_reason(local: LocalScheduler, bob: Api) -> None:
    local.create()
    url = _url(local)
    _disable(local, bob)
    first = bob.get(url).body["disabled"]
    local.clock.forward(hours=1)
    assert bob.patch(url, {"disabled": True, "reason": "again"}).status == 204
    assert bob.get(url).body["disabled"] == first


def test_another_process_notices_within_a_minute(local: LocalScheduler, bob: Api) -> None:
    """Each process of the function caches the disabled owners for at most 60 s."""
    local.create()
    url = _url(local)
    assert local.api.get("/scheduler/jobs").status == 200
    other = local.factory
    local.serve(local.factory.settings)
    assert bob.patch(url, {"disabled": True}).status == 204
    local.use(other)
    assert local.api.get("/scheduler/jobs").status == 200
    local.clock.forward(seconds=60)
    assert local.api.get("/scheduler/jobs").status == 403


def test_a_request_fails_while_disabled_owners_cannot_be_read(local: LocalScheduler) -> None:
    local.hub.listeners.append(Always("InternalServerError", "dynamodb:Query", status=500))
    assert local.api.get("/scheduler/health").status == 500
    local.hub.listeners.clear()
    assert local.api.get("/scheduler/health").status == 200


def test_a_create_that_races_with_disabling_leaves_no_running_job(local: LocalScheduler, bob: Api) -> None:
    local.create()
    url, uri = _url(local), local.upload(notebook())
    local.hub.listeners.append(Meanwhile("s3:CopyObject", lambda: bob.patch(url, {"disabled": True})))
    assert local.post_job(input_uri=uri).status == 200
    local.dispatch()
    assert local.tasks() == []
    assert {each["status"]["S"] for each in local.items()} == {"FAILED"}


def test_the_calls_of_a_check(local: LocalScheduler, bob: Api) -> None:
    for name in ("a", "b", "c"):
        local.create(api=local.api.as_user(f"arn:aws:iam::123456789012:user/{name}"))
    local.clock.forward(minutes=2)
    local.calls.clear()
    for _ in range(5):
        for name in ("a", "b", "c"):
            assert local.api.as_user(f"arn:aws:iam::123456789012:user/{name}").get("/scheduler/health").status == 200
    assert local.calls == ["dynamodb:Query"]
    local.calls.clear()
    bob.get("/scheduler/owners")
    assert local.calls == ["dynamodb:Query"] * 2
    bob.get("/scheduler/owners/nobody-1")
    assert local.calls == [*["dynamodb:Query"] * 2, "dynamodb:GetItem"]
