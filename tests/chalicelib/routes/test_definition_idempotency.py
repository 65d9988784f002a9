"""Idempotency tokens of definitions and their runs: they work like those of jobs, and are separate from them."""

from typing import Any

import pytest

from tests.support.definitions import Definitions
from tests.support.faults import Killed, KilledAfter, Meanwhile, Resent
from tests.support.scheduler import BOB, LocalScheduler, notebook

_PATH = "/scheduler/job_definitions"
_TOKEN: dict[str, Any] = {"idempotency_token": "monthly-2026-11"}


def _snapshots(local: LocalScheduler) -> list[str]:
    """Return the definitions that have snapshots."""
    return [key.split("/")[2] for key in local.objects("definitions/")]


def test_the_same_request_gives_the_same_definition_though_it_is_uploaded_again(
    local: LocalScheduler, made: Definitions
) -> None:
    first = made.create(notebook("a"), **_TOKEN, parameters={"n": 1}, max_runs=3)
    schedules = made.schedules()
    local.clock.forward(hours=1)
    assert made.create(notebook("a"), **_TOKEN, parameters={"n": 1}, max_runs=3) == first
    assert len(local.items("definitions")) == 1
    assert _snapshots(local) == [first]
    assert made.schedules() == schedules


def test_a_concurrently_edited_definition_is_not_overwritten(local: LocalScheduler, made: Definitions) -> None:
    first = made.create(**_TOKEN)
    made.patch(first, schedule="30 2 * * 0", input_uri=local.upload(notebook("new")))
    described, schedules = made.described(first), made.schedules()
    assert made.create(**_TOKEN) == first
    assert (made.described(first), made.schedules()) == (described, schedules)


@pytest.mark.parametrize(
    "change",
    [
        {"name": "Other"},
        {"content": notebook("b")},
        {"parameters": {"n": 2}},
        {"schedule": "30 2 * * 0"},
        {"timezone": "Asia/Kathmandu"},
        {"active": False},
        {"overlap_policy": "skip"},
        {"catch_up_seconds": 0},
        {"schedule_start": 1_800_000_000_000},
        {"max_runs": 1},
        {"job_retention_days": 1},
    ],
    ids=lambda change: next(iter(change)),
)
def test_another_definition_with_the_token_is_refused(
    local: LocalScheduler, made: Definitions, change: dict[str, Any]
) -> None:
    first = made.create(notebook("a"), **_TOKEN, parameters={"n": 1})
    response = made.post(**{"content": notebook("a"), "parameters": {"n": 1}, **_TOKEN, **change})
    assert (response.status, response.body["code"]) == (409, "idempotency_token_reused")
    assert "monthly-2026-11" in response.body["message"]
    assert [each["definition_id"]["S"] for each in local.items("definitions")] == [first]
    assert _snapshots(local) == [first]


def test_a_run_with_the_same_token_is_the_same_job(local: LocalScheduler, made: Definitions) -> None:
    definition_id = made.create()
    first = made.run_now(definition_id, **_TOKEN, parameters={"n": "1", "m": "2"})
    made.patch(definition_id, input_uri=local.upload(notebook("new")))
    wake_ups = local.wake_ups()
    assert made.run_now(definition_id, **_TOKEN, parameters={"m": "2", "n": "1"}) == first
    assert len(local.items()) == 1
    assert local.objects("jobs/") == [f"jobs/{local.owner_id()}/{first}/input.ipynb"]
    assert local.wake_ups() == wake_ups


@pytest.mark.parametrize("parameters", [{"n": "2"}, {}, None])
def test_a_run_with_other_parameters_and_the_token_is_refused(
    local: LocalScheduler, made: Definitions, parameters: Any
) -> None:
    definition_id = made.create(parameters={"n": "1"})
    first = made.run_now(definition_id, **_TOKEN, parameters={"n": "1"})
    response = local.api.post(f"{_PATH}/{definition_id}/jobs", {**_TOKEN, "parameters": parameters})
    assert (response.status, response.body["code"]) == (409, "idempotency_token_reused")
    assert [each["job_id"]["S"] for each in local.items()] == [first]
    assert len(local.objects("jobs/")) == 1


def test_a_run_of_another_definition_with_the_token_is_refused(local: LocalScheduler, made: Definitions) -> None:
    one, other = made.create(), made.create()
    made.run_now(one, **_TOKEN)
    response = local.api.post(f"{_PATH}/{other}/jobs", _TOKEN)
    assert (response.status, response.body["code"]) == (409, "idempotency_token_reused")


def test_jobs_definitions_and_runs_have_tokens_of_their_own(local: LocalScheduler, made: Definitions) -> None:
    job_id, definition_id = local.create(**_TOKEN), made.create(**_TOKEN)
    run_id = made.run_now(definition_id, **_TOKEN)
    assert len({job_id, definition_id, run_id}) == 3
    assert (local.create(**_TOKEN), made.create(**_TOKEN)) == (job_id, definition_id)
    assert made.run_now(definition_id, **_TOKEN) == run_id
    assert (len(local.items()), len(local.items("definitions"))) == (2, 1)


def test_a_token_is_its_owners_own(local: LocalScheduler, made: Definitions) -> None:
    bob = local.api.as_user(BOB)
    first, other = made.create(**_TOKEN), made.create(api=bob, **_TOKEN)
    assert first != other
    made.run_now(first, **_TOKEN)
    assert bob.post(f"{_PATH}/{other}/jobs", _TOKEN).status == 200
    assert len(local.items()) == 2


