"""Files and log lines of a job."""

from typing import Any

import pytest
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.s3.models import s3_backends

from tests.support.faults import Refused
from tests.support.runs import Run
from tests.support.scheduler import LocalScheduler


def _job_id(run: Run) -> str:
    return run.path.split("/")[3]


def _put(local: LocalScheduler, run: Run, *paths: str) -> None:
    prefix = f"jobs/{local.owner_id()}/{_job_id(run)}/outputs/{run.attempt}/"
    for path in paths:
        s3_backends[DEFAULT_ACCOUNT_ID]["aws"].put_object(local.bucket, prefix + path, b"abc")


def _files(local: LocalScheduler, job_id: str, query: str = "") -> dict[str, Any]:
    response = local.api.get(f"/scheduler/jobs/{job_id}/download_files?{query}")
    assert response.status == 200, response.body
    return dict(response.body)


def test_before_it_runs_a_job_has_its_input(local: LocalScheduler) -> None:
    job_id = local.create()
    page = _files(local, job_id, "redownload=false")
    (file,) = page["files"]
    assert (file["file_format"], file["display_name"], file["path"]) == ("input", "Input", "report.ipynb")
    assert file["size_bytes"] > 100
    assert "response-content-disposition=attachment" in file["url"]
    assert page["expires_in_seconds"] == 900
    assert "next_token" not in page


def test_each_file_is_named_by_its_format_and_path(local: LocalScheduler) -> None:
    run = local.start()
    _put(local, run, "ipynb/report-1.ipynb", "html/report-1.html", "files/a b/ü #1.csv")
    files = {each["file_format"]: each for each in _files(local, _job_id(run))["files"]}
    assert {
        name: (each["display_name"], each["path"], each["size_bytes"])
        for name, each in files.items()
        if name != "input"
    } == {
        "ipynb": ("Notebook", "report-1.ipynb", 3),
        "html": ("HTML", "report-1.html", 3),
        "files": ("ü #1.csv", "a b/ü #1.csv", 3),
    }
    assert "/files/a%20b/%C3%BC%20%231.csv?" in files["files"]["url"]


def test_only_the_last_attempts_files_are_listed(local: LocalScheduler) -> None:
    first = local.start()
    _put(local, first, "ipynb/one.ipynb")
    local.finish(first, stop_code="SpotInterruption")
    local.clock.forward(minutes=1)
    assert [each["path"] for each in _files(local, _job_id(first))["files"]] == ["report.ipynb", "one.ipynb"]
    second = local.start(_job_id(first))
    _put(local, second, "ipynb/two.ipynb")
    assert [each["path"] for each in _files(local, _job_id(first))["files"]] == ["report.ipynb", "two.ipynb"]


def test_many_files_come_in_pages(local: LocalScheduler) -> None:
    run = local.start()
    _put(local, run, *(f"files/{i:04d}" for i in range(401)))
    first = _files(local, _job_id(run))
    second = _files(local, _job_id(run), f"next_token={first['next_token']}")
    assert (len(first["files"]), len(second["files"])) == (401, 1)
    assert second["files"][0]["path"] == "0400"
    assert "next_token" not in second


@pytest.mark.parametrize(
    ("what", "call", "code"),
    [
        ("download_files", "s3:ListObjectsV2", "InvalidArgument"),
        ("logs", "logs:GetLogEvents", "InvalidParameterException"),
    ],
)
def test_a_token_that_aws_does_not_know_is_rejected(local: LocalScheduler, what: str, call: str, code: str) -> None:
    run = local.start()
    local.hub.listeners.append(Refused(code, call))
    response = local.api.get(f"/scheduler/jobs/{_job_id(run)}/{what}?next_token=made-up")
    assert (response.status, response.body["reason"]) == (400, "next_token")


def test_a_job_lists_the_links_that_the_panel_shows(local: LocalScheduler) -> None:
    files = local.job(local.create(output_formats=["ipynb", "html"]))["job_files"]
    assert [(each["file_format"], each["display_name"]) for each in files] == [
        ("ipynb", "Notebook"),
        ("html", "HTML"),
        ("input", "Input"),
    ]
    assert {each["file_path"] for each in files} == {None}


