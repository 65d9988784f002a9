"""Jobs: their details, their logs, those that have not ended, and the partial notebook of one that runs."""

from typing import Any

import pytest

from tests.jupyter_scheduler_aws.connector.handlers.conftest import Endpoints
from tests.jupyter_scheduler_aws.documents import ATTEMPTS
from tests.jupyter_scheduler_aws.fake_definitions import START

JOBS = "/v1/scheduler/jobs"


def test_a_job_in_its_first_attempt_takes_one_request(endpoints: Endpoints) -> None:
    document, calls = endpoints.calls_of(f"jobs/{endpoints.job}")
    assert calls == [f"GET {JOBS}/{endpoints.job}"]
    job = endpoints.api.jobs[endpoints.job].document
    assert document == {"job": job, "attempts": [], "attempts_left_out": 0}


@pytest.mark.parametrize(
    "fields",
    [
        {"status": "IN_PROGRESS", "attempt": 2},
        {"status": "COMPLETED", "attempt": 1},
        {"status": "FAILED", "attempt": 0},
    ],
    ids=str,
)
def test_other_jobs_come_with_their_attempts(endpoints: Endpoints, fields: dict[str, Any]) -> None:
    job_id = endpoints.api.add_job(**fields)
    endpoints.api.jobs[job_id].attempts = ATTEMPTS
    document, calls = endpoints.calls_of(f"jobs/{job_id}")
    assert calls == [f"GET {JOBS}/{job_id}", f"GET {JOBS}/{job_id}/attempts"]
    assert (document["attempts"], document["attempts_left_out"]) == (ATTEMPTS, 0)


def test_texts_of_jobs_are_plain(endpoints: Endpoints) -> None:
    outcome = {"code": "failed", "title": "It failed", "message": "line\nnext\x07"}
    odd: dict[str, Any] = {"name": "a\u202eb", "tags": ["\x1b[31mred"], "outcome": outcome, "x\x00y": [{"z": "\u2066"}]}
    shown = endpoints.get(f"jobs/{endpoints.api.add_job(status='IN_PROGRESS', **odd)}")["job"]
    assert (shown["name"], shown["tags"], shown["outcome"]["message"]) == ("ab", ["red"], "line\nnext")
    assert shown["xy"] == [{"z": ""}]


def test_a_log_comes_page_by_page(endpoints: Endpoints, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoints.api, "page_size", 2)
    monkeypatch.setattr(endpoints.api, "log", ["one", "\x1b[32mtwo\x1b[0m", "three"])
    first, calls = endpoints.calls_of(f"jobs/{endpoints.job}/log")
    assert calls == [f"GET {JOBS}/{endpoints.job}/logs"]
    assert first == {
        "events": [{"time": START, "message": "one"}, {"time": START, "message": "two"}],
        "next_token": "2",
    }
    second = endpoints.get(f"jobs/{endpoints.job}/log?next_token=2")
    assert ([each["message"] for each in second["events"]], second["next_token"]) == (["three"], "3")
    last = endpoints.get(f"jobs/{endpoints.job}/log?next_token=3")
    assert last == {"events": [], "next_token": "3"}, "the same token: nothing more at present"


def test_a_log_has_a_tail_and_attempts(endpoints: Endpoints, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoints.api, "log", ["one", "two", "three"])
    monkeypatch.setattr(endpoints.api, "logs_of_attempts", {"1": ["first"]})
    document, calls = endpoints.calls_of(f"jobs/{endpoints.job}/log?tail=2")
    assert len(calls) == 1
    assert ([each["message"] for each in document["events"]], document["next_token"]) == (["two", "three"], "3")
    assert endpoints.get(f"jobs/{endpoints.job}/log?attempt=1")["events"][0]["message"] == "first"


@pytest.mark.parametrize("query", ["attempt=x", "attempt=-1", "tail=0", "tail=1e3", "attempt=9999999999", "tail=²"])
def test_odd_numbers_are_refused(endpoints: Endpoints, query: str) -> None:
    response = endpoints.request("GET", f"jobs/{endpoints.job}/log?{query}")
    assert (response.status_code, "must be a whole number" in response.json()["message"]) == (400, True)


@pytest.mark.parametrize("job_id", ["..", "x" * 201, "a/b/c", "a,b"])
def test_odd_ids_are_not_passed_on(endpoints: Endpoints, job_id: str) -> None:
    before = len(endpoints.api.requests)
    assert endpoints.request("GET", f"jobs/{job_id}").status_code == 404
    assert len(endpoints.api.requests) == before


def test_jobs_that_have_not_ended_are_listed_newest_first(endpoints: Endpoints) -> None:
    states = ["CREATED", "COMPLETED", "QUEUED", "STOPPING", "FAILED", "IN_PROGRESS", "STOPPED", "CREATED"]
    made = [endpoints.api.add_job(status=status) for status in states]
    live = [
        job_id for job_id, state in zip(made, states, strict=True) if state in "CREATED QUEUED STOPPING IN_PROGRESS"
    ]
    document, calls = endpoints.calls_of("running")
    assert calls == [f"GET {JOBS}/unfinished"]
    ids = [each["job_id"] for each in document["jobs"]]
    assert ids[:5] == live[::-1]
    assert ids == sorted(ids, reverse=True)
    assert document["more"] is False
    assert document["jobs"][0] == endpoints.api.jobs[live[-1]].document


