"""Result objects: a runner that ended without a report has said how its attempt ended, and nothing runs again."""

import json
from typing import Any

import pytest

from tests.support.faults import Refused
from tests.support.runs import Run
from tests.support.scheduler import LocalScheduler
from tests.support.watching import calls, job_id_of, sweep

SUCCEEDED: dict[str, Any] = {
    "outcome": {"code": "succeeded"},
    "warnings": [{"code": "outputs_skipped", "message": "2 outputs were left out.", "names": ["a", "b"], "count": 2}],
    "files_count": 3,
    "files_bytes": 70,
}


def store(local: LocalScheduler, run: Run, body: bytes | dict[str, Any] = b"") -> None:
    """Store a result under the key of the run's form."""
    form = run.work_order().body["result_form"]
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    local.client("s3").put_object(Bucket=local.bucket, Key=form["fields"]["key"], Body=data)


@pytest.mark.parametrize("found_by", ["event", "sweep", "sweep, task forgotten"])
@pytest.mark.parametrize("exit_code", [0, 137, None])
def test_a_run_whose_report_was_lost_is_completed_and_not_repeated(
    local: LocalScheduler, found_by: str, exit_code: int | None
) -> None:
    run = local.start(max_retries=1)
    store(local, run, SUCCEEDED)
    if found_by == "event":
        local.finish(run, exit_code=exit_code)
    else:
        local.hub.ecs.finish(run.task_arn, exit_code=exit_code)
        if found_by.endswith("forgotten"):
            local.hub.ecs.tasks.clear()
        sweep(local, minutes=5, seconds=1)
    job = local.job(job_id_of(run))
    assert (job["status"], job["attempt"], job["outcome"]["code"]) == ("COMPLETED", 1, "succeeded")
    assert (job["warnings"], job["files_count"], job["files_bytes"]) == (SUCCEEDED["warnings"], 3, 70)
    local.dispatch()
    assert local.hub.ecs.running == []


@pytest.mark.parametrize("found_by", ["event", "sweep"])
def test_a_run_that_ends_without_a_word_names_the_last_reported_cell(local: LocalScheduler, found_by: str) -> None:
    run = local.start()
    run.heartbeat(cell=3, cells=10)
    if found_by == "event":
        local.finish(run, exit_code=15)
    else:
        local.hub.ecs.finish(run.task_arn, exit_code=15)
        sweep(local, minutes=5, seconds=1)
    job = local.job(job_id_of(run))
    assert (job["outcome"]["code"], job["outcome"]["cell"]) == ("out_of_memory", None)
    assert job["outcome"]["message"].startswith("Last reported: cell 3 of 10. The notebook needed more memory")
    assert job["outcome"]["message"] in job["status_message"]


def test_the_last_reported_cell_of_an_earlier_attempt_does_not_count(local: LocalScheduler) -> None:
    job_id = local.create()
    first = local.start(job_id)
    first.heartbeat(cell=3, cells=10)
    local.finish(first, exit_code=137)
    local.clock.forward(minutes=5)
    local.finish(local.start(job_id), exit_code=15)
    ended = local.job(job_id)
    assert (ended["outcome"]["code"], "Last reported" in ended["status_message"]) == ("out_of_memory", False)
    [attempt, _] = local.api.get(f"/scheduler/jobs/{job_id}/attempts").body["attempts"]
    assert attempt["outcome"]["message"].startswith("Last reported: cell 3 of 10. ")


def test_a_result_says_more_than_an_exit_code(local: LocalScheduler) -> None:
    run = local.start()
    outcome = {"code": "notebook_error", "message": "ValueError: no", "cell": 3, "error_name": "ValueError"}
    store(local, run, {"outcome": outcome})
    local.finish(run, exit_code=10)
    described = local.job(job_id_of(run))["outcome"]
    assert (described["message"], described["cell"], described["error_name"]) == (
        "In cell 3: ValueError: no",
        3,
        "ValueError",
    )


def test_a_stopped_run_that_had_finished_is_completed(local: LocalScheduler) -> None:
    run = local.start()
    store(local, run, SUCCEEDED)
    local.api.patch(f"/scheduler/jobs/{job_id_of(run)}", {"status": "STOPPED"})
    local.finish(run, exit_code=None)
    assert local.status(job_id_of(run)) == "COMPLETED"


