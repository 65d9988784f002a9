"""Attempts on record: what a job keeps of each, and its files and its log."""

from typing import Any

import pytest
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.s3.models import s3_backends

from tests.support.runs import Run
from tests.support.scheduler import LocalScheduler, scheduler, settings

_WARNING = {"code": "outputs_skipped", "message": "2 outputs were left out.", "names": ["a", "b"], "count": 2}


def _put(local: LocalScheduler, job_id: str, attempt: int, *paths: str) -> None:
    prefix = f"jobs/{local.owner_id()}/{job_id}/outputs/{attempt}/"
    for path in paths:
        s3_backends[DEFAULT_ACCOUNT_ID]["aws"].put_object(local.bucket, prefix + path, b"abc")


def _get(local: LocalScheduler, job_id: str, what: str) -> Any:
    response = local.api.get(f"/scheduler/jobs/{job_id}/{what}")
    assert response.status == 200, response.body
    return response.body


def _attempts(local: LocalScheduler, job_id: str) -> list[dict[str, Any]]:
    return list(_get(local, job_id, "attempts")["attempts"])


def _print(local: LocalScheduler, run: Run, *lines: str) -> None:
    logs, stream = local.client("logs"), f"runner/runner/{run.task_arn.rpartition('/')[2]}"
    now = int(local.clock.now.timestamp() * 1000)
    logs.create_log_stream(logGroupName="runners", logStreamName=stream)
    events = [{"timestamp": now, "message": line} for line in lines]
    logs.put_log_events(logGroupName="runners", logStreamName=stream, logEvents=events)


def _paths(page: Any) -> list[str]:
    return [each["path"] for each in page["files"] if each["file_format"] != "input"]


def _messages(page: Any) -> list[str]:
    return [each["message"] for each in page["events"]]


def _fail_before_check_in(local: LocalScheduler, job_id: str) -> Run:
    """Launch the next attempt, and stop its container before its runner checks in."""
    local.clock.forward(minutes=5)
    run = local.launch(job_id)
    local.finish(run, exit_code=1)
    return run


def test_an_attempt_stays_on_record_when_the_next_ones_die_before_check_in() -> None:
    with scheduler(settings(limits={"infrastructure_retries": 2})) as local:
        job_id = local.create(compute_type="small")
        first = local.start(job_id)
        _put(local, job_id, 1, "ipynb/report.ipynb", "files/result.csv")
        _print(local, first, "one")
        local.clock.forward(seconds=90)
        outcome = {"code": "terminated", "message": "x" * 2000, "cell": 3}
        first.send_report({"outcome": outcome, "warnings": [_WARNING], "files_count": 2, "files_bytes": 6})
        local.finish(first, exit_code=17)
        _fail_before_check_in(local, job_id)
        last = _fail_before_check_in(local, job_id)

        assert local.status(job_id) == "FAILED"
        attempts = _attempts(local, job_id)
        assert [each["attempt"] for each in attempts] == [1, 2, 3]
        assert [each["outcome"]["code"] for each in attempts] == ["terminated", "container_gone", "container_gone"]
        assert [each["start_time"] is not None for each in attempts] == [True, False, False]
        one = attempts[0]
        assert one["end_time"] - one["start_time"] == 90_000
        assert (one["compute_type"], one["outcome"]["cell"]) == ("small", 3)
        assert (one["files_count"], one["files_bytes"]) == (2, 6)
        assert len(one["outcome"]["message"]) == 300
        assert one["warnings"] == [{**_WARNING, "names": []}]
        assert "task" not in str(one)

        page = _get(local, job_id, "download_files")
        assert (page["attempt"], _paths(page)) == (1, ["result.csv", "report.ipynb"])
        page = _get(local, job_id, "download_files?attempt=3")
        assert (page["attempt"], _paths(page)) == (3, [])
        assert _messages(_get(local, job_id, "logs?attempt=1")) == ["one"]
        _print(local, last, "three")
        assert _messages(_get(local, job_id, "logs")) == ["three"]


def test_a_running_attempt_is_the_last_one_listed(local: LocalScheduler) -> None:
    run = local.start()
    (attempt,) = _attempts(local, run.path.split("/")[3])
    assert (attempt["attempt"], attempt["end_time"], attempt["outcome"]) == (1, None, None)
    assert attempt["start_time"] is not None


def test_before_the_first_attempt_there_is_none(local: LocalScheduler) -> None:
    job_id = local.create()
    assert _get(local, job_id, "attempts") == {"attempts": [], "attempts_left_out": 0}
    assert _get(local, job_id, "download_files")["attempt"] == 0


def test_a_job_that_waits_for_a_retry_lists_each_attempt_once(local: LocalScheduler) -> None:
    job_id = local.create(max_retries=3)
    first = local.start(job_id)
    first.report("kernel_died")
    assert [each["attempt"] for each in _attempts(local, job_id)] == [1]
    local.finish(first, exit_code=14)
    local.api.patch(f"/scheduler/jobs/{job_id}", {"status": "STOPPED"})
    assert [each["outcome"]["code"] for each in _attempts(local, job_id)] == ["kernel_died"]


