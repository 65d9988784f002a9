from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from jupyter_scheduler_aws import Client, Definition, OverlapPolicy, RetryPolicy
from jupyter_scheduler_aws.api.request_fields import is_random_token
from jupyter_scheduler_aws.errors import (
    ConfigurationError,
    InvalidRequestError,
    NotFoundError,
    UnexpectedResponseError,
)
from tests.jupyter_scheduler_aws.fake_api import FakeApi
from tests.jupyter_scheduler_aws.fake_server import Fault, Response

DEFINITIONS = "/v1/scheduler/job_definitions"
START = datetime(2026, 12, 1, tzinfo=UTC)


def test_every_option_reaches_the_service(api: FakeApi, client: Client, notebook: Path) -> None:
    (notebook.parent / "data.csv").write_text("x")

    definition_id = client.schedule(
        notebook,
        cron="0 9 * * MON",
        folder=True,
        timezone="Europe/Berlin",
        name="Weekly",
        compute_type="large",
        parameters={"year": 1970},
        tags=["co2"],
        timeout=timedelta(hours=2),
        max_retries=1,
        overlap_policy=OverlapPolicy.SKIP,
        catch_up=timedelta(0),
        start=START,
        end=START + timedelta(days=1),
        max_runs=3,
        job_retention=timedelta(days=30),
        active=False,
    )

    [request] = api.seen("POST", DEFINITIONS)
    sent = request.document
    assert sent.pop("input_uri").startswith("upload:")
    assert is_random_token(sent.pop("idempotency_token"))
    assert sent == {
        "input_filename": "report.ipynb",
        "package_input_folder": True,
        "runtime_environment_name": "python",
        "schedule": "0 9 * * MON",
        "timezone": "Europe/Berlin",
        "name": "Weekly",
        "compute_type": "large",
        "parameters": {"year": "1970"},
        "output_formats": ["ipynb", "html"],
        "tags": ["co2"],
        "timeout_seconds": 7200,
        "max_retries": 1,
        "overlap_policy": "skip",
        "catch_up_seconds": 0,
        "schedule_start": 1_796_083_200_000,
        "schedule_end": 1_796_169_600_000,
        "max_runs": 3,
        "job_retention_days": 30,
        "active": False,
    }
    definition = client.get_definition(definition_id)
    assert (definition.state, definition.catch_up, definition.job_retention) == ("paused", timedelta(), timedelta(30))
    assert (definition.start, definition.parameters, definition.tags) == (START, {"year": "1970"}, ("co2",))
    assert api.definitions[definition_id].snapshot.startswith(b"PK")


def test_options_that_are_not_set_are_not_sent(api: FakeApi, client: Client, notebook: Path) -> None:
    client.schedule(notebook, cron=None, tags=None, start=None)

    [request] = api.seen("POST", DEFINITIONS)
    assert set(request.document) == {
        *("name", "output_formats", "runtime_environment_name", "input_uri", "input_filename", "package_input_folder"),
        "idempotency_token",
    }
    assert request.document["name"] == "report"


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"start": datetime(2026, 12, 1)}, "start: .* has no time zone"),  # noqa: DTZ001 - the point
        ({"job_retention": timedelta(hours=36)}, "job_retention: .* whole days"),
    ],
)
def test_invalid_options_are_refused_before_any_request(
    api: FakeApi, client: Client, notebook: Path, options: dict[str, object], named: str
) -> None:
    with pytest.raises(ValueError, match=named):
        client.schedule(notebook, cron="@daily", **options)  # type: ignore[arg-type]

    assert api.requests == []


@pytest.mark.parametrize(
    ("fields", "state"),
    [
        ({"schedule": "@daily"}, "active"),
        ({"schedule": "@daily", "active": False}, "paused"),
        ({"schedule": "@daily", "next_run_time": None}, "ended"),
        ({}, "unscheduled"),
    ],
)
def test_state_of_a_definition(api: FakeApi, client: Client, fields: dict[str, Any], state: str) -> None:
    definition_id = api.add_definition(**fields)

    assert client.get_definition(definition_id).state == state
    assert [definition.state for definition in client.list_definitions()] == [state]


def test_lists_follow_the_pagination(api: FakeApi, client: Client) -> None:
    ids = [api.add_definition(f"Report {number}") for number in range(5)]
    api.add_definition("other")

    found = list(client.list_definitions(name="Report", tags=["a b"]))

    assert [definition.definition_id for definition in found] == ids[::-1]
    assert len(api.seen("GET", DEFINITIONS)) == 3
    assert api.seen("GET", DEFINITIONS)[-1].query[:2] == [("name", "Report"), ("tags", "a b")]


