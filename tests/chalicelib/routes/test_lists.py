"""Lists: order, pagination, filters, totals, and the fields of a row."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest

from chalicelib.domain.job import JobStatus
from tests.support.scheduler import LocalScheduler, notebook

_SORTS = ["name", "input_filename", "create_time", "status"]


def _get(local: LocalScheduler, query: str = "") -> dict[str, Any]:
    response = local.api.get(f"/scheduler/jobs?{query}")
    assert response.status == 200, response.body
    return dict(response.body)


def _ids(page: dict[str, Any]) -> list[str]:
    return [each["job_id"] for each in page["jobs"]]


def _pages(local: LocalScheduler, query: str) -> Iterator[dict[str, Any]]:
    page = _get(local, query)
    yield page
    while "next_token" in page:
        page = _get(local, f"{query}&next_token={page['next_token']}")
        yield page


def _fill(local: LocalScheduler, count: int) -> list[str]:
    """Store jobs with many ties, a millisecond apart, with different statuses."""
    original = local.create()
    made = local.copies(original, count, _change)
    local.api.delete(f"/scheduler/jobs/{original}")
    return made


def _change(i: int) -> dict[str, Any]:
    status = JobStatus.CREATED if i % 4 else JobStatus.STOPPED
    return {"name": f"Job {'ba'[i % 2]}", "input_filename": f"{'zyx'[i % 3]}.ipynb", "status": status}


@pytest.mark.parametrize("direction", ["asc", "desc"])
@pytest.mark.parametrize("field", _SORTS)
def test_ties_follow_creation_in_the_same_direction(local: LocalScheduler, field: str, direction: str) -> None:
    made = _fill(local, 12)
    described = {job_id: local.job(job_id) for job_id in made}
    expected = sorted(
        made, key=lambda job_id: (described[job_id][field], made.index(job_id)), reverse=direction == "desc"
    )
    assert _ids(_get(local, f"sort_by={direction}({field})")) == expected
    paged = [job_id for page in _pages(local, f"sort_by={direction}({field})&max_items=5") for job_id in _ids(page)]
    assert paged == expected


def test_names_sort_by_their_characters_whatever_follows(local: LocalScheduler) -> None:
    names = ["report", "report 2", "report!", 'report"', "report#", "report#1", "report-", "Report", "été", "a"]
    uri = local.upload(notebook())
    for name in names:
        local.create(input_uri=uri, name=name, input_filename=f"{name}.ipynb")
    page = _get(local, "sort_by=asc(name)")
    assert [each["name"] for each in page["jobs"]] == sorted(names)
    page = _get(local, "sort_by=asc(input_filename)")
    assert [each["input_filename"] for each in page["jobs"]] == sorted(f"{name}.ipynb" for name in names)
    job_id = page["jobs"][0]["job_id"]
    local.api.patch(f"/scheduler/jobs/{job_id}", {"name": "report 0"})
    renamed = sorted([*(name for name in names if name != "Report"), "report 0"], reverse=True)
    assert [each["name"] for each in _get(local, "sort_by=desc(name)")["jobs"]] == renamed


def test_the_default_is_newest_first_and_only_the_first_field_counts(local: LocalScheduler) -> None:
    made = _fill(local, 6)
    assert _ids(_get(local)) == made[::-1]
    assert _ids(_get(local, "sort_by=create_time")) == made
    assert _ids(_get(local, "sort_by=ASC(create_time)&sort_by=desc(name)")) == made


@pytest.mark.parametrize("text", ["size", "asc(size)", "asc()", "up(name)", "job_definition_id", "asc(owner_id)"])
def test_an_unknown_sort_field_is_rejected(local: LocalScheduler, text: str) -> None:
    response = local.api.get(f"/scheduler/jobs?sort_by={text}")
    assert (response.status, response.body["reason"]) == (400, "sort_by")
    assert "create_time" in response.body["message"]


@pytest.mark.parametrize("sort", ["desc(create_time)", "asc(create_time)", "asc(name)", "desc(status)"])
def test_sixty_jobs_are_paged_without_gap_or_repeat_while_jobs_are_added(local: LocalScheduler, sort: str) -> None:
    made = _fill(local, 60)
    uri = local.upload(notebook())
    seen: list[str] = []
    pages = []
    for page in _pages(local, f"sort_by={sort}&max_items=25"):
        pages.append(page)
        seen += _ids(page)
        local.clock.forward(milliseconds=1)
        local.create(input_uri=uri, name="Job c")
    assert [each for each in seen if each in made] == [each for each in dict.fromkeys(seen) if each in made]
    assert sorted(set(seen) & set(made)) == sorted(made)
    assert all(page["total_count"] >= 60 for page in pages)
    assert pages[-1]["total_count"] == len(seen)


@pytest.mark.parametrize(
    ("count", "pages"), [(0, [0]), (1, [1]), (24, [24]), (25, [25]), (26, [25, 1]), (50, [25, 25])]
)
def test_every_page_contains_the_total_and_the_last_one_no_token(
    local: LocalScheduler, count: int, pages: list[int]
) -> None:
    _fill(local, count)
    found = list(_pages(local, "max_items=25"))
    assert [len(page["jobs"]) for page in found] == pages
    assert [page["total_count"] for page in found] == [count] * len(pages)
    assert "next_token" not in found[-1]


def test_max_items_0_makes_no_aws_call(local: LocalScheduler) -> None:
    _fill(local, 1)
    local.calls.clear()
    page = _get(local, "max_items=0")
    assert (page["jobs"], local.calls) == ([], [])
    assert "next_token" not in page


def test_valueless_items_are_ignored(local: LocalScheduler) -> None:
    (job_id,) = _fill(local, 1)
    for query in (
        "1795413699291",
        "max_items=25&1795413699291",
        "status=&name=&tags=&sort_by=&start_time=&next_token=&max_items=",
        "x=y",
    ):
        assert _ids(_get(local, query)) == [job_id]


@pytest.mark.parametrize("value", ["stopped", "STOPPED", "Stopped"])
def test_status_is_a_filter_in_any_case(local: LocalScheduler, value: str) -> None:
    made = _fill(local, 9)
    assert _ids(_get(local, f"status={value}")) == [made[8], made[4], made[0]]
    assert _ids(_get(local, f"status={value}&sort_by=asc(create_time)")) == [made[0], made[4], made[8]]
    assert _ids(_get(local, f"status={value}&sort_by=asc(name)")) == [made[0], made[4], made[8]]


def test_name_is_a_prefix(local: LocalScheduler) -> None:
    uri = local.upload(notebook())
    for name in ("Sales", "Sales 2", "sales", "Other"):
        local.clock.forward(milliseconds=1)
        local.create(input_uri=uri, name=name)
    for sort in ("asc(create_time)", "asc(name)"):
        page = _get(local, f"name={quote('Sales')}&sort_by={sort}")
        assert [each["name"] for each in page["jobs"]] == ["Sales", "Sales 2"]
    assert _get(local, "name=Sales%23&sort_by=asc(name)")["jobs"] == []


def test_all_tags_must_match_completely(local: LocalScheduler) -> None:
    uri = local.upload(notebook())
    both = local.create(input_uri=uri, tags=["monthly", "sales"])
    local.create(input_uri=uri, tags=["monthly"])
    local.create(input_uri=uri)
    assert _ids(_get(local, "tags=monthly&tags=sales")) == [both]
    assert len(_get(local, "tags=monthly")["jobs"]) == 2
    assert _get(local, "tags=month")["jobs"] == []


def test_start_time_excludes_jobs_that_started_earlier_or_not_yet(local: LocalScheduler) -> None:
    first = local.start()
    assert first.report().status == 200
    local.clock.forward(hours=1)
    later = local.create()
    local.start(later)
    local.create()
    since = int(local.clock.now.timestamp() * 1000)
    assert _ids(_get(local, f"start_time={since}")) == [later]
    assert len(_get(local, f"start_time={since - 3_600_000}")["jobs"]) == 2


def test_a_definition_without_jobs_has_an_empty_list(local: LocalScheduler) -> None:
    _fill(local, 2)
    page = _get(local, "job_definition_id=eb2fe0e7-b535-4e21-b3c8-ae9eff34d321&max_items=5")
    assert page == {"jobs": [], "total_count": 0}


def test_a_filter_that_drops_most_rows_returns_a_short_page_and_a_token(local: LocalScheduler) -> None:
    uri = local.upload(notebook())
    wanted = local.create(input_uri=uri, tags=["rare"])
    _copies(local, wanted, 2100)
    local.calls.clear()
    first = _get(local, "tags=rare&sort_by=desc(create_time)&max_items=5")
    assert local.calls == ["dynamodb:Query"] * 4
    assert (first["jobs"], first["total_count"]) == ([], -1)
    pages = list(_pages(local, f"tags=rare&max_items=5&next_token={first['next_token']}"))
    assert [job_id for page in pages for job_id in _ids(page)] == [wanted]


def _copies(local: LocalScheduler, job_id: str, count: int) -> None:
    """Add later jobs without tags."""
    table = local.client("dynamodb")
    key = {"owner_id": {"S": local.owner_id()}, "job_id": {"S": job_id}}
    item = table.get_item(TableName="jobs", Key=key)["Item"]
    del item["spec"]["M"]["tags"]
    rows = [{**item, "job_id": {"S": f"f{i:07x}-0000"}} for i in range(count)]
    for start in range(0, count, 25):
        batch = [{"PutRequest": {"Item": row}} for row in rows[start : start + 25]]
        table.batch_write_item(RequestItems={"jobs": batch})


@pytest.mark.parametrize(
    "query",
    [
        "max_items=many",
        "max_items=-1",
        "max_items=1.5",
        "start_time=today",
        "status=done",
        "max_items=" + "9" * 16,
        "name=" + "n" * 201,
        "tags=" + "&tags=".join("abcdefghijklmnopqrstu"),
    ],
)
def test_an_invalid_filter_is_rejected(local: LocalScheduler, query: str) -> None:
    response = local.api.get(f"/scheduler/jobs?{query}")
    assert (response.status, response.body["code"], response.body["reason"]) == (
        400,
        "invalid_request",
        query.partition("=")[0],
    )


def test_a_token_of_another_service_is_rejected(local: LocalScheduler) -> None:
    _fill(local, 3)
    token = _get(local, "max_items=1")["next_token"]
    for query in (
        "next_token=null",
        "next_token=25",
        "next_token=%C3%A9",
        f"next_token={token[:-4]}",
        f"sort_by=asc(name)&next_token={token}",
        f"status=STOPPED&next_token={token}",
    ):
        response = local.api.get(f"/scheduler/jobs?{query}")
        assert (response.status, response.body["reason"]) == (400, "next_token"), query


def test_a_page_token_of_another_owner_reveals_nothing(local: LocalScheduler) -> None:
    _fill(local, 3)
    token = _get(local, "max_items=1")["next_token"]
    response = local.api.as_user("arn:aws:iam::123456789012:user/bob").get(f"/scheduler/jobs?next_token={token}")
    assert (response.status, response.body["jobs"]) == (200, [])


def test_expired_jobs_are_never_shown(local: LocalScheduler) -> None:
    old = local.create()
    local.api.patch(f"/scheduler/jobs/{old}", {"status": "STOPPED"})
    local.clock.forward(days=90, seconds=-1)
    kept = local.create()
    assert _ids(_get(local)) == [kept, old]
    local.clock.forward(seconds=1)
    for query in ("", "sort_by=asc(name)", "status=STOPPED", "sort_by=desc(status)", "name=R"):
        assert old not in _ids(_get(local, query))
    assert local.api.get(f"/scheduler/jobs/{old}").status == 404
    assert local.api.get(f"/scheduler/jobs/{old}/download_files").status == 404
    assert local.api.patch(f"/scheduler/jobs/{old}", {"name": "x"}).status == 404
    assert local.api.get("/scheduler/jobs/count?status=stopped").body == {"count": 0}


def test_rows_omit_nulls_and_details_contain_them(local: LocalScheduler) -> None:
    job_id = local.create()
    (row,) = _get(local)["jobs"]
    detail = local.job(job_id)
    nulls = {name for name, value in detail.items() if value is None}
    assert {"status_message", "start_time", "end_time", "parameters", "tags", "idempotency_token"} <= nulls
    assert {name: value for name, value in detail.items() if value is not None} == row
    for sort in _SORTS:
        assert _get(local, f"sort_by={sort}")["jobs"] == [row]


def test_count_counts_jobs_with_one_status(local: LocalScheduler) -> None:
    _fill(local, 5)
    local.start()
    assert local.api.get("/scheduler/jobs/count").body == {"count": 1}
    assert local.api.get("/scheduler/jobs/count?status=stopped").body == {"count": 2}
    assert local.api.get("/scheduler/jobs/count?status=gone").status == 400
