from datetime import timedelta
from pathlib import Path

import pytest

from jupyter_scheduler_aws import Client, JobStatus, Pace
from jupyter_scheduler_aws.errors import (
    ConflictError,
    InvalidRequestError,
    NoCredentialsError,
    NoRegionError,
    NotAllowedError,
    NotFoundError,
    NoUrlError,
    ServiceError,
    TooLargeError,
    TooManyRequestsError,
    UnexpectedAnswerError,
    UnreachableError,
    UploadError,
)
from jupyter_scheduler_aws.pace import RepeatError
from tests.jupyter_scheduler_aws.fake_api import FakeApi, cell
from tests.jupyter_scheduler_aws.fake_server import Answer, Fault

JOBS = "/v1/scheduler/jobs"


def test_a_job_is_submitted_waited_for_and_downloaded(
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


def test_a_create_whose_answer_was_lost_makes_one_job(api: FakeApi, client: Client, notebook: Path) -> None:
    api.faults.append(Fault("POST", JOBS, then=Answer.refusal(503, "Service Unavailable", "unavailable")))
    api.faults.append(Fault("POST", JOBS, drops_after=-1))

    job_id = client.submit(notebook)

    assert list(api.jobs) == [job_id]
    assert len(api.seen("POST", JOBS)) == 3
    assert len({request.body for request in api.seen("POST", JOBS)}) == 1
    assert len(api.seen("POST", "/bucket")) == 1


def test_two_submits_are_two_jobs(api: FakeApi, client: Client, notebook: Path) -> None:
    assert client.submit(notebook) != client.submit(notebook)
    assert len(api.jobs) == 2


def test_an_own_token_makes_one_job_of_two_submits(api: FakeApi, client: Client, notebook: Path) -> None:
    assert client.submit(notebook, idempotency_token="x") == client.submit(notebook, idempotency_token="x")


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_gateway_errors_are_repeated_with_growing_delays(
    api: FakeApi, client: Client, waits: list[float], status: int
) -> None:
    api.faults += [Fault("GET", JOBS, instead=Answer(status, b"<html>")) for _ in range(3)]

    assert list(client.list_jobs()) == []
    assert [0.25 <= waits[0] <= 0.5, 0.5 <= waits[1] <= 1, 1 <= waits[2] <= 2] == [True] * 3


def test_retry_after_is_honoured_within_reason(api: FakeApi, client: Client, waits: list[float]) -> None:
    for asked in ("7", "86400", "Wed, 21 Oct 2026 07:28:00 GMT"):
        api.faults.append(Fault("GET", JOBS, instead=Answer.of({}, 429, **{"retry-after": asked})))

    assert list(client.list_jobs()) == []
    assert waits[:2] == [7, 120]
    assert waits[2] <= 2


def test_patience_ends(api: FakeApi, client: Client, waits: list[float]) -> None:
    api.faults += [Fault("GET", JOBS, instead=Answer.refusal(429, "Slow down.", "too_many_requests"))] * 6

    with pytest.raises(TooManyRequestsError, match=r"Slow down\.") as caught:
        list(client.list_jobs())

    assert (caught.value.status, caught.value.code, caught.value.request_id) == (429, "too_many_requests", "req-1")
    assert len(waits) == 5


@pytest.mark.parametrize("status", [400, 403, 404, 409, 413, 500])
def test_refusals_are_not_repeated(api: FakeApi, client: Client, waits: list[float], status: int) -> None:
    kinds = {
        400: InvalidRequestError,
        403: NotAllowedError,
        404: NotFoundError,
        409: ConflictError,
        413: TooLargeError,
        500: ServiceError,
    }
    api.faults.append(Fault("GET", JOBS, instead=Answer.refusal(status, "No.", "no")))

    with pytest.raises(kinds[status]):
        list(client.list_jobs())

    assert waits == []


def test_a_dropped_connection_is_tried_again(api: FakeApi, client: Client) -> None:
    job_id = api.add_job()
    api.faults.append(Fault("GET", f"{JOBS}/.*", drops_after=-1))
    api.faults.append(Fault("GET", f"{JOBS}/.*", drops_after=20))

    assert client.get_job(job_id).job_id == job_id


def test_nobody_listens(pace: Pace, waits: list[float]) -> None:
    with Client("http://127.0.0.1:9/v1", pace=pace) as client, pytest.raises(UnreachableError, match=r"127\.0\.0\.1:9"):
        client.health()

    assert len(waits) == 5


def test_an_answer_that_takes_too_long(api: FakeApi, pace: Pace) -> None:
    with (
        Client(api.url, pace=pace, timeout=timedelta(seconds=0.05)) as client,
        api.lock,
        pytest.raises(UnreachableError, match="did not answer in time"),
    ):
        client.health()


@pytest.mark.parametrize("body", [b"<html>hello</html>", b'"text"', b'{"jobs": 3}', b"[]"])
def test_something_else_answers(api: FakeApi, client: Client, body: bytes) -> None:
    api.faults.append(Fault("GET", JOBS, instead=Answer(200, body)))

    with pytest.raises(UnexpectedAnswerError):
        list(client.list_jobs())


def test_a_deletion_whose_answer_was_lost_is_done(api: FakeApi, client: Client) -> None:
    job_id = api.add_job()
    api.faults.append(Fault("DELETE", f"{JOBS}/.*", drops_after=-1))

    client.delete_jobs([job_id])

    assert api.jobs == {}
    with pytest.raises(NotFoundError):
        client.delete_jobs([job_id])


def test_a_deletion_that_was_only_throttled_before_is_not_done(api: FakeApi, client: Client) -> None:
    api.faults.append(Fault("DELETE", f"{JOBS}/.*", instead=Answer(429)))

    with pytest.raises(NotFoundError):
        client.delete_jobs(["no-such"])


def test_many_jobs_are_deleted_in_batches(api: FakeApi, client: Client) -> None:
    job_ids = [api.add_job() for _ in range(201)]

    client.delete_jobs([*job_ids, job_ids[0]])

    assert api.jobs == {}
    assert len(api.seen("DELETE", "/v1/scheduler/batch/jobs")) == 2
    assert len(api.seen("DELETE", f"{JOBS}/.*")) == 1


def test_lists_go_on_until_there_is_no_token(api: FakeApi, client: Client) -> None:
    job_ids = [api.add_job(f"Job {number}") for number in range(5)]

    assert [job.job_id for job in client.list_jobs()] == job_ids[::-1]
    assert len(api.seen("GET", JOBS)) == 3


def test_filters_are_signed_as_they_are_sent(api: FakeApi, client: Client) -> None:
    job_id = api.add_job("Größe & mehr (1/2) +~*'")
    api.add_job("other")

    found = list(client.list_jobs(name="Größe & mehr (1/2) +~*'", status=JobStatus.COMPLETED, tags=["a b", "ü"]))

    assert [job.job_id for job in found] == [job_id]
    assert api.seen("GET", JOBS)[0].query[2:4] == [("tags", "a b"), ("tags", "ü")]


def test_an_id_cannot_lead_elsewhere(api: FakeApi, client: Client) -> None:
    with pytest.raises(NotFoundError, match=r"\.\./health"):
        client.get_job("../health")


def test_rename_and_stop(api: FakeApi, client: Client) -> None:
    job_id = api.add_job(status="IN_PROGRESS")

    client.rename_job(job_id, "Better")
    client.stop_job(job_id)

    job = client.get_job(job_id)
    assert (job.name, job.status) == ("Better", "STOPPING")


def test_an_outage_while_waiting_is_waited_out(api: FakeApi, client: Client) -> None:
    job_id = api.add_job(status="IN_PROGRESS")
    api.jobs[job_id].plan = [cell(1), {"status": "COMPLETED"}]
    api.faults += [Fault("GET", f"{JOBS}/.*", drops_after=-1) for _ in range(20)]

    assert client.wait(job_id).is_completed


def test_outages_that_pass_are_not_added_up(api: FakeApi) -> None:
    job_id = api.add_job(status="IN_PROGRESS")
    api.jobs[job_id].plan = [{} for _ in range(20)] + [{"status": "COMPLETED"}]
    for _ in range(20):
        api.faults += [Fault("GET", f"{JOBS}/.*", instead=Answer(503)), Fault("GET", f"{JOBS}/.*")]

    with Client(api.url, pace=Pace(tries=1, sleep=lambda _: None)) as client:
        assert client.wait(job_id).is_completed


def test_a_lasting_outage_ends_the_wait(api: FakeApi, client: Client) -> None:
    job_id = api.add_job(status="IN_PROGRESS")
    api.faults += [Fault("GET", f"{JOBS}/.*", instead=Answer(503)) for _ in range(100)]

    with pytest.raises(ServiceError):
        client.wait(job_id)

    assert len(api.seen("GET", f"{JOBS}/.*")) == 13 * 6


def test_the_wait_for_a_job_that_is_deleted_ends(api: FakeApi, client: Client) -> None:
    with pytest.raises(NotFoundError):
        client.wait("no-such")


def test_polls_slow_down_to_five_seconds(waits: list[float], pace: Pace) -> None:
    polls = pace.polls()
    for _ in range(12):
        next(polls)

    assert waits[:2] == [1, 1.25]
    assert waits[-2:] == [5, 5]


def test_a_step_that_is_repeated_raises_what_it_carries(pace: Pace) -> None:
    def step() -> None:
        raise RepeatError(UnreachableError("gone")) from OSError("why")

    with pytest.raises(UnreachableError, match="gone") as caught:
        pace.repeat(step)

    assert isinstance(caught.value.__cause__, OSError)


def test_a_notebook_over_the_limit_is_not_uploaded(api: FakeApi, client: Client, notebook: Path) -> None:
    api.max_upload_bytes = 10

    with pytest.raises(TooLargeError, match="at most 10"):
        client.submit(notebook)

    assert api.seen("POST", "/bucket") == []


def test_an_upload_is_repeated(api: FakeApi, client: Client, notebook: Path) -> None:
    api.faults.append(Fault("POST", "/bucket", drops_after=-1))
    api.faults.append(Fault("POST", "/bucket", instead=Answer(500, b"<Error><Code>InternalError</Code>")))

    client.submit(notebook)

    assert list(api.uploads.values()) == [notebook.read_bytes()]


def test_an_upload_that_s3_refuses_makes_no_job(api: FakeApi, client: Client, notebook: Path) -> None:
    body = b"<Error><Code>EntityTooLarge</Code><Message>Too large</Message></Error>"
    api.faults.append(Fault("POST", "/bucket", instead=Answer(400, body)))

    with pytest.raises(UploadError, match="EntityTooLarge: Too large"):
        client.submit(notebook)

    assert api.jobs == {}


def test_the_log_is_read_to_its_end(api: FakeApi, client: Client) -> None:
    api.log = [f"line {number}" for number in range(5)]

    assert [event.message for event in client.logs(api.add_job())] == api.log


def test_the_log_is_followed_until_the_job_has_ended(api: FakeApi, client: Client) -> None:
    job_id = api.add_job(status="IN_PROGRESS")
    api.jobs[job_id].plan = [{}, {}, {"status": "FAILED"}]
    seen = []
    for event in client.logs(job_id, follow=True):
        seen.append(event.message)
        if len(seen) < 5:
            api.log.append(f"more {len(seen)}")

    assert seen == ["cell 1 of 3", "hello", "more 1", "more 2", "more 3", "more 4"]


def test_health_says_who_you_are(client: Client) -> None:
    health = client.health()

    assert (health.owner_id, health.arn, health.admin) == ("ann-1", "arn:aws:iam::1:user/ann", False)


def test_a_url_is_needed() -> None:
    with pytest.raises(NoUrlError, match="JUPYTER_SCHEDULER_AWS_URL"):
        Client()


@pytest.mark.parametrize(
    "url", ["abc123.execute-api.eu-central-1.amazonaws.com/v1", "https://", "ftp://x/y", "https://x:y/z"]
)
def test_what_is_not_a_url_is_refused(url: str) -> None:
    with pytest.raises(NoUrlError, match="is not a URL"):
        Client(url)


def test_the_url_may_come_from_the_environment(api: FakeApi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUPYTER_SCHEDULER_AWS_URL", f" {api.url}/scheduler/ ")
    with Client() as client:
        assert client.health().version == "0.1.0"


def test_the_region_comes_from_the_url_first(monkeypatch: pytest.MonkeyPatch) -> None:
    url = "https://abc123.execute-api.ap-south-1.amazonaws.com/v1"
    assert Client(url).region == "ap-south-1"
    assert Client(url, region="us-east-1").region == "us-east-1"
    assert Client("https://jobs.example.org/v1").region == "eu-central-1"
    monkeypatch.delenv("AWS_REGION")
    with pytest.raises(NoRegionError, match="AWS_REGION"):
        Client("https://jobs.example.org/v1")


def test_temporary_credentials_are_signed_with_their_token(api: FakeApi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "ASIATEMPORARY")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "another secret")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "session/token+==")
    with Client(api.url) as client:
        client.health()

    request = api.requests[0]
    assert request.headers["x-amz-security-token"] == "session/token+=="
    assert "x-amz-security-token" in request.headers["authorization"]


def test_a_wrong_secret_is_refused(api: FakeApi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
    with Client(api.url) as client, pytest.raises(NotAllowedError, match="does not match"):
        client.health()


def test_unknown_keys_are_explained(api: FakeApi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAUNKNOWN")
    with Client(api.url) as client, pytest.raises(NotAllowedError, match="check AWS_PROFILE"):
        client.health()


def test_missing_credentials_are_explained(api: FakeApi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    with Client(api.url) as client, pytest.raises(NoCredentialsError, match="aws sso login"):
        client.health()
    with pytest.raises(NoCredentialsError, match="nobody"):
        Client(api.url, profile="nobody")


def test_a_proxy_is_not_asked_for_this_machine(api: FakeApi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    with Client(api.url) as client:
        assert client.health().version == "0.1.0"


def test_the_first_environment_is_chosen(api: FakeApi, client: Client, notebook: Path) -> None:
    api.environments.insert(0, {**api.environments[0], "name": "r"})

    assert client.get_job(client.submit(notebook)).environment == "r"
    assert client.get_job(client.submit(notebook, environment="python")).environment == "python"