def test_the_jobs_that_this_server_has_started_are_named(endpoints: Endpoints) -> None:
    elsewhere = endpoints.api.add_job(status="QUEUED")
    body = {"name": "Here", "input_uri": "report.ipynb", "runtime_environment_name": "python"}
    here = endpoints.server.http.post("/scheduler/jobs", json=body).json()["job_id"]
    document = endpoints.get("running")
    assert {here, elsewhere} <= {each["job_id"] for each in document["jobs"]}
    assert document["started_here"] == [here]


def test_of_very_many_jobs_a_hundred_are_listed(endpoints: Endpoints) -> None:
    made = [endpoints.api.add_job(status=status) for status in ["CREATED", "QUEUED"] * 55]
    try:
        document = endpoints.get("running")
        assert [each["job_id"] for each in document["jobs"]] == made[:9:-1]
        assert document["more"] is True
    finally:
        for job_id in made:
            del endpoints.api.jobs[job_id]


def test_a_partial_notebook_has_a_name_of_its_own_and_is_read_only(endpoints: Endpoints) -> None:
    job_id = endpoints.api.add_job(status="IN_PROGRESS", attempt=2)
    for content in (b'{"cells": 1}', b'{"cells": 22}'):
        endpoints.api.jobs[job_id].files["report-2026.ipynb"] = ("ipynb", content)
        before = len(endpoints.api.requests)
        response = endpoints.request("POST", f"jobs/{job_id}/notebook")
        paths = [request.path for request in endpoints.api.requests[before:]]
        assert paths == [f"{JOBS}/{job_id}", f"{JOBS}/{job_id}/download_files", f"/s3/{job_id}/report-2026.ipynb"]
        assert response.json() == {"path": f"jobs/report-{job_id}/report-partial-attempt-2.ipynb"}
        file = endpoints.server.workspace / response.json()["path"]
        assert file.read_bytes() == content
        assert file.stat().st_mode & 0o777 == 0o444
    assert [each.name for each in file.parent.iterdir() if not each.name.startswith(".")] == [file.name]


def test_a_partial_notebook_is_no_output_and_is_left_out_of_snapshots(endpoints: Endpoints) -> None:
    job_id = endpoints.api.add_job(status="IN_PROGRESS", attempt=1, url="/x")
    path = endpoints.request("POST", f"jobs/{job_id}/notebook").json()["path"]
    shown = endpoints.server.get(f"/jobs/{job_id}")
    assert shown["downloaded"] is False
    assert {each["file_path"] for each in shown["job_files"]} == set()
    assert path.rpartition("/")[0] in endpoints.get("folder?path=report.ipynb")["left_out"]

    endpoints.api.jobs[job_id].document["status"] = "COMPLETED"
    assert endpoints.server.request("GET", f"/jobs/{job_id}/download_files").status_code == 204
    (endpoints.server.workspace / path).unlink()
    assert endpoints.server.get(f"/jobs/{job_id}")["downloaded"] is True


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"status": "COMPLETED", "attempt": 1}, "The job has ended"),
        ({"status": "CREATED", "attempt": 0}, "has not saved the notebook"),
        ({"status": "IN_PROGRESS", "attempt": 1}, "has not saved the notebook"),
    ],
    ids=str,
)
def test_without_a_partial_notebook_the_reason_is_said(endpoints: Endpoints, fields: dict[str, Any], says: str) -> None:
    job_id = endpoints.api.add_job(**fields)
    del endpoints.api.jobs[job_id].files["report-2026.ipynb"]
    response = endpoints.request("POST", f"jobs/{job_id}/notebook")
    assert (response.status_code, says in response.json()["message"]) == (409, True)
    assert not (endpoints.server.workspace / "jobs" / f"report-{job_id}").exists()


def test_a_file_of_the_user_is_not_replaced(endpoints: Endpoints) -> None:
    job_id = endpoints.api.add_job(status="IN_PROGRESS", attempt=1)
    file = endpoints.server.workspace / "jobs" / f"report-{job_id}" / "report-partial-attempt-1.ipynb"
    file.parent.mkdir(parents=True)
    file.write_text("mine")
    response = endpoints.request("POST", f"jobs/{job_id}/notebook")
    assert (response.status_code, "no download wrote it" in response.json()["message"]) == (502, True)
    assert file.read_text() == "mine"


def test_a_folder_that_cannot_be_written_is_explained(endpoints: Endpoints) -> None:
    job_id = endpoints.api.add_job(status="IN_PROGRESS", attempt=1)
    blocked = endpoints.server.workspace / "jobs" / f"report-{job_id}"
    blocked.parent.mkdir(exist_ok=True)
    blocked.write_text("a file")
    response = endpoints.request("POST", f"jobs/{job_id}/notebook")
    assert (response.status_code, "cannot be written" in response.json()["message"]) == (502, True)