def test_a_wait_for_capacity_is_no_attempt(local: LocalScheduler) -> None:
    job_id = local.create()
    for _ in range(3):
        run = local.launch(job_id)
        local.finish(run, stop_code="TaskFailedToStart", reason="Capacity is unavailable at this time.")
        local.clock.forward(minutes=2)
    assert local.status(job_id) == "CREATED"
    assert _attempts(local, job_id) == []
    local.start(job_id)
    assert [each["attempt"] for each in _attempts(local, job_id)] == [4]


def test_of_many_attempts_the_first_and_the_last_are_kept() -> None:
    with scheduler(settings(limits={"max_retries": 20})) as local:
        job_id = local.create(max_retries=20)
        for _ in range(14):
            run = local.start(job_id)
            run.report("kernel_died")
            local.finish(run, exit_code=14)
        history = _get(local, job_id, "attempts")
        assert [each["attempt"] for each in history["attempts"]] == [1, 2, 7, 8, 9, 10, 11, 12, 13, 14]
        assert history["attempts_left_out"] == 4
        _put(local, job_id, 4, "files/four")
        assert _paths(_get(local, job_id, "download_files?attempt=4")) == ["four"]
        assert "not on record" in local.api.get(f"/scheduler/jobs/{job_id}/logs?attempt=4").body["message"]


def test_a_job_knows_whether_it_was_launched_on_spot() -> None:
    with scheduler(settings(compute_types={"small": {"spot": True, "vcpu": 1, "memory_gib": 2}})) as local:
        job_id = local.create(compute_type="small")
        run = local.launch(job_id)
        assert (_attempts(local, job_id)[0]["on_spot"], local.job(job_id)["on_spot"]) == (True, True)
        local.finish(run, stop_code="TaskFailedToStart", reason="Capacity is unavailable at this time.")
        local.start(job_id)
        (attempt,) = _attempts(local, job_id)
        assert (attempt["attempt"], attempt["on_spot"]) == (1, False)


def test_pages_of_files_stay_with_one_attempt(local: LocalScheduler) -> None:
    job_id = local.create(max_retries=1)
    first = local.start(job_id)
    _put(local, job_id, 1, *(f"files/{i:04d}" for i in range(401)))
    page = _get(local, job_id, "download_files")
    first.report("kernel_died")
    local.finish(first, exit_code=14)
    local.start(job_id)
    _put(local, job_id, 2, "files/two")
    more = _get(local, job_id, f"download_files?next_token={page['next_token']}")
    assert (more["attempt"], _paths(more)) == (1, ["0400"])
    other = local.api.get(f"/scheduler/jobs/{job_id}/download_files?attempt=2&next_token={page['next_token']}")
    assert (other.status, other.body["reason"]) == (400, "next_token")


def test_a_log_continues_with_the_next_attempt_unless_one_is_named(local: LocalScheduler) -> None:
    job_id = local.create(max_retries=1)
    first = local.start(job_id)
    _print(local, first, "one")
    page = _get(local, job_id, "logs")
    assert (page["attempt"], _messages(page)) == (1, ["one"])
    first.report("kernel_died")
    local.finish(first, exit_code=14)
    _print(local, local.start(job_id), "two")

    messages: list[str] = []
    for _ in range(4):
        page = _get(local, job_id, f"logs?next_token={page['next_token']}")
        messages += _messages(page)
    assert "two" in messages
    assert page["attempt"] == 2
    page = _get(local, job_id, "logs?attempt=1")
    for _ in range(4):
        page = _get(local, job_id, f"logs?attempt=1&next_token={page['next_token']}")
        assert page["attempt"] == 1


@pytest.mark.parametrize("what", ["download_files", "logs"])
@pytest.mark.parametrize(
    ("attempt", "status", "words"),
    [
        ("0", 400, "numbered from 1"),
        ("x", 400, "'x' is not a whole number"),
        ("-1", 400, "not a whole number"),
        ("1" * 20, 400, "not a whole number"),
        ("2", 404, "no attempt 2: its last attempt is 1"),
        ("99999999999999", 404, "its last attempt is 1"),
    ],
)
def test_an_attempt_that_does_not_exist(
    local: LocalScheduler, what: str, attempt: str, status: int, words: str
) -> None:
    run = local.start()
    response = local.api.get(f"/scheduler/jobs/{run.path.split('/')[3]}/{what}?attempt={attempt}")
    assert response.status == status
    assert words in response.body["message"]


@pytest.mark.parametrize("token", ["x", "0.x", "1", ".", "9" * 12 + ".x", "%C3%A9.x"])
@pytest.mark.parametrize("what", ["download_files", "logs"])
def test_a_token_without_an_attempt_is_refused(local: LocalScheduler, what: str, token: str) -> None:
    run = local.start()
    response = local.api.get(f"/scheduler/jobs/{run.path.split('/')[3]}/{what}?next_token={token}")
    assert (response.status, response.body["reason"]) == (400, "next_token")


def test_somebody_elses_attempts_are_not_found(local: LocalScheduler) -> None:
    response = local.api.get("/scheduler/jobs/0199/attempts")
    assert (response.status, response.body["code"]) == (404, "not_found")
