"""The validator of responses detects wrong responses and a wrong document."""

from typing import Any

import pytest

from tests.support.openapi import CheckedApi, Judge
from tests.support.scheduler import LocalScheduler

JOB = "/scheduler/jobs/{job_id}"


@pytest.fixture
def sound(local: LocalScheduler, api: CheckedApi) -> dict[str, Any]:
    """A response that matches the document."""
    return dict(local.job(local.create()))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"surprise": 1}, "surprise"),
        ({"create_time": "2026"}, "create_time"),
        ({"status": "WAITING"}, "status"),
        ({"phase": {"code": "waiting", "message": ""}}, "cell"),
        ({"job_files": [{"display_name": "x", "file_format": "y", "file_JOB": None, "size": 1}]}, "size"),
        ({"attempt": None}, "attempt"),
    ],
    ids=lambda each: str(each)[:30],
)
def test_a_wrong_response_is_detected(
    sound: dict[str, Any], judge: Judge, change: dict[str, Any], message: str
) -> None:
    assert judge.wrong_in_response("GET", JOB, 200, sound) == []
    wrong = judge.wrong_in_response("GET", JOB, 200, {**sound, **change})
    assert wrong
    assert message in str(wrong)


def test_a_null_or_a_missing_field_in_a_row_is_detected(sound: dict[str, Any], judge: Judge) -> None:
    row = {name: value for name, value in sound.items() if value is not None}
    assert judge.wrong_in_response("GET", "/scheduler/jobs", 200, {"jobs": [row], "total_count": 1}) == []
    assert judge.wrong_in_response("GET", "/scheduler/jobs", 200, {"jobs": [sound], "total_count": 1})
    assert judge.wrong_in_response("GET", "/scheduler/jobs", 200, {"jobs": [], "total_count": 0, "next_token": None})
    del row["job_id"]
    assert judge.wrong_in_response("GET", "/scheduler/jobs", 200, {"jobs": [row], "total_count": 1})


def test_a_missing_field_or_status_in_the_document_is_detected(sound: dict[str, Any], judge: Judge) -> None:
    poorer = Judge(judge.document)
    del poorer._closed["schemas"]["JobResponse"]["properties"]["outcome"]
    del poorer.document["paths"]["/scheduler/jobs/{job_id}"]["get"]["responses"]["404"]
    assert "outcome" in str(poorer.wrong_in_response("GET", JOB, 200, sound))
    assert poorer.wrong_in_response("GET", JOB, 404, {}) == [f"GET {JOB} has no status 404"]
    assert judge.wrong_in_response("DELETE", JOB, 204, {"a": 1})


def test_a_response_that_the_document_does_not_contain_fails_its_test(local: LocalScheduler, judge: Judge) -> None:
    poorer = Judge(judge.document)
    del poorer._closed["schemas"]["HealthResponse"]["properties"]["time"]
    with pytest.raises(AssertionError, match=r"openapi.json says otherwise.*time"):
        CheckedApi(judge=poorer).get("/scheduler/health")


def test_a_wrong_body_is_detected(judge: Judge) -> None:
    assert judge.wrong_in_request("PATCH", JOB, {"status": "STOPPED", "unknown": 1}) == []
    assert "STOPPED" in str(judge.wrong_in_request("PATCH", JOB, {"status": "RUNNING"}))
    assert "required" in str(judge.wrong_in_request("POST", "/scheduler/jobs", {}))
