"""Jobs on the deployed stack through the client, with real notebooks, kernels and files."""

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from jupyter_scheduler_aws.api.job_models import Job, JobStatus
from jupyter_scheduler_aws.client import Client
from jupyter_scheduler_aws.errors import NotFoundError
from tests.deployed.conftest import NotebookMaker
from tests.support.deployed import Deployed

pytestmark = pytest.mark.local_cloud

EXAMPLES = Path(__file__).parents[2] / "examples"
SLOW = 'import time, pathlib\nprint("begun", flush=True)\npathlib.Path("half.txt").write_text("half")\ntime.sleep(600)'


def wait_until(client: Client, job_id: str, reached: Callable[[Job], bool]) -> Job:
    """Poll until a job meets a condition; the timeout of pytest limits it."""
    while not reached(job := client.get_job(job_id)):
        time.sleep(0.2)
    return job


def is_running(job: Job) -> bool:
    return job.status == JobStatus.IN_PROGRESS and job.phase is not None and job.phase.code == "running"


def test_a_folder_runs_with_parameters_and_produces_the_formats_on_offer(client: Client, tmp_path: Path) -> None:
    formats = next(each for each in client.environments() if each.name == "python").output_formats
    assert formats == ("ipynb", "html"), "what the form of the panel ticks"
    job_id = client.submit(
        EXAMPLES / "co2" / "co2.ipynb",
        folder=True,
        parameters={"start_year": 1980, "end_year": 1999},
        output_formats=formats,
        tags=["deployed"],
    )
    phases: list[str] = []
    job = client.wait(job_id, on_change=lambda state: phases.append(state.phase.code if state.phase else ""))
    assert (job.status, job.attempt) == (JobStatus.COMPLETED, 1)
    assert phases[0] in ("waiting", "launching")
    assert phases[-1] == "ended"

    paths = {path.relative_to(tmp_path).as_posix(): path for path in client.download(job_id, tmp_path)}
    suffixes = {Path(name).suffix for name in paths}
    assert suffixes == {".ipynb", ".html", ".csv"}
    years = paths["co2-by-year.csv"].read_text(encoding="utf-8").splitlines()
    assert [years[1].split(",")[0], years[-1].split(",")[0]] == ["1980", "1999"]
    executed = json.loads(
        next(path for name, path in paths.items() if name.endswith(".ipynb")).read_text(encoding="utf-8")
    )
    outputs = [output for cell in executed["cells"] for output in cell.get("outputs", [])]
    assert sum("image/png" in output.get("data", {}) for output in outputs) >= 2
    assert "co2-mauna-loa.csv" not in paths, "what the run did not change is not an output"


def test_a_failed_notebook_has_an_error_message_and_its_outputs(client: Client, tmp_path: Path) -> None:
    job = client.wait(client.submit(EXAMPLES / "failing.ipynb"))
    assert job.status == JobStatus.FAILED
    assert job.outcome is not None
    assert job.outcome.code == "notebook_error"
    assert "ValueError" in (job.status_message or "")
    assert "\x1b" not in (job.status_message or "")
    names = [path.name for path in client.download(job.job_id, tmp_path)]
    assert "readings-so-far.csv" in names
    assert any(name.endswith(".ipynb") for name in names)
    lines = [event.message for event in client.logs(job.job_id)]
    assert any("wrote 2 of 4 readings" in line for line in lines)


def test_a_stopped_job_keeps_its_outputs(client: Client, notebook: NotebookMaker, tmp_path: Path) -> None:
    job_id = client.submit(notebook(SLOW), output_formats=["ipynb"])
    wait_until(client, job_id, is_running)
    client.stop_job(job_id)
    assert client.get_job(job_id).status == JobStatus.STOPPING
    job = client.wait(job_id)
    assert job.status == JobStatus.STOPPED
    assert job.status_message is None
    names = [path.name for path in client.download(job_id, tmp_path / "out")]
    assert "half.txt" in names


def test_a_job_ends_at_its_time_limit(client: Client, notebook: NotebookMaker) -> None:
    request_timeout = 5
    from datetime import timedelta

    job = client.wait(client.submit(notebook(SLOW), timeout=timedelta(seconds=request_timeout)))
    assert (job.status, job.outcome and job.outcome.code) == (JobStatus.FAILED, "timeout")


def test_deleting_a_running_job_removes_everything(client: Client, deployed: Deployed, notebook: NotebookMaker) -> None:
    job_id = client.submit(notebook(SLOW))
    owner_id = wait_until(client, job_id, is_running).document["owner_id"]
    client.delete_jobs([job_id])
    with pytest.raises(NotFoundError):
        client.get_job(job_id)
    s3 = deployed.administrator("s3")
    bucket = next(item["Name"] for item in s3.list_buckets()["Buckets"] if "bucket" in item["Name"].lower())
    ecs = deployed.administrator("ecs")
    while s3.list_objects_v2(Bucket=bucket, Prefix=f"jobs/{owner_id}/{job_id}/").get("KeyCount"):
        time.sleep(0.5)
    cluster = ecs.list_clusters()["clusterArns"][0]
    while any(f"/{job_id}/" in task.get("startedBy", "") for task in running_tasks(ecs, cluster)):
        time.sleep(0.5)


