"""The life of a definition over HTTP: create, describe, pause, resume, run now, delete."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.support.definitions import Definitions
from tests.support.scheduler import BOB, LocalScheduler, notebook, scheduler, settings

_PATH = "/scheduler/job_definitions"


def _millis(instant: datetime) -> int:
    return int(instant.timestamp() * 1000)


def test_a_definition_is_described_with_all_its_fields(local: LocalScheduler, made: Definitions) -> None:
    definition_id = made.create(schedule="30 2 * * 0", timezone="America/New_York", output_formats=["ipynb", "html"])
    assert definition_id.count("-") == 4
    assert made.described(definition_id) == {
        "job_definition_id": definition_id,
        "name": "Nightly",
        "input_filename": "report.ipynb",
        "schedule": "30 2 * * 0",
        "timezone": "America/New_York",
        "active": True,
        "create_time": _millis(local.clock.now),
        "update_time": _millis(local.clock.now),
        "runtime_environment_name": "python",
        "runtime_environment_parameters": None,
        "compute_type": "small",
        "output_formats": ["ipynb", "html"],
        "parameters": None,
        "tags": None,
        "notify": None,
        "output_filename_template": "{{input_filename}}-{{create_time}}",
        "package_input_folder": False,
        "input_path": None,
        "packaged_files": [],
        "timeout_seconds": 86_400,
        "max_retries": 0,
        "retry_on_timeout": False,
        "min_retry_interval_millis": 0,
        "owner_id": local.owner_id(),
        "next_run_time": _millis(datetime(2026, 11, 29, 7, 30, tzinfo=UTC)),
        "last_run": None,
        "run_count": 0,
        "missed_count": 0,
        "skipped_count": 0,
        "last_skipped": None,
        "consecutive_failures": 0,
        "failing_since": None,
        "late_since": None,
        "last_failure": None,
        "last_success": None,
        "overlap_policy": "allow",
        "catch_up_seconds": 3600,
        "schedule_start": None,
        "schedule_end": None,
        "max_runs": None,
        "job_retention_days": None,
        "keep_last": None,
        "pause_after_failures": None,
        "success_within_seconds": None,
        "problems": [],
        "taken_over_by": None,
    }


@pytest.mark.parametrize(
    "text", ["  0 9 * * MON-FRI ", "@Daily", "0\t9 * * 1,FRI", "15 10,14 1 * sun", "00 09 */2 jan-MAR *"]
)
def test_the_schedule_is_returned_exactly_as_it_was_typed(made: Definitions, text: str) -> None:
    definition_id = made.create(schedule=text)
    assert made.described(definition_id)["schedule"] == text
    made.patch(definition_id, timezone="Asia/Kathmandu")
    assert made.described(definition_id)["schedule"] == text


@pytest.mark.parametrize("absent", [..., None, ""])
def test_a_definition_need_not_have_a_schedule(local: LocalScheduler, made: Definitions, absent: Any) -> None:
    definition_id = made.create(schedule=absent, timezone=absent)
    described = made.described(definition_id)
    assert (described["schedule"], described["timezone"], described["next_run_time"]) == (None, None, None)
    assert made.schedules() == {}
    (row,) = local.api.get(_PATH).body["job_definitions"]
    assert not {"schedule", "timezone", "next_run_time"} & row.keys()
    assert local.status(made.run_now(definition_id)) == "CREATED"


def test_a_definition_can_be_created_paused(made: Definitions) -> None:
    definition_id = made.create(active=False)
    assert made.described(definition_id)["active"] is False
    assert made.described(definition_id)["next_run_time"] is None
    assert [each["State"] for each in made.schedules().values()] == ["DISABLED"]


def test_paused_and_resumed(local: LocalScheduler, made: Definitions) -> None:
    definition_id = made.create()
    made.patch(definition_id, active=False)
    assert (made.described(definition_id)["active"], made.described(definition_id)["next_run_time"]) == (False, None)
    local.clock.forward(hours=5, minutes=30)
    made.patch(definition_id, active=True)
    described = made.described(definition_id)
    assert described["active"] is True
    assert described["next_run_time"] == _millis(made.at("18:00"))
    assert described["update_time"] == _millis(local.clock.now)
    assert described["missed_count"] == 0


def test_run_now_makes_a_job_of_the_snapshot(local: LocalScheduler, made: Definitions) -> None:
    content = notebook("n = 1")
    definition_id = made.create(
        content, parameters={"n": "1"}, tags=["sales"], compute_type="medium", timeout_seconds=60, max_retries=2
    )
    local.client("s3").delete_object(Bucket=local.bucket, Key=local.objects("uploads/")[0])
    wake_ups = local.wake_ups()
    job_id = made.run_now(definition_id, parameters={"n": "42"})
    job = local.job(job_id)
    assert (job["status"], job["job_definition_id"], job["parameters"]) == ("CREATED", definition_id, {"n": "42"})
    assert (job["name"], job["input_filename"], job["tags"]) == ("Nightly", "report.ipynb", ["sales"])
    assert (job["compute_type"], job["timeout_seconds"], job["max_retries"]) == ("medium", 60, 2)
    assert local.wake_ups() == wake_ups + 1
    stored = local.client("s3").get_object(Bucket=local.bucket, Key=f"jobs/{local.owner_id()}/{job_id}/input.ipynb")
    assert stored["Body"].read() == content
    described = made.described(definition_id)
    assert (described["last_run"], described["run_count"], described["parameters"]) == (None, 0, {"n": "1"})


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, {"n": "1", "m": "2"}),
        ({"parameters": None}, {"n": "1", "m": "2"}),
        ({"parameters": {}}, None),
        ({"parameters": {"n": 7}}, {"n": "7"}),
    ],
)
def test_parameters_of_run_now_replace_all_parameters(
    local: LocalScheduler, made: Definitions, body: dict[str, Any], expected: Any
) -> None:
    definition_id = made.create(parameters={"n": "1", "m": "2"})
    assert local.job(made.run_now(definition_id, **body))["parameters"] == expected


def test_run_now_works_for_a_paused_definition(local: LocalScheduler, made: Definitions) -> None:
    definition_id = made.create(active=False)
    assert local.status(made.run_now(definition_id)) == "CREATED"
    assert made.described(definition_id)["active"] is False


def test_the_jobs_of_a_definition_are_listed(local: LocalScheduler, made: Definitions) -> None:
    definition_id, other = made.create(), made.create()
    ids = []
    for _ in range(3):
        local.clock.forward(milliseconds=1)
        ids.append(made.run_now(definition_id))
    made.run_now(other)
    page = local.api.get(f"/scheduler/jobs?job_definition_id={definition_id}&max_items=5").body
    assert [each["job_id"] for each in page["jobs"]] == ids[::-1]
    assert page["total_count"] == 3


def test_a_deleted_definition_is_gone(local: LocalScheduler, made: Definitions) -> None:
    definition_id = made.create()
    made.delete(definition_id)
    for response in (
        local.api.get(f"{_PATH}/{definition_id}"),
        local.api.patch(f"{_PATH}/{definition_id}", {"active": False}),
        local.api.delete(f"{_PATH}/{definition_id}"),
        local.api.post(f"{_PATH}/{definition_id}/jobs", {}),
    ):
        assert (response.status, response.body["code"]) == (404, "not_found")
        assert definition_id in response.body["message"]
    assert local.api.get(_PATH).body == {"job_definitions": [], "total_count": 0}


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [("GET", "", None), ("PATCH", "", {"active": False}), ("DELETE", "", None), ("POST", "/jobs", {})],
)
def test_definitions_of_others_are_not_found(
    local: LocalScheduler, made: Definitions, method: str, path: str, body: Any
) -> None:
    definition_id = made.create()
    before, schedules, bob = local.items("definitions"), made.schedules(), local.api.as_user(BOB)
    response = bob.request(method, f"{_PATH}/{definition_id}{path}", body=body)
    assert (response.status, response.body["code"]) == (404, "not_found")
    assert bob.get(_PATH).body["job_definitions"] == []
    assert (local.items("definitions"), made.schedules(), local.items()) == (before, schedules, [])


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "", None),
        ("POST", "", {}),
        ("GET", "/a-1", None),
        ("PATCH", "/a-1", {"active": False}),
        ("DELETE", "/a-1", None),
        ("POST", "/a-1/jobs", {}),
    ],
)
def test_an_unsigned_request_is_rejected(local: LocalScheduler, method: str, path: str, body: Any) -> None:
    if (method, path) == ("POST", ""):
        uri = local.upload(notebook())
        body = {"name": "n", "input_uri": uri, "input_filename": "x.ipynb", "runtime_environment_name": "python"}
        local.calls.clear()
    response = local.api.as_user(None).request(method, f"{_PATH}{path}", body=body)
    assert (response.status, response.body["code"]) == (401, "not_authenticated")
    assert local.calls == []


def test_an_admin_sees_changes_runs_and_deletes_what_others_own() -> None:
    with scheduler(settings(ownership={"admins": (BOB,)})) as local:
        made, bob, anna = Definitions(local), local.api.as_user(BOB), local.owner_id()
        definition_id, of_anna = made.create(), f"?owner_id={anna}"
        assert bob.get(f"{_PATH}/{definition_id}").status == 404
        rows = bob.get(f"{_PATH}{of_anna}").body["job_definitions"]
        assert [each["job_definition_id"] for each in rows] == [definition_id]
        assert bob.patch(f"{_PATH}/{definition_id}{of_anna}", {"active": False}).status == 204
        assert made.described(definition_id)["active"] is False
        job_id = bob.post(f"{_PATH}/{definition_id}/jobs{of_anna}", {}).body["job_id"]
        assert local.job(job_id)["owner_id"] == anna
        refused = local.api.get(f"{_PATH}{of_anna.replace(anna, local.owner_id(bob))}")
        assert (refused.status, refused.body["code"]) == (403, "not_allowed")
        assert bob.delete(f"{_PATH}/{definition_id}{of_anna}").status == 204
        assert local.api.get(f"{_PATH}/{definition_id}").status == 404


def test_what_a_crontab_means_is_explained(local: LocalScheduler) -> None:
    local.api.get("/scheduler/health")
    local.calls.clear()
    response = local.api.get("/scheduler/crontab?schedule=30 2 13 * 5&timezone=Europe/Berlin")
    assert response.status == 200
    assert len(response.body["eventbridge_expressions"]) == 2
    times = response.body["next_run_times"]
    assert times[0] == _millis(datetime(2026, 11, 27, 1, 30, tzinfo=UTC))
    assert len(times) == 5
    assert sorted(times) == times
    assert local.calls == []
    for query, reason in (("", "schedule"), ("?schedule=0 9 * * *&timezone=Mars/Olympus", "timezone")):
        refused = local.api.get(f"/scheduler/crontab{query}")
        assert (refused.status, refused.body["reason"]) == (400, reason)


def test_last_run_is_the_last_scheduled_job(local: LocalScheduler, made: Definitions) -> None:
    definition_id = made.create()
    made.set_clock("13:00", seconds=2)
    assert made.tick(definition_id, made.at("13:00")) == []
    made.run_now(definition_id)
    (scheduled, _) = made.jobs(definition_id)
    described = made.described(definition_id)
    assert described["last_run"] == {"job_id": scheduled["job_id"], "due_time": _millis(made.at("13:00"))}
    assert (described["run_count"], described["next_run_time"]) == (1, _millis(made.at("14:00")))
    assert local.clock.now - made.at("13:00") < timedelta(minutes=1)