def test_edit_sends_only_the_changes(api: FakeApi, client: Client) -> None:
    definition_id = api.add_definition(schedule="@daily", parameters={"year": "1970", "place": "x"})

    client.update_definition(definition_id, cron="@weekly", parameters={"year": 1980})

    [request] = api.seen("PATCH", ".*")
    assert request.document == {"schedule": "@weekly", "parameters": {"year": "1980", "place": "x"}}


@pytest.mark.parametrize("with_folder", [True, False])
def test_new_snapshot_has_the_kind_of_the_definition(
    api: FakeApi, client: Client, notebook: Path, with_folder: bool
) -> None:
    definition_id = api.add_definition(package_input_folder=with_folder)
    notebook = notebook.rename(notebook.with_name("newer.ipynb"))

    client.update_definition(definition_id, notebook=notebook)

    definition = api.definitions[definition_id]
    assert definition.snapshot.startswith(b"PK" if with_folder else b"{")
    assert definition.document["input_filename"] == "newer.ipynb"


def test_pause_and_resume(api: FakeApi, client: Client) -> None:
    definition_id = api.add_definition(schedule="@daily")

    client.pause_definition(definition_id)
    assert api.definitions[definition_id].document["active"] is False
    client.resume_definition(definition_id)
    assert api.definitions[definition_id].document["active"] is True


def test_run_merges_parameters_with_the_definition(api: FakeApi, client: Client) -> None:
    definition_id = api.add_definition(parameters={"year": "1970", "place": "x"})

    plain = client.run_definition(definition_id)
    other = client.run_definition(definition_id, parameters={"year": 1980})

    assert client.get_job(plain).parameters == {"year": "1970", "place": "x"}
    assert client.get_job(other).parameters == {"year": "1980", "place": "x"}
    assert [job.job_id for job in client.list_jobs(job_definition_id=definition_id)] == [other, plain]


def test_definition_delete_with_a_lost_response_succeeds(api: FakeApi, client: Client) -> None:
    definition_id = api.add_definition()
    api.faults.append(Fault("DELETE", f"{DEFINITIONS}/.*", drops_after=-1))

    client.delete_definition(definition_id)

    assert api.definitions == {}
    with pytest.raises(NotFoundError, match="There is no job definition"):
        client.delete_definition(definition_id)


def test_crontab_is_explained(client: Client) -> None:
    explanation = client.explain_crontab("0 9 1 * MON", timezone="Asia/Tokyo")

    assert (explanation.schedule, explanation.timezone) == ("0 9 1 * MON", "Asia/Tokyo")
    assert len(explanation.eventbridge_expressions) == 2
    assert explanation.next_run_times[0] == datetime(2026, 11, 24, 8, tzinfo=UTC)


def test_response_with_missing_fields_raises(api: FakeApi, client: Client) -> None:
    definition_id = api.add_definition()
    api.faults.append(Fault("GET", f"{DEFINITIONS}/.*", instead=Response.of({"job_definition_id": "x"})))

    with pytest.raises(UnexpectedResponseError, match=r"TypeError: .* missing .*'name'"):
        client.get_definition(definition_id)


def test_refusals_of_the_service_are_raised(client: Client, notebook: Path) -> None:
    with pytest.raises(InvalidRequestError, match="minute 61"):
        client.schedule(notebook, cron="61 * * * *")


LOOKS: list[Callable[[Client, str], object]] = [
    lambda client, _: list(client.list_definitions()),
    lambda client, id_: client.get_definition(id_),
    lambda client, id_: client.pause_definition(id_),
    lambda client, id_: client.run_definition(id_),
    lambda client, _: list(client.list_jobs(name="a b")),
]


@pytest.mark.parametrize("look", LOOKS)
def test_owner_of_an_admins_client_is_in_every_request(
    api: FakeApi, retry_policy: RetryPolicy, look: Callable[[Client, str], object]
) -> None:
    definition_id = api.add_definition()
    with Client(api.url, owner_id="ben 2", retry_policy=retry_policy) as client:
        look(client, definition_id)

    assert [("owner_id", "ben 2") in request.query for request in api.requests] == [True]


def test_nothing_is_created_for_somebody_else(api: FakeApi, retry_policy: RetryPolicy, notebook: Path) -> None:
    with Client(api.url, owner_id="ben-2", retry_policy=retry_policy) as client:
        with pytest.raises(ConfigurationError, match="not for the owner ben-2"):
            client.submit(notebook)
        with pytest.raises(ConfigurationError, match="not for the owner ben-2"):
            client.schedule(notebook, cron="@daily")

    assert api.requests == []


def test_requests_have_no_owner_by_default(api: FakeApi, client: Client) -> None:
    list(client.list_definitions())

    assert [name for name, _ in api.requests[0].query] == ["max_items"]


def test_definition_of_a_newer_service_is_read(api: FakeApi) -> None:
    document = api.definitions[api.add_definition(overlap_policy="queue")].document

    assert Definition.from_document({**document, "news": 1}).overlap_policy == "queue"