def test_what_a_runner_says_of_a_late_end_is_not_turned_into_a_timeout(local: LocalScheduler) -> None:
    run = local.start(timeout_seconds=60)
    store(local, run, {"outcome": {"code": "upload_failed", "message": "no store"}})
    local.clock.forward(minutes=5)
    local.finish(run, exit_code=18)
    assert local.status(job_id_of(run)) == "CREATED"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"not JSON",
        b"[]",
        b"\xff\xfe",
        b'{"outcome": {"code": "heartbeat_timeout"}}',
        b'{"outcome": {"code": "connection_lost"}}',
        b'{"outcome": {"code": "succeeded"}, "files_count": -1}',
        b'{"outcome": {"code": "succeeded", "message": "\\ud800"}}',
        json.dumps({"outcome": {"code": "succeeded"}, "more": "x" * 256 * 1024}).encode(),
    ],
    ids=range(9),
)
def test_a_malformed_result_is_as_if_there_were_none(local: LocalScheduler, data: bytes) -> None:
    run = local.start()
    store(local, run, data)
    local.finish(run, exit_code=0)
    assert local.status(job_id_of(run)) == "CREATED"


def test_the_result_of_another_attempt_does_not_count(local: LocalScheduler) -> None:
    job_id = local.create()
    first = local.start(job_id)
    store(local, first, {"outcome": {"code": "terminated"}})
    local.finish(first, exit_code=17)
    local.clock.forward(minutes=1)
    second = local.start(job_id)
    assert second.attempt == 2
    store(local, first, SUCCEEDED) if first.work_order().status == 200 else None
    local.finish(second, exit_code=1)
    assert local.status(job_id) == "CREATED"


def test_nothing_is_decided_while_s3_does_not_respond(local: LocalScheduler) -> None:
    run = local.start()
    store(local, run, SUCCEEDED)
    local.hub.ecs.finish(run.task_arn, exit_code=0)
    local.hub.listeners.append(Refused("InternalError", "s3:GetObject", status=500))
    sweep(local, minutes=5, seconds=1)
    assert local.status(job_id_of(run)) == "IN_PROGRESS"
    sweep(local, minutes=1)
    assert local.status(job_id_of(run)) == "COMPLETED"


def test_only_a_task_that_ended_without_a_report_costs_a_read(local: LocalScheduler) -> None:
    reported, silent, never_started = local.start(), local.start(), local.launch()
    reported.report()
    assert "s3:GetObject" not in calls(local, lambda: local.finish(reported, exit_code=0))
    assert calls(local, lambda: local.finish(silent, exit_code=1)).count("s3:GetObject") == 1
    assert "s3:GetObject" not in calls(local, lambda: local.finish(never_started, exit_code=1))


def test_a_form_comes_with_the_work_order_and_when_a_heartbeat_asks(local: LocalScheduler) -> None:
    run = local.start()
    assert run.heartbeat().body == {"action": "continue"}
    first, later = run.work_order().body["result_form"], run.heartbeat(result_form=True).body["result_form"]
    for form in (first, later):
        assert form["fields"]["key"] == f"jobs/{run.run_id.rpartition('/')[0]}/results/1.json"
        assert form["url"].startswith("https://")


def test_a_result_is_not_among_the_files_and_is_deleted_with_its_job(local: LocalScheduler) -> None:
    run = local.start()
    store(local, run, SUCCEEDED)
    local.finish(run, exit_code=0)
    listed = local.api.get(f"/scheduler/jobs/{job_id_of(run)}/download_files").body
    assert "results" not in json.dumps(listed)
    prefix = f"jobs/{run.run_id.rpartition('/')[0]}/"
    assert f"{prefix}results/1.json" in local.objects(prefix)
    local.factory.cleanup.handle(
        {
            "eventName": "REMOVE",
            "dynamodb": {"OldImage": {"owner_id": {"S": local.owner_id()}, "job_id": {"S": job_id_of(run)}}},
        }
    )
    assert local.objects(prefix) == []
