"""The life of one job over HTTP: upload, create, launch, run, report, download, delete."""

from tests.support.runs import Run
from tests.support.scheduler import LocalScheduler, notebook


def test_a_job_runs_from_upload_to_download(local: LocalScheduler) -> None:
    job_id = local.create(notebook("print(n)"), parameters={"n": 5}, tags=["demo"])
    created = local.job(job_id)
    assert (created["status"], created["attempt"], created["phase"]["code"]) == ("CREATED", 0, "waiting")
    assert created["parameters"] == {"n": "5"}
    assert local.wake_ups() == 1

    local.dispatch()
    assert local.job(job_id)["status"] == "QUEUED"
    (task,) = local.tasks()
    run = Run(task)
    path, runner = run.path, run.api
    assert run.check_in().status == 200
    session = {"x-session-token": run.token}
    order = runner.get(f"{path}/work-order", headers=session).body
    assert order["parameters"] == {"n": "5"}
    assert order["input"]["filename"] == "report.ipynb"

    assert runner.post(f"{path}/heartbeat", {"phase": "running", "cell": 1, "cells": 1}, headers=session).body == {
        "action": "continue"
    }
    running = local.job(job_id)
    assert (running["status"], running["phase"]["cell"]) == ("IN_PROGRESS", 1)

    files = {
        "files": [
            {"format": "ipynb", "path": "report-1.ipynb", "size_bytes": 3, "content_type": "application/x-ipynb+json"}
        ]
    }
    urls = runner.post(f"{path}/output-urls", files, headers=session).body["urls"]
    assert "jobs/" in urls[0]["url"]
    local.client("s3").put_object(
        Bucket=local.bucket, Key=f"jobs/{running['owner_id']}/{job_id}/outputs/1/ipynb/report-1.ipynb", Body=b"abc"
    )
    assert runner.post(f"{path}/report", {"outcome": {"code": "succeeded"}}, headers=session).body == {
        "status": "COMPLETED"
    }

    ended = local.job(job_id)
    assert (ended["status"], ended["outcome"]["code"], ended["status_message"]) == ("COMPLETED", "succeeded", None)
    listed = local.api.get(f"/scheduler/jobs/{job_id}/download_files").body["files"]
    assert [(each["file_format"], each["path"]) for each in listed] == [
        ("input", "report.ipynb"),
        ("ipynb", "report-1.ipynb"),
    ]

    assert [each["job_id"] for each in local.api.get("/scheduler/jobs?max_items=25&1795413699291").body["jobs"]] == [
        job_id
    ]
    assert local.api.delete(f"/scheduler/jobs/{job_id}").status == 204
    assert local.api.get(f"/scheduler/jobs/{job_id}").status == 404
