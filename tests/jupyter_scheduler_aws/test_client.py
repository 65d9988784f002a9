from datetime import timedelta
from pathlib import Path

import pytest

from jupyter_scheduler_aws import Client, JobStatus
from jupyter_scheduler_aws.errors import (
    NotFoundError,
    SchedulerClientError,
    TooLargeError,
    UploadError,
)
from jupyter_scheduler_aws.snapshots.pack import pack_notebook
from tests.jupyter_scheduler_aws.fake_api import FakeApi
from tests.jupyter_scheduler_aws.fake_server import Fault, Response

JOBS = "/v1/scheduler/jobs"


def test_submit_wait_and_download(
    api: FakeApi, client: Client, notebook: Path, tmp_path: Path, waits: list[float]
) -> None:
    sent: list[tuple[int, int]] = []
    job_id = client.submit(
        notebook,
        name="Monthly report",
        compute_type="large",
        parameters={"year": 1970, "place": "Mauna Loa", "code": "007", "number": "7"},
        tags=["co2"],
        timeout=timedelta(hours=2),
        max_retries=1,
        on_progress=lambda done, total: sent.append((done, total)),
    )
    seen: list[str] = []
    job = client.wait(job_id, on_change=lambda job: seen.append(f"{job.status} {job.phase and job.phase.cell}"))
    paths = client.download(job_id, tmp_path / "outputs")

    assert sent[-1] == (notebook.stat().st_size, notebook.stat().st_size)
    assert seen == ["IN_PROGRESS 1", "IN_PROGRESS 2", "COMPLETED None"]
    assert waits == [1, 1.25]
    assert job.is_completed
    assert (job.name, job.compute_type, job.tags, job.max_retries) == ("Monthly report", "large", ("co2",), 1)
    assert job.timeout == timedelta(hours=2)
    assert job.parameters == {"year": "1970", "place": "Mauna Loa", "code": "007", "number": "'7'"}
    assert job.output_formats == ("ipynb", "html")
    assert {path.relative_to(tmp_path / "outputs").as_posix() for path in paths} == set(api.outputs)
    assert (tmp_path / "outputs/results/table.csv").read_bytes() == api.outputs["results/table.csv"][1]


def test_two_submits_create_two_jobs(api: FakeApi, client: Client, notebook: Path) -> None:
    assert client.submit(notebook) != client.submit(notebook)
    assert len(api.jobs) == 2


def test_two_submits_with_one_token_create_one_job(api: FakeApi, client: Client, notebook: Path) -> None:
    assert client.submit(notebook, idempotency_token="x") == client.submit(notebook, idempotency_token="x")


def test_many_jobs_are_deleted_in_batches(api: FakeApi, client: Client) -> None:
    job_ids = [api.add_job() for _ in range(201)]

    client.delete_jobs([*job_ids, job_ids[0]])

    assert api.jobs == {}
    assert len(api.seen("DELETE", "/v1/scheduler/batch/jobs")) == 2
    assert len(api.seen("DELETE", f"{JOBS}/.*")) == 1


def test_lists_follow_the_pagination(api: FakeApi, client: Client) -> None:
    job_ids = [api.add_job(f"Job {number}") for number in range(5)]

    assert [job.job_id for job in client.list_jobs()] == job_ids[::-1]
    assert len(api.seen("GET", JOBS)) == 3


def test_filters_are_signed_and_sent_alike(api: FakeApi, client: Client) -> None:
    job_id = api.add_job("Größe & mehr (1/2) +~*'", tags=["ü", "a b"])
    api.add_job("Größe & mehr (1/2) +~*'", tags=["ü"])
    api.add_job("other")

    found = list(client.list_jobs(name="Größe & mehr (1/2) +~*'", status=JobStatus.COMPLETED, tags=["a b", "ü"]))

    assert [job.job_id for job in found] == [job_id]
    assert api.seen("GET", JOBS)[0].query[2:4] == [("tags", "a b"), ("tags", "ü")]


def test_id_is_escaped_in_the_path(api: FakeApi, client: Client) -> None:
    with pytest.raises(NotFoundError, match=r"\.\./health"):
        client.get_job("../health")


def test_rename_and_stop(api: FakeApi, client: Client) -> None:
    job_id = api.add_job(status="IN_PROGRESS")

    client.rename_job(job_id, "Better")
    client.stop_job(job_id)

    job = client.get_job(job_id)
    assert (job.name, job.status) == ("Better", "STOPPING")


def test_wait_for_a_deleted_job_ends(api: FakeApi, client: Client) -> None:
    with pytest.raises(NotFoundError):
        client.wait("no-such")


def test_snapshot_above_the_limit_is_not_uploaded(api: FakeApi, client: Client, notebook: Path) -> None:
    api.max_upload_bytes = 10

    with pack_notebook(notebook) as snapshot, pytest.raises(TooLargeError, match="at most 10"):
        client.upload(snapshot)

    assert api.seen("POST", "/bucket") == []


def test_upload_that_s3_refuses_creates_no_job(api: FakeApi, client: Client, notebook: Path) -> None:
    body = b"<Error><Code>EntityTooLarge</Code><Message>Too large</Message></Error>"
    api.faults.append(Fault("POST", "/bucket", instead=Response(400, body)))

    with pytest.raises(UploadError, match="EntityTooLarge: Too large"):
        client.submit(notebook)

    assert api.jobs == {}


def test_log_is_read_to_its_end(api: FakeApi, client: Client) -> None:
    api.log = [f"line {number}" for number in range(5)]

    assert [event.message for event in client.logs(api.add_job())] == api.log


def test_log_is_followed_until_the_job_has_ended(api: FakeApi, client: Client) -> None:
    job_id = api.add_job(status="IN_PROGRESS")
    api.jobs[job_id].plan = [{}, {}, {"status": "FAILED"}]
    seen = []
    for event in client.logs(job_id, follow=True):
        seen.append(event.message)
        if len(seen) < 5:
            api.log.append(f"more {len(seen)}")

    assert seen == ["cell 1 of 3", "hello", "more 1", "more 2", "more 3", "more 4"]


def test_health_returns_your_identity(client: Client) -> None:
    health = client.health()

    assert (health.owner_id, health.arn, health.kind, health.admin) == (
        "ann-1",
        "arn:aws:iam::1:user/ann",
        "iam_user",
        False,
    )


def test_first_environment_is_the_default(api: FakeApi, client: Client, notebook: Path) -> None:
    api.environments.insert(0, {**api.environments[0], "name": "r"})

    assert client.get_job(client.submit(notebook)).environment == "r"
    assert client.get_job(client.submit(notebook, environment="python")).environment == "python"


@pytest.mark.parametrize(
    "body", [{"name": "a\ud800b"}, {"timeout_seconds": float("nan")}, {"parameters": {"x": float("inf")}}], ids=str
)
def test_body_that_json_cannot_represent_is_explained(api: FakeApi, client: Client, body: dict[str, object]) -> None:
    with pytest.raises(SchedulerClientError, match="cannot be sent"):
        client.transport.call("POST", "/jobs", body=body)
    assert api.requests == []


def test_query_too_long_for_a_url_is_explained(client: Client) -> None:
    with pytest.raises(SchedulerClientError, match="cannot be sent"):
        client.transport.call("GET", "/jobs", query=[("name", " " * 30_000)])
