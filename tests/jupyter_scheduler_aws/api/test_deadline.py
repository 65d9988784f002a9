"""One deadline over all tries of a request."""

import threading

import pytest

from jupyter_scheduler_aws import Client, RetryPolicy
from jupyter_scheduler_aws.api.deadline import deadline, remaining_seconds
from jupyter_scheduler_aws.errors import ServiceError, TooLateError, TooManyRequestsError
from tests.jupyter_scheduler_aws.fake_api import FakeApi
from tests.jupyter_scheduler_aws.fake_server import Fault, Response

JOBS = "/v1/scheduler/jobs"


def test_without_a_deadline_nothing_is_bounded() -> None:
    assert remaining_seconds() is None
    with deadline(60):
        assert remaining_seconds() is not None
    assert remaining_seconds() is None


def test_the_earlier_deadline_stays() -> None:
    with deadline(5), deadline(60):
        remaining = remaining_seconds()
        assert remaining is not None
        assert remaining <= 5
    with deadline(60), deadline(0):
        assert remaining_seconds() == 0


def test_a_deadline_is_of_its_thread() -> None:
    found: list[float | None] = []
    with deadline(60):
        thread = threading.Thread(target=lambda: found.append(remaining_seconds()))
        thread.start()
        thread.join()
    assert found == [None]


def test_a_hanging_request_ends_with_the_deadline(api: FakeApi, client: Client) -> None:
    with api.held(JOBS) as responded, deadline(0.3), pytest.raises(TooLateError, match="did not respond in time"):
        next(client.list_jobs())
    assert len(api.seen("GET", JOBS)) == 1
    assert responded.is_set(), "only the end of the block lets the response go"


def test_no_try_starts_after_the_deadline(api: FakeApi, client: Client) -> None:
    with deadline(0), pytest.raises(TooLateError, match="did not respond in time"):
        next(client.list_jobs())
    assert api.seen("GET", JOBS) == []


@pytest.mark.parametrize(("retry_after", "requests"), [("0", 3), ("8", 3), ("9", 1), ("30", 1)])
def test_no_wait_goes_beyond_the_deadline(
    api: FakeApi, client: Client, waits: list[float], retry_after: str, requests: int
) -> None:
    """The last error is raised instead. The clock of this test stands still while it waits."""
    busy = Response.of({"message": "Busy."}, 429, **{"retry-after": retry_after})
    api.faults += [Fault("GET", JOBS, instead=busy) for _ in range(2)]
    with deadline(8.9):
        if requests == 1:
            with pytest.raises(TooManyRequestsError):
                next(client.list_jobs())
        else:
            assert list(client.list_jobs()) == []
    assert len(api.seen("GET", JOBS)) == requests
    assert waits == [float(retry_after)] * (requests - 1)


def test_a_fault_of_a_gateway_within_the_deadline_is_still_retried(api: FakeApi, client: Client) -> None:
    api.faults += [Fault("GET", JOBS, instead=Response(503)) for _ in range(2)]
    with deadline(60):
        assert list(client.list_jobs()) == []


def test_the_last_error_is_raised(api: FakeApi) -> None:
    api.faults += [Fault("GET", JOBS, instead=Response.of({"message": "It failed."}, 503)) for _ in range(2)]
    policy = RetryPolicy(first_delay_seconds=600, max_delay_seconds=600)
    with Client(api.url, retry_policy=policy) as client, deadline(60), pytest.raises(ServiceError, match="It failed"):
        next(client.list_jobs())
    assert len(api.seen("GET", JOBS)) == 1
