"""The total of a list: exact if it costs at most one more Query, else unknown."""

from typing import Any

import pytest

from tests.support.scheduler import LocalScheduler

_SORTS = ["name", "input_filename", "create_time", "status"]


def _get(local: LocalScheduler, query: str = "") -> dict[str, Any]:
    response = local.api.get(f"/scheduler/jobs?{query}")
    assert response.status == 200, response.body
    return dict(response.body)


def _copies(local: LocalScheduler, job_id: str, count: int, *, tags: bool = False) -> None:
    """Add later jobs, without tags unless they are to be kept."""
    table = local.client("dynamodb")
    key = {"owner_id": {"S": local.owner_id()}, "job_id": {"S": job_id}}
    item = table.get_item(TableName="jobs", Key=key)["Item"]
    if not tags:
        del item["spec"]["M"]["tags"]
    rows = [{**item, "job_id": {"S": f"f{i:07x}-0000"}} for i in range(count)]
    for start in range(0, count, 25):
        batch = [{"PutRequest": {"Item": row}} for row in rows[start : start + 25]]
        table.batch_write_item(RequestItems={"jobs": batch})


@pytest.mark.parametrize("query", ["", *(f"sort_by=desc({field})&" for field in _SORTS), "status=CREATED&"])
def test_the_total_has_no_expired_jobs(local: LocalScheduler, query: str) -> None:
    old = local.create()
    local.api.patch(f"/scheduler/jobs/{old}", {"status": "STOPPED"})
    local.clock.forward(days=90)
    for _ in range(3):
        local.create()
    assert _get(local, f"{query}max_items=1")["total_count"] == 3


@pytest.mark.parametrize(
    ("further", "query", "total"),
    [
        (999, "", 1000),
        (1001, "", -1),
        (101, "max_items=100", 102),
        (101, "max_items=101", -1),
        (2, "tags=monthly", -1),
        (2, "name=R", -1),
    ],
)
def test_a_total_that_costs_too_much_is_unknown(local: LocalScheduler, further: int, query: str, total: int) -> None:
    _copies(local, local.create(tags=["monthly"]), further, tags=True)
    local.calls.clear()
    page = _get(local, f"max_items=1&{query}" if "max_items" not in query else query)
    assert (page["total_count"], "next_token" in page) == (total, True)
    assert len(local.calls) <= 2


def test_a_list_that_is_too_long_is_counted_once_in_each_process(local: LocalScheduler) -> None:
    _copies(local, local.create(), 1100, tags=True)
    for sort, calls in (("desc(create_time)", 2), ("asc(create_time)", 1), ("asc(name)", 1)):
        local.calls.clear()
        assert _get(local, f"max_items=25&sort_by={sort}")["total_count"] == -1
        assert local.calls == ["dynamodb:Query"] * calls
    page = _get(local, "max_items=100")
    while "next_token" in page:
        page = _get(local, f"max_items=100&next_token={page['next_token']}")
    assert page["total_count"] == 1101
