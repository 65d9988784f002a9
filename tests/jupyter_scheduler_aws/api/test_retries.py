from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from jupyter_scheduler_aws import Client, PollingInterval, RetryPolicy
from jupyter_scheduler_aws.api.retry_policy import RetryableError
from jupyter_scheduler_aws.errors import (
    ConflictError,
    InvalidRequestError,
    NotAllowedError,
    NotFoundError,
    ServiceError,
    TooLargeError,
    TooLateError,
    TooManyRequestsError,
    UnexpectedResponseError,
    UnreachableError,
)
from jupyter_scheduler_aws.snapshots.pack import pack_notebook
from tests.jupyter_scheduler_aws.fake_api import FakeApi, cell
from tests.jupyter_scheduler_aws.fake_server import Fault, Response

JOBS = "/v1/scheduler/jobs"
DEFINITIONS = "/v1/scheduler/job_definitions"

LOST: list[Callable[[str], Fault]] = [
    lambda path: Fault("POST", path, drops_after=-1),
    lambda path: Fault("POST", path, drops_after=10),
    lambda path: Fault("POST", path, then=Response(504)),
]
"""The service executes the request, and its response is lost."""


def test_create_with_a_lost_response_creates_one_job(api: FakeApi, client: Client, notebook: Path) -> None:
    api.faults.append(Fault("POST", JOBS, then=Response.refusal(503, "Service Unavailable", "unavailable")))
    api.faults.append(Fault("POST", JOBS, drops_after=-1))

    job_id = client.submit(notebook)

    assert list(api.jobs) == [job_id]
    assert len(api.seen("POST", JOBS)) == 3
    assert len({request.body for request in api.seen("POST", JOBS)}) == 1
    assert len(api.seen("POST", "/bucket")) == 1


@pytest.mark.parametrize("fault", LOST, ids=["dropped", "cut off", "gateway"])
def test_definition_with_a_lost_response_is_created_once(
    api: FakeApi, client: Client, notebook: Path, fault: Callable[[str], Fault]
) -> None:
    api.faults += [fault(DEFINITIONS), fault(DEFINITIONS)]

    definition_id = client.schedule(notebook, cron="@daily")

    assert list(api.definitions) == [definition_id]
    assert len(api.seen("POST", DEFINITIONS)) == 3
    assert len({request.body for request in api.seen("POST", DEFINITIONS)}) == 1


@pytest.mark.parametrize("fault", LOST, ids=["dropped", "cut off", "gateway"])
def test_run_with_a_lost_response_is_created_once(api: FakeApi, client: Client, fault: Callable[[str], Fault]) -> None:
    definition_id = api.add_definition()
    path = f"{DEFINITIONS}/{definition_id}/jobs"
    api.faults += [fault(path), fault(path)]

    job_id = client.run_definition(definition_id)

    assert list(api.jobs) == [job_id]
    assert len(api.seen("POST", path)) == 3
    assert client.run_definition(definition_id) != job_id


def test_given_idempotency_token_is_sent(api: FakeApi, client: Client, notebook: Path) -> None:
    own = {"idempotency_token": "monthly-2026-11"}
    with pack_notebook(notebook) as snapshot:
        request = {"name": "Report", "input_uri": client.upload(snapshot), **own}

    [definition_id] = {client.create_definition(request) for _ in range(2)}
    [job_id] = {client.create_job_of_definition(definition_id, own) for _ in range(2)}

    assert (list(api.definitions), list(api.jobs)) == ([definition_id], [job_id])


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_gateway_errors_are_retried_with_exponential_backoff(
    api: FakeApi, client: Client, waits: list[float], status: int
) -> None:
    api.faults += [Fault("GET", JOBS, instead=Response(status, b"<html>")) for _ in range(3)]

    assert list(client.list_jobs()) == []
    assert [0.25 <= waits[0] <= 0.5, 0.5 <= waits[1] <= 1, 1 <= waits[2] <= 2] == [True] * 3


def test_retry_after_is_respected_up_to_a_limit(api: FakeApi, client: Client, waits: list[float]) -> None:
    for value in ("7", "86400", "Wed, 21 Oct 2026 07:28:00 GMT"):
        api.faults.append(Fault("GET", JOBS, instead=Response.of({}, 429, **{"retry-after": value})))

    assert list(client.list_jobs()) == []
    assert waits[:2] == [7, 120]
    assert waits[2] <= 2


def test_retries_stop_after_the_last_attempt(api: FakeApi, client: Client, waits: list[float]) -> None:
    api.faults += [Fault("GET", JOBS, instead=Response.refusal(429, "Slow down.", "too_many_requests"))] * 6

    with pytest.raises(TooManyRequestsError, match=r"Slow down\.") as caught:
        list(client.list_jobs())

    assert (caught.value.status, caught.value.code, caught.value.request_id) == (429, "too_many_requests", "req-1")
    assert len(waits) == 5


