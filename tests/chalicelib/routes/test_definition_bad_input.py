"""Rejected definitions: the error names the field, and nothing is left behind. Options are accepted in every place."""

from typing import Any

import pytest

from tests.support.definitions import Definitions
from tests.support.scheduler import LocalScheduler, scheduler, settings


@pytest.mark.parametrize(
    ("fields", "code", "reason"),
    [
        ({"name": ...}, "invalid_request", "name"),
        ({"name": "n" * 201}, "invalid_request", "name"),
        ({"input_uri": ...}, "invalid_request", "input_uri"),
        ({"input_uri": "hello.ipynb"}, "invalid_request", "input_uri"),
        ({"runtime_environment_name": ...}, "invalid_request", "runtime_environment_name"),
        ({"runtime_environment_name": "R"}, "invalid_request", "runtime_environment_name"),
        ({"compute_type": "huge"}, "invalid_request", "compute_type"),
        ({"output_formats": ["docx"]}, "invalid_request", "output_formats"),
        ({"parameters": {"no name": "1"}}, "invalid_request", "parameters"),
        ({"schedule": 5}, "invalid_request", "schedule"),
        ({"schedule": "0 9 * *"}, "invalid_crontab", "schedule"),
        ({"schedule": "0 9 * * * *"}, "invalid_crontab", "schedule"),
        ({"schedule": "@reboot"}, "invalid_crontab", "schedule"),
        ({"schedule": "rate(5 minutes)"}, "invalid_crontab", "schedule"),
        ({"schedule": "61 9 * * *"}, "invalid_crontab", "minute"),
        ({"schedule": "0 25 * * *"}, "invalid_crontab", "hour"),
        ({"schedule": "0 9 31 2 *"}, "invalid_crontab", None),
        ({"schedule": "0 9 15W * *"}, "invalid_crontab", None),
        ({"schedule": "0 9 ? * *"}, "invalid_crontab", None),
        ({"timezone": "Mars/Olympus"}, "invalid_crontab", "timezone"),
        ({"timezone": "../../etc/passwd"}, "invalid_crontab", "timezone"),
        ({"timezone": "Mars/Olympus", "schedule": None}, "invalid_crontab", "timezone"),
        ({"active": "no"}, "invalid_request", "active"),
        ({"overlap_policy": "queue"}, "invalid_request", "overlap_policy"),
        ({"catch_up_seconds": -1}, "invalid_request", "catch_up_seconds"),
        ({"catch_up_seconds": 2_592_001}, "invalid_request", "catch_up_seconds"),
        ({"catch_up_seconds": 1.5}, "invalid_request", "catch_up_seconds"),
        ({"schedule_start": -1}, "invalid_request", "schedule_start"),
        ({"schedule_start": "2026-11-23"}, "invalid_request", "schedule_start"),
        ({"schedule_end": 10**16}, "invalid_request", "schedule_end"),
        ({"schedule_start": 2000, "schedule_end": 2000}, "invalid_request", "schedule_end"),
        ({"max_runs": 0}, "invalid_request", "max_runs"),
        ({"max_runs": True}, "invalid_request", "max_runs"),
        ({"job_retention_days": 0}, "invalid_request", "job_retention_days"),
        ({"runtime_environment_parameters": {"max_runs": 0}}, "invalid_request", "runtime_environment_parameters"),
        ({"runtime_environment_parameters": {"max_runs": "x"}}, "invalid_request", "runtime_environment_parameters"),
        (
            {"runtime_environment_parameters": {"overlap_policy": "no"}},
            "invalid_request",
            "runtime_environment_parameters",
        ),
    ],
    ids=str,
)
def test_a_rejected_definition_leaves_nothing_and_the_error_names_the_field(
    local: LocalScheduler, made: Definitions, fields: dict[str, Any], code: str, reason: str | None
) -> None:
    response = made.post(**fields)
    assert (response.status, response.body["code"]) == (400, code), response.body
    if reason is not None:
        assert response.body["reason"] == reason
        assert response.body["message"].startswith(reason)
    assert made.leftovers() == {}
    assert local.items("marks") == []


@pytest.mark.parametrize("content", [b"no notebook", b"{}"])
def test_a_snapshot_that_cannot_run_leaves_nothing_behind(made: Definitions, content: bytes) -> None:
    response = made.post(content)
    assert (response.status, response.body["code"]) == (422, "cannot_be_run")
    assert made.leftovers() == {}


def test_an_upload_that_does_not_exist(made: Definitions) -> None:
    response = made.post(input_uri="upload:nothing")
    assert (response.status, response.body["code"]) == (404, "not_found")
    assert made.leftovers() == {}


@pytest.mark.parametrize("schedule", ["* * * * *", "*/14 * * * *", "0,10 9 * * *", "55 23 * * *"])
def test_the_operator_limits_how_often_a_schedule_fires(schedule: str) -> None:
    with scheduler(settings(limits={"min_schedule_interval_minutes": 15})) as local:
        made = Definitions(local)
        response = made.post(schedule=schedule)
        if schedule == "55 23 * * *":
            assert response.status == 200
            return
        assert (response.status, response.body["code"], response.body["reason"]) == (400, "invalid_crontab", "schedule")
        assert "0:15:00" in response.body["message"]
        assert made.leftovers() == {}
        definition_id = made.create(schedule="*/15 * * * *")
        assert local.api.patch(f"/scheduler/job_definitions/{definition_id}", {"schedule": schedule}).status == 400
        assert made.described(definition_id)["schedule"] == "*/15 * * * *"


_CARRIED = {
    "overlap_policy": "skip",
    "catch_up_seconds": 120,
    "schedule_start": 1000,
    "schedule_end": 30_000 * 86_400_000,
    "max_runs": 3,
    "job_retention_days": 5,
}


@pytest.mark.parametrize("form", [dict, lambda each: {name: str(value) for name, value in each.items()}])
def test_the_environments_parameters_may_carry_the_options(made: Definitions, form: Any) -> None:
    definition_id = made.create(runtime_environment_parameters={"region": "eu", **form(_CARRIED)})
    described = made.described(definition_id)
    assert {name: described[name] for name in _CARRIED} == _CARRIED
    assert described["runtime_environment_parameters"] == {"region": "eu", **form(_CARRIED)}
    made.patch(definition_id, runtime_environment_parameters=form({"max_runs": 4}))
    described = made.described(definition_id)
    assert {name: described[name] for name in _CARRIED} == {**_CARRIED, "max_runs": 4}


def test_a_field_of_its_own_comes_before_one_that_is_carried(made: Definitions) -> None:
    definition_id = made.create(max_runs=7, runtime_environment_parameters={"max_runs": "2", "catch_up_seconds": 5})
    described = made.described(definition_id)
    assert (described["max_runs"], described["catch_up_seconds"]) == (7, 5)
