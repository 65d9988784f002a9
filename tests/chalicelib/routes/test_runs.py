"""The requests of a runner, and the errors if the run is not, or no longer, its own."""

from typing import Any

import pytest

from tests.support.runs import Run, instance_id
from tests.support.scheduler import LocalScheduler, Response

_FILE = {"format": "files", "path": "out/data.csv", "size_bytes": 3}


def status_and_code(response: Response) -> tuple[int, str]:
    return response.status, response.body["code"]


def _everything(run: Run) -> list[Response]:
    """Every request of a checked-in runner."""
    return [run.work_order(), run.heartbeat(), run.output_urls(_FILE), run.report()]


def _job_id(run: Run) -> str:
    return run.path.split("/")[3]


@pytest.mark.parametrize(
    "fields",
    [
        {"instance_id": "A" * 32},
        {"instance_id": "a"},
        {"instance_id": None},
        {"launch": 0},
        {"launch": "1"},
        {"key_proof": 1},
        {"code_proof": "0" * 63},
        {"code_proof": "G" * 64},
        {"launch": 10**7},
    ],
)
def test_a_malformed_check_in_is_rejected(local: LocalScheduler, fields: dict[str, Any]) -> None:
    response = local.launch().check_in(**fields)
    assert (status_and_code(response), response.body["reason"]) == ((400, "invalid_request"), next(iter(fields)))


def test_the_first_instance_binds_the_attempt_and_may_repeat(local: LocalScheduler) -> None:
    run = local.launch()
    first = run.check_in("a").body["session_token"]
    bound = local.item(_job_id(run))
    assert bound["instance_id"] == instance_id("a")
    assert status_and_code(run.check_in("b")) == (409, "not_your_run")
    local.clock.forward(seconds=5)
    assert run.check_in("a").body["session_token"] == first
    assert local.item(_job_id(run)) == bound


def test_a_stopping_run_may_still_check_in_again(local: LocalScheduler) -> None:
    run = local.start()
    local.api.patch(f"/scheduler/jobs/{_job_id(run)}", {"status": "STOPPED"})
    assert run.check_in().status == 200
    assert run.heartbeat().body == {"action": "stop"}


def test_a_replaced_launch_cannot_check_in(local: LocalScheduler) -> None:
    first = local.launch(compute_type="small-spot")
    local.finish(first, stop_code="TaskFailedToStart", reason="Capacity is unavailable at this time.")
    local.dispatch()
    second = local.run_of(_job_id(first))
    assert (second.attempt, second.environ["LAUNCH"]) == (1, "2")
    assert status_and_code(first.check_in("a")) == (409, "not_your_run")
    assert second.check_in("b").status == 200
    assert status_and_code(first.check_in("a")) == (409, "not_your_run")


def test_a_replaced_attempt_cannot_check_in(local: LocalScheduler) -> None:
    first = local.start()
    local.finish(first, stop_code="SpotInterruption")
    for response in (first.heartbeat(), first.work_order(), first.check_in()):
        assert status_and_code(response) == (409, "not_your_run"), "the next attempt has not started"
    local.clock.forward(minutes=1)
    second = local.start(_job_id(first))
    assert second.attempt == 2
    before = local.item(_job_id(first))
    for response in _everything(first):
        assert status_and_code(response) == (409, "not_your_run")
    assert status_and_code(first.check_in()) == (403, "not_allowed"), "its code is forgotten"
    assert local.item(_job_id(first)) == before
    assert [each.status for each in _everything(second)] == [200] * 4


def test_a_runner_of_a_deleted_job_gets_an_error(local: LocalScheduler) -> None:
    run = local.start()
    local.api.delete(f"/scheduler/jobs/{_job_id(run)}")
    for response in _everything(run):
        assert status_and_code(response) == (409, "not_your_run")
    assert status_and_code(run.check_in()) == (403, "not_allowed")
    assert local.items() == []


