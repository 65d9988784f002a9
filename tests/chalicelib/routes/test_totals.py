"""Totals of lists: what counts, and which lists are too long to be counted (docs/decisions/0059)."""

from typing import Any

import pytest

from tests.support.scheduler import LocalScheduler


def _page(local: LocalScheduler, query: str) -> dict[str, Any]:
    response = local.api.get(f"/scheduler/jobs?{query}")
    assert response.status == 200, response.body
    return dict(response.body)


def _fill(local: LocalScheduler, count: int) -> None:
    """Store jobs with the same name and tag."""
    local.copies(local.create(tags=["monthly"]), count - 1, lambda _: {"name": "R"})


@pytest.mark.parametrize("field", ["create_time", "name", "input_filename", "status"])
@pytest.mark.parametrize("status", ["", "&status=CREATED"])
def test_the_total_has_no_expired_jobs(local: LocalScheduler, field: str, status: str) -> None:
    old = local.create()
    local.api.patch(f"/scheduler/jobs/{old}", {"status": "STOPPED"})
    local.clock.forward(days=90)
    for _ in range(3):
        local.create()
    is_filtered = status and field in ("name", "input_filename")
    assert _page(local, f"sort_by=desc({field}){status}&max_items=1")["total_count"] == (-1 if is_filtered else 3)


@pytest.mark.parametrize(
    ("jobs", "query", "total"),
    [
        (1000, "max_items=1", 1000),
        (1002, "max_items=1", -1),
        (102, "max_items=100", 102),
        (102, "max_items=101", -1),
        (3, "max_items=1&tags=monthly", -1),
        (3, "max_items=1&name=R", -1),
        (3, "max_items=1&name=R&sort_by=asc(name)", 3),
    ],
)
def test_a_total_that_costs_too_much_is_unknown(local: LocalScheduler, jobs: int, query: str, total: int) -> None:
    _fill(local, jobs)
    local.calls.clear()
    page = _page(local, query)
    assert (page["total_count"], "next_token" in page) == (total, True)
    assert len(local.calls) <= 2


def test_a_list_that_is_too_long_is_counted_once_in_each_process(local: LocalScheduler) -> None:
    _fill(local, 1101)
    for sort, calls in (("desc(create_time)", 2), ("asc(create_time)", 1), ("asc(name)", 1)):
        local.calls.clear()
        assert _page(local, f"max_items=25&sort_by={sort}")["total_count"] == -1
        assert local.calls == ["dynamodb:Query"] * calls
    page = _page(local, "max_items=1000")
    assert _page(local, f"max_items=1000&next_token={page['next_token']}")["total_count"] == 1101
