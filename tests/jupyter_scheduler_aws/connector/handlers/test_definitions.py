"""Definitions: their details with runs and cost, and changes of their options."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from jupyter_scheduler_aws.connector.own_options import DEFINITION_OPTIONS
from tests.jupyter_scheduler_aws.connector.handlers.conftest import Endpoints
from tests.jupyter_scheduler_aws.fake_definitions import NEXT

DEFINITIONS, JOBS = "/v1/scheduler/job_definitions", "/v1/scheduler/jobs"
DAY = 86_400_000

CHANGES: dict[str, Any] = {
    "timeout_seconds": 60,
    "max_retries": 1,
    "retry_on_timeout": True,
    "min_retry_interval_millis": 1500,
    "notify": ["end:team", "mail:ana@example.com"],
    "overlap_policy": "skip",
    "catch_up_seconds": 0,
    "schedule_start": 1_795_413_699_000,
    "schedule_end": 1_895_413_699_000,
    "max_runs": 3,
    "job_retention_days": 4,
    "keep_last": 5,
    "pause_after_failures": 6,
    "success_within_seconds": 7200,
}


@pytest.fixture
def definition(endpoints: Endpoints) -> Iterator[str]:
    yield endpoints.api.add_definition(schedule="0 9 * * MON", timezone="Europe/Berlin")
    endpoints.api.jobs.clear()


def add_runs(endpoints: Endpoints, definition: str, count: int, **fields: Any) -> list[str]:
    now = int(time.time() * 1000)
    return [
        endpoints.api.add_job(job_definition_id=definition, **{"create_time": now, "cost": cost(0.25), **fields})
        for _ in range(count)
    ]


def cost(estimate: float, currency: str = "USD") -> dict[str, Any]:
    return {
        "vcpu_seconds": 60,
        "gib_seconds": 240,
        "estimate": estimate,
        "currency": currency,
        "prices_as_of": "2026-11",
    }


def test_a_definition_comes_with_its_runs_and_their_cost(endpoints: Endpoints, definition: str) -> None:
    runs = add_runs(endpoints, definition, 3)
    document, calls = endpoints.calls_of(f"definitions/{definition}")
    assert calls == [f"GET {DEFINITIONS}/{definition}", f"GET {JOBS}", "GET /v1/scheduler/crontab"]
    assert document["definition"] == endpoints.api.definitions[definition].document
    assert document["words"] == "At 09:00, only on Monday"
    assert document["next_run_times"] == [NEXT + day * DAY for day in range(5)]
    assert dict(endpoints.api.requests[-1].query) == {
        "schedule": "0 9 * * MON",
        "timezone": "Europe/Berlin",
        "from": str(NEXT),
    }
    assert [each["job_id"] for each in document["runs"]] == runs[::-1]
    assert document["cost"] == {
        "usd": 0.75,
        "estimate": 0.75,
        "currency": "USD",
        "days": 30,
        "jobs": 3,
        "complete": True,
    }


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"active": False}, "At 09:00, only on Monday"),
        ({"schedule": None}, None),
        ({"next_run_time": None}, "At 09:00, only on Monday"),
    ],
    ids=str,
)
def test_a_definition_that_does_not_run_has_no_next_times(
    endpoints: Endpoints, definition: str, fields: dict[str, Any], words: str | None
) -> None:
    endpoints.api.definitions[definition].change(fields)
    document, calls = endpoints.calls_of(f"definitions/{definition}")
    assert calls == [f"GET {DEFINITIONS}/{definition}", f"GET {JOBS}"]
    assert (document["words"], document["next_run_times"], document["runs"]) == (words, [], [])
    assert document["cost"] == {
        "usd": 0,
        "estimate": 0,
        "currency": None,
        "days": 30,
        "jobs": 0,
        "complete": True,
    }


@pytest.mark.parametrize(
    ("fields", "left"),
    [
        ({"schedule_end": NEXT + DAY}, 2),
        ({"max_runs": 5, "run_count": 4}, 1),
        ({"max_runs": 50, "run_count": 4}, 5),
        ({"max_runs": 3, "run_count": 4}, 0),
    ],
    ids=str,
)
def test_next_times_stop_where_the_schedule_does(
    endpoints: Endpoints, definition: str, fields: dict[str, Any], left: int
) -> None:
    endpoints.api.definitions[definition].change(fields)
    document = endpoints.get(f"definitions/{definition}")
    assert document["next_run_times"] == [NEXT + day * DAY for day in range(left)]


def test_only_the_newest_runs_are_returned_and_only_recent_ones_cost(endpoints: Endpoints, definition: str) -> None:
    add_runs(endpoints, definition, 5, create_time=int(time.time() * 1000) - 31 * DAY)
    add_runs(endpoints, definition, 2, cost=None)
    runs = add_runs(endpoints, definition, 33)
    document = endpoints.get(f"definitions/{definition}")
    assert [each["job_id"] for each in document["runs"]] == runs[:2:-1]
    assert (document["cost"]["usd"], document["cost"]["jobs"], document["cost"]["complete"]) == (8.25, 35, True)


@pytest.mark.parametrize(("count", "pages", "complete"), [(10, 3, True), (12, 3, True), (13, 3, False)])
def test_a_bounded_number_of_pages_is_read(
    endpoints: Endpoints, definition: str, monkeypatch: pytest.MonkeyPatch, count: int, pages: int, *, complete: bool
) -> None:
    add_runs(endpoints, definition, count)
    monkeypatch.setattr(endpoints.api, "page_size", 4)
    document, calls = endpoints.calls_of(f"definitions/{definition}")
    assert calls.count(f"GET {JOBS}") == pages
    assert (document["cost"]["jobs"], document["cost"]["complete"]) == (min(count, 12), complete)


def test_older_pages_are_not_read(endpoints: Endpoints, definition: str, monkeypatch: pytest.MonkeyPatch) -> None:
    add_runs(endpoints, definition, 8, create_time=int(time.time() * 1000) - 31 * DAY)
    add_runs(endpoints, definition, 2)
    monkeypatch.setattr(endpoints.api, "page_size", 4)
    document, calls = endpoints.calls_of(f"definitions/{definition}")
    assert calls.count(f"GET {JOBS}") == 1
    assert (document["cost"]["jobs"], document["cost"]["complete"]) == (2, True)


@pytest.mark.parametrize(
    ("currencies", "expected"),
    [(["EUR", "EUR"], (None, 0.5, "EUR")), (["EUR", "USD"], (None, None, None)), (["USD"], (0.25, 0.25, "USD"))],
    ids=str,
)
def test_costs_are_added_in_one_currency(
    endpoints: Endpoints, definition: str, currencies: list[str], expected: tuple[Any, ...]
) -> None:
    for currency in currencies:
        add_runs(endpoints, definition, 1, cost=cost(0.25, currency))
    found = endpoints.get(f"definitions/{definition}")["cost"]
    assert (found["usd"], found["estimate"], found["currency"]) == expected


def test_every_option_can_be_changed_here() -> None:
    assert CHANGES.keys() == set(DEFINITION_OPTIONS)


@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.parametrize("is_default", [False, True])
def test_an_option_is_changed_and_becomes_the_default_again(
    endpoints: Endpoints, definition: str, name: str, *, is_default: bool
) -> None:
    value = None if is_default else CHANGES[name]
    before = len(endpoints.api.requests)
    response = endpoints.request("PATCH", f"definitions/{definition}", {"options": {name: value}})
    assert (response.status_code, response.content) == (204, b"")
    [request] = endpoints.api.requests[before:]
    assert (request.method, request.path) == ("PATCH", f"{DEFINITIONS}/{definition}")
    assert request.document == {name: value}


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"options": {"max_runs": 1, "colour": "red"}}, "'colour' is not an option"),
        ({"options": {"name": "x"}}, "'name' is not an option"),
        ({"options": {}}, "changes nothing"),
        ({"options": [1]}, "changes nothing"),
        ({"max_runs": 1}, "changes nothing"),
        ([], "changes nothing"),
        (None, "changes nothing"),
    ],
    ids=str,
)
def test_what_is_no_option_is_refused(endpoints: Endpoints, definition: str, body: Any, says: str) -> None:
    before = len(endpoints.api.requests)
    response = endpoints.request("PATCH", f"definitions/{definition}", body)
    assert (response.status_code, says in response.json()["message"]) == (400, True)
    assert len(endpoints.api.requests) == before


def test_a_body_that_is_not_json_is_refused(endpoints: Endpoints, definition: str) -> None:
    url = f"/jupyter-scheduler-aws/definitions/{definition}"
    response = endpoints.server.http.request("PATCH", url, content=b"{")
    assert response.status_code == 400