@pytest.mark.parametrize("status", [400, 403, 404, 409, 413, 500])
def test_refusals_are_not_retried(api: FakeApi, client: Client, waits: list[float], status: int) -> None:
    kinds = {
        400: InvalidRequestError,
        403: NotAllowedError,
        404: NotFoundError,
        409: ConflictError,
        413: TooLargeError,
        500: ServiceError,
    }
    api.faults.append(Fault("GET", JOBS, instead=Response.refusal(status, "No.", "no")))

    with pytest.raises(kinds[status]):
        list(client.list_jobs())

    assert waits == []


def test_dropped_connection_is_retried(api: FakeApi, client: Client) -> None:
    job_id = api.add_job()
    api.faults.append(Fault("GET", f"{JOBS}/.*", drops_after=-1))
    api.faults.append(Fault("GET", f"{JOBS}/.*", drops_after=20))

    assert client.get_job(job_id).job_id == job_id


def test_unreachable_service_is_retried(retry_policy: RetryPolicy, waits: list[float]) -> None:
    with (
        Client("http://127.0.0.1:9/v1", retry_policy=retry_policy) as client,
        pytest.raises(UnreachableError, match=r"127\.0\.0\.1:9"),
    ):
        client.health()

    assert len(waits) == 5


def test_response_timeout_is_explained(api: FakeApi, retry_policy: RetryPolicy) -> None:
    with (
        Client(api.url, retry_policy=retry_policy, timeout=timedelta(seconds=0.05)) as client,
        api.lock,
        pytest.raises(TooLateError, match="did not respond in time"),
    ):
        client.health()


@pytest.mark.parametrize("body", [b"<html>hello</html>", b'"text"', b'{"jobs": 3}', b"[]"])
def test_unexpected_response_raises(api: FakeApi, client: Client, body: bytes) -> None:
    api.faults.append(Fault("GET", JOBS, instead=Response(200, body)))

    with pytest.raises(UnexpectedResponseError):
        list(client.list_jobs())


def test_delete_with_a_lost_response_succeeds(api: FakeApi, client: Client) -> None:
    job_id = api.add_job()
    api.faults.append(Fault("DELETE", f"{JOBS}/.*", drops_after=-1))

    client.delete_jobs([job_id])

    assert api.jobs == {}
    with pytest.raises(NotFoundError):
        client.delete_jobs([job_id])


def test_delete_after_throttling_still_reports_not_found(api: FakeApi, client: Client) -> None:
    api.faults.append(Fault("DELETE", f"{JOBS}/.*", instead=Response(429)))

    with pytest.raises(NotFoundError):
        client.delete_jobs(["no-such"])


def test_wait_survives_an_outage(api: FakeApi, client: Client) -> None:
    job_id = api.add_job(status="IN_PROGRESS")
    api.jobs[job_id].plan = [cell(1), {"status": "COMPLETED"}]
    api.faults += [Fault("GET", f"{JOBS}/.*", drops_after=-1) for _ in range(20)]

    assert client.wait(job_id).is_completed


def test_wait_does_not_add_up_short_outages(api: FakeApi) -> None:
    job_id = api.add_job(status="IN_PROGRESS")
    api.jobs[job_id].plan = [{} for _ in range(20)] + [{"status": "COMPLETED"}]
    for _ in range(20):
        api.faults += [Fault("GET", f"{JOBS}/.*", instead=Response(503)), Fault("GET", f"{JOBS}/.*")]

    with Client(
        api.url,
        retry_policy=RetryPolicy(max_attempts=1, sleep=lambda _: None),
        polling_interval=PollingInterval(sleep=lambda _: None),
    ) as client:
        assert client.wait(job_id).is_completed


def test_lasting_outage_ends_the_wait(api: FakeApi, client: Client) -> None:
    job_id = api.add_job(status="IN_PROGRESS")
    api.faults += [Fault("GET", f"{JOBS}/.*", instead=Response(503)) for _ in range(100)]

    with pytest.raises(ServiceError):
        client.wait(job_id)

    assert len(api.seen("GET", f"{JOBS}/.*")) == 13 * 6


def test_polling_interval_grows_to_five_seconds(waits: list[float], polling_interval: PollingInterval) -> None:
    polls = polling_interval.polls()
    for _ in range(12):
        next(polls)

    assert waits[:2] == [1, 1.25]
    assert waits[-2:] == [5, 5]


def test_last_retry_raises_the_error_with_its_cause(retry_policy: RetryPolicy) -> None:
    def step() -> None:
        raise RetryableError(UnreachableError("gone")) from OSError("why")

    with pytest.raises(UnreachableError, match="gone") as caught:
        retry_policy.run(step)

    assert isinstance(caught.value.__cause__, OSError)


def test_upload_is_retried(api: FakeApi, client: Client, notebook: Path) -> None:
    api.faults.append(Fault("POST", "/bucket", drops_after=-1))
    api.faults.append(Fault("POST", "/bucket", instead=Response(500, b"<Error><Code>InternalError</Code>")))

    client.submit(notebook)

    assert list(api.uploads.values()) == [notebook.read_bytes()]