def test_the_second_cleanup_removes_the_upload_and_the_log(
    client: Client, deployed: Deployed, notebook: NotebookMaker
) -> None:
    job_id = client.submit(notebook('print("the answer is 42")'))
    owner_id = client.wait(job_id).document["owner_id"]
    left = traces_of(deployed, owner_id, job_id)
    assert traces_left(deployed, left)
    client.delete_jobs([job_id])
    # The message that the first cleanup sends is on its way for a quarter of an hour; this is the same one at once.
    sqs = deployed.administrator("sqs")
    [url] = [queue_url for queue_url in sqs.list_queues()["QueueUrls"] if "QueuesCleanup" in queue_url]
    sqs.send_message(QueueUrl=url, MessageBody=json.dumps(left), DelaySeconds=0)
    while traces_left(deployed, left):
        time.sleep(0.5)


@pytest.mark.parametrize(("prefix", "kind"), [("jobs", "job_id"), ("definitions", "definition_id")])
def test_an_announced_copy_that_belongs_to_nothing_is_deleted(deployed: Deployed, prefix: str, kind: str) -> None:
    """What a create leaves that is killed between the copy and the record."""
    s3, sqs = deployed.administrator("s3"), deployed.administrator("sqs")
    bucket = next(item["Name"] for item in s3.list_buckets()["Buckets"] if "bucket" in item["Name"].lower())
    [url] = [queue_url for queue_url in sqs.list_queues()["QueueUrls"] if "QueuesCleanup" in queue_url]
    identifier = "0199aaaa-0000-7000-8000-000000000000"
    key = f"{prefix}/nobody/{identifier}/input.ipynb"
    s3.put_object(Bucket=bucket, Key=key, Body=b"{}")
    message = {"owner_id": "nobody", kind: identifier, "copied_key": key}
    sqs.send_message(QueueUrl=url, MessageBody=json.dumps(message), DelaySeconds=0)
    while s3.list_objects_v2(Bucket=bucket, Prefix=key).get("KeyCount"):
        time.sleep(0.5)


def traces_of(deployed: Deployed, owner_id: str, job_id: str) -> dict[str, str | list[str]]:
    """Return the resources of a job from its record."""
    dynamodb = deployed.administrator("dynamodb")
    [table] = [name for name in dynamodb.list_tables()["TableNames"] if "jobs" in name.lower()]
    key = {"owner_id": {"S": owner_id}, "job_id": {"S": job_id}}
    item = dynamodb.get_item(TableName=table, Key=key)["Item"]
    return {
        "owner_id": owner_id,
        "job_id": job_id,
        "upload_id": item["upload_id"]["S"],
        "task_arns": item["task_arns"]["SS"],
    }


def traces_left(deployed: Deployed, left: dict[str, str | list[str]]) -> list[str]:
    """Return the upload and the log streams of a job that still exist."""
    s3, logs = deployed.administrator("s3"), deployed.administrator("logs")
    bucket = next(item["Name"] for item in s3.list_buckets()["Buckets"] if "bucket" in item["Name"].lower())
    uploads = s3.list_objects_v2(Bucket=bucket, Prefix=f"uploads/{left['owner_id']}/{left['upload_id']}")
    [group] = [
        group["logGroupName"] for group in logs.describe_log_groups()["logGroups"] if "Runner" in group["logGroupName"]
    ]
    names = {f"runner/runner/{arn.rpartition('/')[2]}" for arn in left["task_arns"]}
    pages = logs.get_paginator("describe_log_streams").paginate(logGroupName=group)
    streams = [item["logStreamName"] for page in pages for item in page["logStreams"]]
    return [item["Key"] for item in uploads.get("Contents", [])] + [name for name in streams if name in names]


def running_tasks(ecs: object, cluster: str) -> list[dict[str, str]]:
    arns = ecs.list_tasks(cluster=cluster, desiredStatus="RUNNING")["taskArns"]  # type: ignore[attr-defined]
    return list(ecs.describe_tasks(cluster=cluster, tasks=arns)["tasks"]) if arns else []  # type: ignore[attr-defined]


def test_an_idempotency_token_creates_one_job(client: Client, notebook: NotebookMaker) -> None:
    path = notebook("1 + 1")
    first, second = (client.submit(path, idempotency_token="deployed-once", output_formats=["ipynb"]) for _ in range(2))
    assert first == second
    assert client.wait(first).status == JobStatus.COMPLETED


def test_lists_can_be_filtered_and_sorted(client: Client) -> None:
    failed = list(client.list_jobs(status=JobStatus.FAILED))
    assert failed
    assert all(job.status == JobStatus.FAILED for job in failed)
    page = client.list_page(query=[("sort_by", "asc(name)")], max_items=3)
    names = [job.name for job in page.jobs]
    assert names == sorted(names)
