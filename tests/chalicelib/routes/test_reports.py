"""Reports: what follows when a runner reports the end of its run."""

from typing import Any

import pytest

from chalicelib.domain.outcome import RUNNER_CODES
from tests.support.runs import Run
from tests.support.scheduler import LocalScheduler, Response, scheduler, settings


def status_and_code(response: Response) -> tuple[int, str]:
    return response.status, response.body["code"]


def _job_id(run: Run) -> str:
    return run.path.split("/")[3]


_ENDS = {
    "succeeded": "COMPLETED",
    "stopped": "FAILED",
    "terminated": "CREATED",
    "upload_failed": "CREATED",
    "runner_error": "CREATED",
}
_ENDS_OF_STOP = {
    "succeeded": "COMPLETED",
    **dict.fromkeys(
        ("notebook_error", "kernel_died", "out_of_memory", "input_problem", "environment_problem"), "FAILED"
    ),
}


@pytest.mark.parametrize("code", sorted(RUNNER_CODES))
def test_a_report_ends_a_run_once(local: LocalScheduler, code: str) -> None:
    run = local.start()
    local.clock.forward(minutes=1)
    expected = _ENDS.get(code, "FAILED")
    assert run.report(code, message="said by the runner").body == {"status": expected}
    ended = local.item(_job_id(run))
    local.clock.forward(minutes=1)
    assert run.report(code).body == {"status": expected}
    assert run.report("notebook_error").body == {"status": expected}
    assert local.item(_job_id(run)) == ended
    assert status_and_code(run.heartbeat()) == (409, "not_your_run")
    if expected in ("COMPLETED", "FAILED"):
        described = local.job(_job_id(run))
        assert (described["outcome"]["code"], described["outcome"]["message"]) == (code, "said by the runner")
        assert described["end_time"] == described["start_time"] + 60_000


@pytest.mark.parametrize("code", sorted(RUNNER_CODES))
def test_a_report_after_a_stop_never_starts_again(local: LocalScheduler, code: str) -> None:
    run = local.start(max_retries=3, retry_on_timeout=True)
    local.api.patch(f"/scheduler/jobs/{_job_id(run)}", {"status": "STOPPED"})
    assert run.report(code).body == {"status": _ENDS_OF_STOP.get(code, "STOPPED")}
    assert "waiting" not in local.item(_job_id(run))
    local.finish(run, exit_code=0)
    assert not {"waiting", "live_shard"} & set(local.item(_job_id(run)))


def test_retries_are_counted_by_fault(local: LocalScheduler) -> None:
    job_id = local.create(max_retries=1, min_retry_interval_millis=90_000)
    first = local.start(job_id)
    assert first.report("kernel_died").body == {"status": "CREATED"}
    local.finish(first, exit_code=14)
    local.dispatch()
    assert local.status(job_id) == "CREATED"
    local.clock.forward(seconds=90)
    for _ in range(2):
        run = local.start(job_id)
        assert run.report("terminated").body == {"status": "CREATED"}
        local.finish(run, exit_code=17)
        local.clock.forward(minutes=5)
    assert local.start(job_id).report("notebook_error").body == {"status": "FAILED"}
    ended = local.job(job_id)
    assert (ended["attempt"], ended["outcome"]["code"], ended["outcome"]["retryable"]) == (4, "notebook_error", True)


@pytest.mark.parametrize(("retries", "status"), [(True, "CREATED"), (False, "FAILED")])
def test_a_timeout_is_retried_only_with_retry_on_timeout(local: LocalScheduler, retries: bool, status: str) -> None:
    run = local.start(max_retries=1, retry_on_timeout=retries)
    assert run.report("timeout").body == {"status": status}


@pytest.mark.parametrize("code", ["connection_lost", "heartbeat_timeout", "not_allowed", "", "SUCCEEDED"])
def test_invalid_reports_are_rejected(local: LocalScheduler, code: str) -> None:
    run = local.start()
    assert status_and_code(run.report(code)) == (400, "invalid_request")
    assert local.status(_job_id(run)) == "IN_PROGRESS"


def test_a_long_message_is_truncated(local: LocalScheduler) -> None:
    run = local.start()
    run.report("notebook_error", message="x" * 5000)
    assert len(local.job(_job_id(run))["status_message"]) == 2000


def test_an_ended_job_is_kept_as_long_as_the_operator_says(local: LocalScheduler) -> None:
    run = local.start()
    run.report()
    assert int(local.item(_job_id(run))["expires_at"]) == int(local.clock.now.timestamp()) + 90 * 86_400


def test_without_retention_a_job_is_kept() -> None:
    with scheduler(settings(retention={"jobs_days": 0})) as forever:
        run = forever.start()
        run.report()
        assert "expires_at" not in forever.item(_job_id(run))


def test_what_a_runner_reports_is_on_the_job(local: LocalScheduler) -> None:
    run = local.start()
    warning = {"code": "outputs_skipped", "message": "2,000 outputs were left out.", "names": ["a", "b"], "count": 2000}
    outcome = {"code": "notebook_error", "message": "m", "cell": 3, "error_name": "ValueError"}
    body = {"outcome": outcome, "warnings": [warning], "files_count": 5, "files_bytes": 70}
    assert run.send_report(body).body == {"status": "FAILED"}
    described = local.job(_job_id(run))
    assert described["warnings"] == [warning]
    assert (described["outcome"]["cell"], described["outcome"]["error_name"]) == (3, "ValueError")
    assert (described["files_count"], described["files_bytes"]) == (5, 70)


@pytest.mark.parametrize(
    "more", [{"warnings": [{"code": "Not a code", "message": ""}]}, {"warnings": [{}]}, {"files_count": -1}]
)
def test_a_malformed_report_is_refused(local: LocalScheduler, more: dict[str, object]) -> None:
    run = local.start()
    assert status_and_code(run.send_report({"outcome": {"code": "succeeded"}, **more})) == (400, "invalid_request")
    assert local.job(_job_id(run))["status"] == "IN_PROGRESS"


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"message": "ValueError: no data", "cell": 3}, "In cell 3: ValueError: no data"),
        (
            {"message": "Cell 3 of 4 (`load()`) raised ValueError: no data", "cell": 3},
            "Cell 3 of 4 (`load()`) raised ValueError: no data",
        ),
    ],
    ids=["unnamed", "named"],
)
def test_a_failed_job_says_in_which_cell(local: LocalScheduler, fields: dict[str, Any], says: str) -> None:
    """The panel shows only `status_message`; a list and the details have the same."""
    run = local.start()
    run.report("notebook_error", **fields)
    job_id = _job_id(run)
    described = local.job(job_id)
    assert (described["status_message"], described["outcome"]["message"]) == (says, says)
    [row] = [row for row in local.api.get("/scheduler/jobs").body["jobs"] if row["job_id"] == job_id]
    assert row["status_message"] == says
