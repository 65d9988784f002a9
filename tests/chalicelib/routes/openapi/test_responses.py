"""Real responses match the document: in the life of a job and of a definition, and for every kind of error."""

from typing import Any

from tests.support.definitions import Definitions
from tests.support.faults import Refused
from tests.support.http_api import BOB
from tests.support.openapi import CheckedApi, operations
from tests.support.scheduler import LocalScheduler, notebook, settings

JOBS = "/scheduler/jobs"
DEFINITIONS = "/scheduler/job_definitions"


def live_through_jobs(local: LocalScheduler, api: CheckedApi) -> None:
    """Run jobs through all statuses, and describe them in each."""
    full: dict[str, Any] = {
        "parameters": {"n": 5},
        "tags": ["a"],
        "idempotency_token": "t",
        "runtime_environment_parameters": {"x": 1.5},
    }
    job_id = local.create(notebook("print(n)"), **full)
    bare = local.create(notebook(), package_input_folder=False)
    look(api, job_id)
    api.patch(f"{JOBS}/{bare}", {"name": "Other", "compute_type": local.job(bare)["compute_type"]})
    run = local.start(job_id)
    assert run.heartbeat("running", cell=1, cells=2).status == 200
    look(api, job_id)
    put_output_and_line(local, run)
    assert run.report("succeeded").status == 200
    look(api, job_id)
    failed = local.start(bare)
    assert failed.report("notebook_error", message="NameError").status == 200
    look(api, bare)
    stopped = local.create()
    api.patch(f"{JOBS}/{stopped}", {"status": "STOPPED"})
    look(api, stopped)
    page = api.get(f"{JOBS}?max_items=1").body
    assert api.get(f"{JOBS}?max_items=5&next_token={page['next_token']}").body["total_count"] == 3
    api.get(f"{JOBS}/count?status=completed")
    api.delete(f"{JOBS}/{stopped}")
    api.delete(f"/scheduler/batch/jobs?job_id={job_id}&job_id={bare}")


def look(api: CheckedApi, job_id: str) -> None:
    """Send all requests that read a job."""
    for url in (
        f"{JOBS}/{job_id}",
        f"{JOBS}/{job_id}/download_files",
        f"{JOBS}/{job_id}/logs",
        f"{JOBS}/{job_id}/logs?tail=1",
        f"{JOBS}/unfinished",
        f"{JOBS}/{job_id}/attempts",
        JOBS,
    ):
        assert api.get(url).status == 200, url


def put_output_and_line(local: LocalScheduler, run: Any) -> None:
    key = run.path.removeprefix("/runs/").rpartition("/")[0]
    local.client("s3").put_object(Bucket=local.bucket, Key=f"jobs/{key}/outputs/1/files/a b.csv", Body=b"abc")
    stream, logs = f"runner/runner/{run.task_arn.rpartition('/')[2]}", local.client("logs")
    logs.create_log_stream(logGroupName="runners", logStreamName=stream)
    event = {"timestamp": int(local.clock.now.timestamp() * 1000), "message": "one"}
    logs.put_log_events(logGroupName="runners", logStreamName=stream, logEvents=[event])


def live_through_definitions(local: LocalScheduler, made: Definitions, api: CheckedApi) -> None:
    """Run definitions through their lives."""
    options: dict[str, Any] = {
        "overlap_policy": "skip",
        "schedule_start": 0,
        "schedule_end": 4_000_000_000_000,
        "max_runs": 3,
    }
    full = made.create(timezone="Europe/Berlin", job_retention_days=7, parameters={"n": 1}, tags=["a"], **options)
    bare = made.create(schedule=...)
    for definition_id in (full, bare):
        api.get(f"{DEFINITIONS}/{definition_id}")
        api.patch(f"{DEFINITIONS}/{definition_id}", {"active": definition_id != bare, "name": "Other"})
    made.tick(full, made.set_clock("13:00"), made.stored(full).revision)
    assert made.described(full)["last_run"]
    job_id = made.run_now(full, parameters={"n": 2})
    look(api, job_id)
    made.let_succeed(full)
    assert api.get(f"{DEFINITIONS}/{full}/latest?format=ipynb").status == 302
    page = api.get(f"{DEFINITIONS}?max_items=1").body
    assert api.get(f"{DEFINITIONS}?next_token={page['next_token']}").body["job_definitions"]
    api.get("/scheduler/crontab?schedule=0 9 13 * FRI&timezone=Europe/Berlin")
    api.delete(f"{DEFINITIONS}/{bare}")