def test_the_work_order_contains_all_fields_of_the_protocol(local: LocalScheduler) -> None:
    run = local.start(name="Monthly", parameters={"n": "5"}, timeout_seconds=60)
    order = run.work_order().body
    url = order["input"].pop("url")
    assert f"/jobs/{local.owner_id()}/{_job_id(run)}/input.ipynb?" in url
    assert "X-Amz-Expires=900" in url
    assert order == {
        "job_id": _job_id(run),
        "name": "Monthly",
        "attempt": 1,
        "input": {
            "filename": "report.ipynb",
            "packaged": False,
            "size_bytes": int(local.item(_job_id(run))["input_size_bytes"]),
        },
        "parameters": {"n": "5"},
        "variables": {
            "JUPYTER_SCHEDULER_JOB_ID": _job_id(run),
            "JUPYTER_SCHEDULER_ATTEMPT": "1",
            "JUPYTER_SCHEDULER_SCHEDULED_TIME": "2026-11-23T12:00:00+00:00",
            "JUPYTER_SCHEDULER_TIMEZONE": "UTC",
        },
        "environment": {"name": "python", "kernel": "python3"},
        "output_formats": ["ipynb", "html"],
        "output_stem": "report-2026-11-23-12-00-00-PM",
        "timeout_seconds": 60,
        "heartbeat_seconds": 15,
        "finish_seconds": 3600,
        "result_form": order["result_form"],
        "limits": {
            "max_unpacked_bytes": 2048 * 2**20,
            "max_unpacked_files": 10_000,
            "max_output_bytes": 2048 * 2**20,
            "max_output_files": 1000,
        },
    }


def test_heartbeats_show_the_phase_of_the_run(local: LocalScheduler) -> None:
    run = local.start()
    assert local.job(_job_id(run))["phase"]["code"] == "starting_kernel"
    assert run.heartbeat(cell=3, cells=20).body == {"action": "continue"}
    assert local.job(_job_id(run))["phase"] == {"code": "running", "message": "", "cell": 3, "cells": 20}
    run.heartbeat("uploading")
    assert local.job(_job_id(run))["phase"] == {"code": "uploading", "message": "", "cell": None, "cells": None}
    assert run.heartbeat("sleeping").status == 400
    assert run.heartbeat(cell=-1).status == 400


def test_the_heartbeat_of_an_earlier_attempt_is_not_shown(local: LocalScheduler) -> None:
    first = local.start()
    first.heartbeat(cell=19, cells=20)
    local.finish(first, stop_code="SpotInterruption")
    local.clock.forward(minutes=1)
    local.start(_job_id(first))
    assert local.job(_job_id(first))["phase"]["code"] == "starting_kernel"


def test_output_urls_keep_the_order_and_say_what_to_send(local: LocalScheduler) -> None:
    run = local.start()
    response = run.output_urls(
        {"format": "html", "path": "a b/ü.html", "size_bytes": 0},
        {"format": "files", "path": "x.unknown", "size_bytes": 7},
        {"format": "ipynb", "path": "x.ipynb", "size_bytes": 9, "content_type": "application/x-ipynb+json"},
    )
    urls, prefix = response.body["urls"], f"/jobs/{local.owner_id()}/{_job_id(run)}/outputs/1/"
    assert [
        f"{prefix}{path}?" in each["url"]
        for each, path in zip(urls, ("html/a%20b/%C3%BC.html", "files/x.unknown", "ipynb/x.ipynb"), strict=True)
    ] == [True] * 3
    assert [each["headers"]["content-type"] for each in urls] == [
        "text/html",
        "application/octet-stream",
        "application/x-ipynb+json",
    ]
    assert all("content-length" in each["url"] for each in urls)


@pytest.mark.parametrize(
    "change",
    [
        {"path": "../x"},
        {"path": "a/../../x"},
        {"path": "/etc/passwd"},
        {"path": "a//b"},
        {"path": "./a"},
        {"path": "a/."},
        {"path": "a\\b"},
        {"path": "a\nb"},
        {"path": ""},
        {"path": "a/"},
        {"path": "ü" * 351},
        {"path": 5},
        {"format": "exe"},
        {"format": "../files"},
        {"size_bytes": -1},
        {"size_bytes": "3"},
        {"content_type": "text/html\r\nx: y"},
    ],
    ids=str,
)
def test_an_output_with_an_unsafe_path_is_rejected(local: LocalScheduler, change: dict[str, Any]) -> None:
    run = local.start()
    response = run.output_urls(_FILE, {**_FILE, **change})
    assert status_and_code(response) == (400, "invalid_request")
    assert next(iter(change)) in response.body["message"]


def test_a_request_for_urls_must_contain_one_to_100_files(local: LocalScheduler) -> None:
    run = local.start()
    assert run.output_urls().status == 400
    assert run.output_urls(*[_FILE] * 101).status == 400
    assert run.output_urls({**_FILE, "path": "ü" * 350}, *[_FILE] * 99).status == 200
