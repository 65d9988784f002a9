"""Idempotency tokens: the same request returns the same job, another one is rejected, and no copy is left behind."""

from typing import Any

import pytest

from tests.support.faults import Meanwhile, Resent
from tests.support.scheduler import BOB, LocalScheduler, notebook

_TOKEN: dict[str, Any] = {"idempotency_token": "monthly-2026-11"}


def test_the_same_request_gives_the_same_job_though_it_is_uploaded_again(local: LocalScheduler) -> None:
    first = local.create(notebook("a"), **_TOKEN, parameters={"n": 1}, tags=["x"])
    local.clock.forward(hours=1)
    again = local.create(notebook("a"), **_TOKEN, parameters={"n": 1}, tags=["x"])
    assert again == first
    assert len(local.items()) == 1
    assert local.objects("jobs/") == [f"jobs/{local.owner_id()}/{first}/input.ipynb"]
    assert local.job(first)["idempotency_token"] == "monthly-2026-11"


def test_the_same_upload_may_be_named_again(local: LocalScheduler) -> None:
    uri = local.upload(notebook())
    assert local.create(input_uri=uri, **_TOKEN) == local.create(input_uri=uri, **_TOKEN)


@pytest.mark.parametrize(
    "change",
    [
        {"name": "Other"},
        {"content": notebook("b")},
        {"parameters": {"n": 2}},
        {"tags": ["y"]},
        {"compute_type": "large"},
        {"output_formats": ["html"]},
        {"max_retries": 1},
    ],
    ids=lambda change: next(iter(change)),
)
def test_another_request_with_the_token_is_refused(local: LocalScheduler, change: dict[str, Any]) -> None:
    first = local.create(notebook("a"), **_TOKEN, parameters={"n": 1})
    response = local.post_job(**{"content": notebook("a"), "parameters": {"n": 1}, **_TOKEN, **change})
    assert (response.status, response.body["code"]) == (409, "idempotency_token_reused")
    assert "monthly-2026-11" in response.body["message"]
    assert [each["job_id"]["S"] for each in local.items()] == [first]
    assert len(local.objects("jobs/")) == 1


def test_a_token_is_its_owners_own(local: LocalScheduler) -> None:
    bob = local.api.as_user(BOB)
    assert local.create(**_TOKEN) != local.create(api=bob, **_TOKEN)
    assert len(local.items()) == 2


def test_without_a_token_each_request_is_a_job(local: LocalScheduler) -> None:
    uri = local.upload(notebook())
    assert local.create(input_uri=uri) != local.create(input_uri=uri)


def test_two_at_once_make_one_job(local: LocalScheduler) -> None:
    others: list[str] = []
    overtake = Meanwhile("dynamodb:TransactWriteItems", lambda: others.append(local.create(**_TOKEN)))
    local.hub.listeners.append(overtake)
    assert [local.create(**_TOKEN)] == others
    assert len(local.items()) == 1
    assert len(local.objects("jobs/")) == 1


def test_a_token_is_forgotten_after_a_week(local: LocalScheduler) -> None:
    first = local.create(**_TOKEN)
    local.clock.forward(days=7, seconds=-1)
    assert local.create(**_TOKEN) == first
    local.clock.forward(seconds=2)
    assert local.create(**_TOKEN) != first
    assert len(local.items()) == 2


def test_the_token_of_a_deleted_job_says_so_and_creates_nothing(local: LocalScheduler) -> None:
    """The request may be a late repetition of the first one: a second job would run what somebody has deleted."""
    first = local.create(**_TOKEN)
    local.api.delete(f"/scheduler/jobs/{first}")
    response = local.post_job(**_TOKEN)
    assert (response.status, response.body["code"]) == (409, "idempotency_token_reused")
    assert f"has created {first}, which was deleted since. Choose another token" in response.body["message"]
    assert local.items() == []
    assert local.objects("jobs/") == [f"jobs/{local.owner_id()}/{first}/input.ipynb"]  # until its cleanup
    assert local.post_job(idempotency_token="another").status == 200


@pytest.mark.parametrize("fields", [{}, _TOKEN], ids=["without token", "with token"])
def test_a_write_that_botocore_repeats_creates_one_complete_job(local: LocalScheduler, fields: dict[str, Any]) -> None:
    call = "dynamodb:TransactWriteItems" if fields else "dynamodb:PutItem"
    local.hub.listeners.append(fault := Resent(call))
    job_id = local.create(**fields)
    assert fault.has_happened
    assert len(local.items()) == 1
    assert local.objects("jobs/") == [f"jobs/{local.owner_id()}/{job_id}/input.ipynb"]