def live_through_owners(local: LocalScheduler, made: Definitions, api: CheckedApi) -> None:
    """Take over an owner's definition, stop their job, disable and enable them."""
    local.serve(settings(ownership={"admins": (BOB,)}))
    admin, owner_id = api.as_user(BOB), local.owner_id()
    definition_id, job_id = made.create(), local.create()
    admin.post(f"{DEFINITIONS}/{definition_id}/take_over?owner_id={owner_id}")
    assert made.described(definition_id)["taken_over_by"]
    admin.patch(f"{JOBS}/{job_id}?owner_id={owner_id}", {"status": "STOPPED"})
    assert local.job(job_id)["stopped_by"]
    admin.patch(f"/scheduler/owners/{owner_id}", {"disabled": True, "reason": "left"})
    assert api.get(JOBS).status == 403
    assert admin.get(f"/scheduler/owners/{owner_id}").body["disabled"]
    assert "next_token" in admin.get("/scheduler/owners?max_items=1").body
    admin.patch(f"/scheduler/owners/{owner_id}", {"disabled": False})


def test_responses_match_the_document(local: LocalScheduler, made: Definitions, api: CheckedApi) -> None:
    live_through_jobs(local, api)
    live_through_definitions(local, made, api)
    live_through_owners(local, made, api)
    for path in ("runtime_environments", "config", "health", "openapi.json"):
        api.get(f"/scheduler/{path}")
    done = {(method, path) for method, path, status in api.seen if status in (200, 204, 302)}
    assert {(method, path) for method, path, _ in operations(api.judge.document)} - done == set(), "never seen to work"


def test_rejections_match_the_document(local: LocalScheduler, made: Definitions, api: CheckedApi) -> None:
    job_id, definition_id = local.create(idempotency_token="t"), made.create()
    job, definition = f"{JOBS}/{job_id}", f"{DEFINITIONS}/{definition_id}"
    local.launch(job_id)
    responses = [
        (400, local.post_job(name="")),
        (400, made.post(schedule="never")),
        (400, api.patch(definition, {"schedule": "61 * * * *"})),
        (400, api.get(f"{JOBS}?sort_by=none")),
        (400, api.delete("/scheduler/batch/jobs")),
        (401, api.as_user(None).get(job)),
        (403, api.get(f"{JOBS}?owner_id=somebody")),
        (404, api.as_user(BOB).get(definition)),
        (404, api.get(f"{JOBS}/none-there/logs")),
        (404, local.post_job(input_uri="upload:0")),
        (409, local.post_job(notebook("2"), idempotency_token="t")),
        (409, api.patch(job, {"compute_type": local.job(job_id)["compute_type"]})),
        (413, api.post(JOBS, {"name": "x" * 300_000})),
        (413, api.post("/scheduler/uploads", {"filename": "x.ipynb", "size_bytes": 10**12})),
        (415, api.post(JOBS, "{}", headers={"content-type": "text/plain"})),
        (422, local.post_job(b"{}")),
    ]
    assert [response.status for _, response in responses] == [status for status, _ in responses]


def test_errors_match_the_document(local: LocalScheduler, api: CheckedApi) -> None:
    local.hub.listeners.append(Refused("ThrottlingException", "dynamodb:GetItem"))
    assert api.get(f"{JOBS}/a-job").status == 429
    local.hub.listeners.append(Refused("AccessDeniedException", "dynamodb:GetItem"))
    assert api.get(f"{JOBS}/a-job").status == 500