def test_without_a_token_each_request_creates_a_definition(local: LocalScheduler, made: Definitions) -> None:
    uri = local.upload(notebook())
    first = made.create(input_uri=uri)
    assert made.create(input_uri=uri, idempotency_token=None) != first
    assert made.run_now(first) != made.run_now(first, idempotency_token=None)
    assert local.items("marks") == []


@pytest.mark.parametrize("token", ["", "x" * 201, 7])
def test_texts_that_are_not_tokens_are_rejected(local: LocalScheduler, made: Definitions, token: Any) -> None:
    definition_id = made.create()
    run = local.api.post(f"{_PATH}/{definition_id}/jobs", {"idempotency_token": token})
    for response in (made.post(idempotency_token=token), run):
        assert (response.status, response.body["reason"]) == (400, "idempotency_token")


def test_two_at_once_make_one_definition(local: LocalScheduler, made: Definitions) -> None:
    others: list[str] = []
    overtake = Meanwhile("dynamodb:TransactWriteItems", lambda: others.append(made.create(**_TOKEN)))
    local.hub.listeners.append(overtake)
    assert [made.create(**_TOKEN)] == others
    assert _snapshots(local) == others
    assert list(made.schedules()) == [f"{others[0]}-0"]


def test_two_at_once_make_one_run(local: LocalScheduler, made: Definitions) -> None:
    others: list[str] = []
    definition_id = made.create()
    overtake = Meanwhile("dynamodb:TransactWriteItems", lambda: others.append(made.run_now(definition_id, **_TOKEN)))
    local.hub.listeners.append(overtake)
    assert [made.run_now(definition_id, **_TOKEN)] == others
    assert len(local.objects("jobs/")) == 1


def test_the_schedules_that_the_first_could_not_write_are_written(local: LocalScheduler, made: Definitions) -> None:
    local.hub.listeners.append(KilledAfter("dynamodb:TransactWriteItems"))
    with pytest.raises(Killed):
        made.post(**_TOKEN)
    local.hub.listeners.clear()
    assert made.schedules() == {}
    first = made.create(**_TOKEN)
    assert made.stored(first).is_synced
    assert list(made.schedules()) == [f"{first}-0"]


def test_a_token_is_forgotten_after_a_week(local: LocalScheduler, made: Definitions) -> None:
    definition_id = made.create(**_TOKEN)
    job_id = made.run_now(definition_id, **_TOKEN)
    local.clock.forward(days=7, seconds=-1)
    assert (made.create(**_TOKEN), made.run_now(definition_id, **_TOKEN)) == (definition_id, job_id)
    local.clock.forward(seconds=2)
    assert made.create(**_TOKEN) != definition_id
    assert made.run_now(definition_id, **_TOKEN) != job_id


def test_the_token_of_a_deleted_definition_is_refused(local: LocalScheduler, made: Definitions) -> None:
    made.follow_streams()
    first = made.create(**_TOKEN)
    made.delete(first)
    assert made.clean_up() == []
    response = made.post(**_TOKEN)
    assert (response.status, response.body["code"]) == (409, "idempotency_token_reused")
    assert f"has created {first}, which was deleted since. Choose another token" in response.body["message"]
    assert made.leftovers() == {}


def test_the_token_of_a_deleted_run_is_refused(local: LocalScheduler, made: Definitions) -> None:
    made.follow_streams()
    definition_id = made.create()
    first = made.run_now(definition_id, **_TOKEN)
    local.api.delete(f"/scheduler/jobs/{first}")
    response = local.api.post(f"{_PATH}/{definition_id}/jobs", _TOKEN)
    assert (response.status, response.body["code"]) == (409, "idempotency_token_reused")
    made.delete(definition_id)
    assert made.clean_up() == []
    assert local.api.post(f"{_PATH}/{definition_id}/jobs", _TOKEN).status == 409
    assert made.leftovers() == {}


@pytest.mark.parametrize(
    ("token", "days", "expected"),
    [
        ("never used", 0, (404, "not_found")),
        ("used", 8, (404, "not_found")),
        ("used", 0, (409, "idempotency_token_reused")),
    ],
)
def test_a_token_creates_nothing_from_a_deleted_definition(
    local: LocalScheduler, made: Definitions, token: str, days: int, expected: tuple[int, str]
) -> None:
    definition_id = made.create()
    made.run_now(definition_id, idempotency_token="used", parameters={"n": "1"})
    made.delete(definition_id)
    local.clock.forward(days=days)
    response = local.api.post(f"{_PATH}/{definition_id}/jobs", {"idempotency_token": token})
    assert (response.status, response.body["code"]) == expected


@pytest.mark.parametrize("fields", [{}, _TOKEN], ids=["without token", "with token"])
def test_a_write_that_botocore_repeats_creates_one_complete_definition(
    local: LocalScheduler, made: Definitions, fields: dict[str, Any]
) -> None:
    local.hub.listeners.append(fault := Resent("dynamodb:TransactWriteItems" if fields else "dynamodb:PutItem"))
    definition_id = made.create(**fields)
    job_id = made.run_now(definition_id, **fields)
    assert fault.has_happened
    assert _snapshots(local) == [definition_id]
    assert list(made.schedules()) == [f"{definition_id}-0"]
    assert [each["job_id"]["S"] for each in local.items()] == [job_id]
