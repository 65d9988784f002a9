"""Who may do what: unsigned requests, other people's jobs, admins, environments with users."""

from typing import Any

import pytest

from tests.support.scheduler import ANNA, BOB, LocalScheduler, scheduler, settings

_ROUTES = [
    ("GET", "/scheduler/jobs", None),
    ("GET", "/scheduler/jobs/count", None),
    ("GET", "/scheduler/jobs/unfinished", None),
    ("GET", "/scheduler/jobs/a-1", None),
    ("GET", "/scheduler/jobs/a-1/logs", None),
    ("GET", "/scheduler/jobs/a-1/download_files", None),
    ("GET", "/scheduler/runtime_environments", None),
    ("GET", "/scheduler/health", None),
    ("POST", "/scheduler/uploads", {"filename": "x.ipynb"}),
    ("PATCH", "/scheduler/jobs/a-1", {"status": "STOPPED"}),
    ("DELETE", "/scheduler/jobs/a-1", None),
    ("DELETE", "/scheduler/batch/jobs?job_id=a-1", None),
]


@pytest.mark.parametrize(("method", "url", "body"), _ROUTES)
def test_an_unsigned_request_is_rejected(local: LocalScheduler, method: str, url: str, body: Any) -> None:
    response = local.api.as_user(None).request(method, url, body=body)
    assert (response.status, response.body["code"]) == (401, "not_authenticated")
    assert "Signature Version 4" in response.body["message"]
    assert local.calls == []


def test_an_unsigned_create_is_rejected(local: LocalScheduler) -> None:
    uri = local.upload(b"x")
    response = local.api.as_user(None).post(
        "/scheduler/jobs",
        {"name": "n", "input_uri": uri, "input_filename": "x.ipynb", "runtime_environment_name": "python"},
    )
    assert response.status == 401
    assert local.items() == []


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "", None),
        ("GET", "/logs", None),
        ("GET", "/download_files", None),
        ("PATCH", "", {"status": "STOPPED"}),
        ("PATCH", "", {"name": "mine now"}),
        ("PATCH", "", {"compute_type": "large"}),
        ("DELETE", "", None),
    ],
)
def test_jobs_of_others_are_not_found(local: LocalScheduler, method: str, path: str, body: Any) -> None:
    job_id = local.create()
    before = local.item(job_id)
    bob = local.api.as_user(BOB)
    response = bob.request(method, f"/scheduler/jobs/{job_id}{path}", body=body)
    assert (response.status, response.body["code"]) == (404, "not_found")
    assert bob.delete(f"/scheduler/batch/jobs?job_id={job_id}").status == 404
    assert local.item(job_id) == before
    assert bob.get("/scheduler/jobs").body["jobs"] == []


def test_only_an_admin_may_name_another_owner() -> None:
    with scheduler(settings(ownership={"admins": (BOB,)})) as local:
        job_id, bob, anna = local.create(), local.api.as_user(BOB), local.owner_id()
        of_anna = f"?owner_id={anna}"
        assert bob.get("/scheduler/health").body["you"]["admin"] is True
        assert [each["job_id"] for each in bob.get(f"/scheduler/jobs{of_anna}").body["jobs"]] == [job_id]
        assert bob.get("/scheduler/jobs").body["jobs"] == []
        assert bob.get(f"/scheduler/jobs/{job_id}").status == 404
        assert bob.get(f"/scheduler/jobs/{job_id}{of_anna}").body["owner_id"] == anna
        assert bob.patch(f"/scheduler/jobs/{job_id}{of_anna}", {"status": "STOPPED"}).status == 204
        assert local.status(job_id) == "STOPPED"

        of_bob = f"?owner_id={local.owner_id(bob)}"
        refused = local.api.get(f"/scheduler/jobs{of_bob}")
        assert (refused.status, refused.body["code"]) == (403, "not_allowed")
        assert local.api.delete(f"/scheduler/jobs/{job_id}{of_bob}").status == 403
        assert local.api.get(f"/scheduler/jobs{of_anna}").status == 200


def test_an_environment_with_users_is_for_them_only() -> None:
    python = settings().model_dump()["environments"]["python"]
    with scheduler(settings(environments={"finance": {**python, "users": (ANNA,)}})) as local:
        bob = local.api.as_user(BOB)
        refused = local.post_job(api=bob, runtime_environment_name="finance")
        assert (refused.status, refused.body["code"]) == (403, "not_allowed")
        assert BOB in refused.body["message"]
        assert local.items() == []
        names = [[each["name"] for each in api.get("/scheduler/runtime_environments").body] for api in (local.api, bob)]
        assert names == [["python", "finance"], ["python"]]
        unknown = local.post_job(api=bob, runtime_environment_name="other")
        assert "finance" not in unknown.body["message"]
        local.create(runtime_environment_name="finance")


def test_a_role_is_one_owner_whatever_its_session_is_called(local: LocalScheduler) -> None:
    session = "arn:aws:sts::123456789012:assumed-role/analyst/{}"
    first = local.api.as_user(session.format("i-1"))
    second = local.api.as_user(session.format("anna@example.com"))
    job_id = local.create(api=first)
    assert second.get(f"/scheduler/jobs/{job_id}").status == 200