@pytest.mark.parametrize(("state", "attempt"), [("waiting", 0), ("launched", 1)])
def test_without_output_there_are_no_log_lines(local: LocalScheduler, state: str, attempt: int) -> None:
    job_id = local.create()
    if state == "launched":
        local.launch(job_id)
    assert local.api.get(f"/scheduler/jobs/{job_id}/logs").body == {"attempt": attempt, "events": []}


def test_log_lines_continue_from_a_token(local: LocalScheduler) -> None:
    run = local.start()
    logs, stream = local.client("logs"), f"runner/runner/{run.task_arn.rpartition('/')[2]}"
    now = int(local.clock.now.timestamp() * 1000)
    logs.create_log_stream(logGroupName="runners", logStreamName=stream)
    entries = [{"timestamp": now, "message": "one"}, {"timestamp": now + 1, "message": "two"}]
    logs.put_log_events(logGroupName="runners", logStreamName=stream, logEvents=entries)
    page = local.api.get(f"/scheduler/jobs/{_job_id(run)}/logs").body
    assert page["events"] == [{"time": now, "message": "one"}, {"time": now + 1, "message": "two"}]
    more = local.api.get(f"/scheduler/jobs/{_job_id(run)}/logs?next_token={page['next_token']}").body
    assert "one" not in [each["message"] for each in more["events"]]


def test_the_last_lines_come_first_and_the_log_goes_on_after_them(local: LocalScheduler) -> None:
    run = local.start()
    logs, stream = local.client("logs"), f"runner/runner/{run.task_arn.rpartition('/')[2]}"
    now = int(local.clock.now.timestamp() * 1000)
    url = f"/scheduler/jobs/{_job_id(run)}/logs"
    assert local.api.get(f"{url}?tail=2").body == {"attempt": 1, "events": []}
    logs.create_log_stream(logGroupName="runners", logStreamName=stream)
    lines = [{"timestamp": now + number, "message": f"line {number}"} for number in range(30)]
    logs.put_log_events(logGroupName="runners", logStreamName=stream, logEvents=lines)
    local.calls.clear()
    page = local.api.get(f"{url}?tail=2").body
    assert list(local.calls).count("logs:GetLogEvents") == 1
    assert [each["message"] for each in page["events"]] == ["line 28", "line 29"]
    more = [{"timestamp": now + 50, "message": "line 50"}]
    logs.put_log_events(logGroupName="runners", logStreamName=stream, logEvents=more)
    following = local.api.get(f"{url}?next_token={page['next_token']}").body
    assert [each["message"] for each in following["events"]] == ["line 50"]
    assert len(local.api.get(f"{url}?tail=1000&attempt=1").body["events"]) == 31


@pytest.mark.parametrize("query", ["tail=0", "tail=1001", "tail=x", "tail=-1", "tail=5&next_token=1.a"])
def test_an_odd_number_of_last_lines_is_refused(local: LocalScheduler, query: str) -> None:
    response = local.api.get(f"/scheduler/jobs/{local.create()}/logs?{query}")
    assert (response.status, response.body["reason"]) == (400, "tail")


def test_last_lines_that_are_too_large_for_a_response_are_fewer(local: LocalScheduler) -> None:
    run = local.start()
    logs, stream = local.client("logs"), f"runner/runner/{run.task_arn.rpartition('/')[2]}"
    now = int(local.clock.now.timestamp() * 1000)
    logs.create_log_stream(logGroupName="runners", logStreamName=stream)
    lines = [{"timestamp": now + number, "message": f"{number:02d}" + "\x01" * 99_000} for number in range(10)]
    for line in lines:
        logs.put_log_events(logGroupName="runners", logStreamName=stream, logEvents=[line])
    events = local.api.get(f"/scheduler/jobs/{_job_id(run)}/logs?tail=10").body["events"]
    assert 0 < len(events) < 10
    assert events[-1]["message"].startswith("09")
