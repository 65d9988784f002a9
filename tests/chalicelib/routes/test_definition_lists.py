"""Lists of definitions: order, pagination, filters, totals, and the same number of AWS calls for any number of definitions."""

from collections.abc import Iterator
from typing import Any

import pytest
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.models.dynamo_type import DynamoType

from tests.support.aws import REGION
from tests.support.definitions import Definitions
from tests.support.scheduler import BOB, LocalScheduler, notebook, settings

_PATH = "/scheduler/job_definitions"
_SORTS = ["name", "input_filename", "create_time"]


def _get(local: LocalScheduler, query: str = "") -> dict[str, Any]:
    response = local.api.get(f"{_PATH}?{query}")
    assert response.status == 200, response.body
    return dict(response.body)


def _ids(page: dict[str, Any]) -> list[str]:
    return [each["job_definition_id"] for each in page["job_definitions"]]


def _pages(local: LocalScheduler, query: str) -> Iterator[dict[str, Any]]:
    page = _get(local, query)
    yield page
    while "next_token" in page:
        page = _get(local, f"{query}&next_token={page['next_token']}")
        yield page


def _fill(made: Definitions, count: int) -> list[str]:
    """Create definitions with many ties, a millisecond apart, every third without a schedule."""
    uri, ids = made.local.upload(notebook()), []
    for i in range(count):
        made.local.clock.forward(milliseconds=1)
        schedule = "0 9 * * *" if i % 3 else None
        name, filename = f"Job {'ba'[i % 2]}", f"{'zyx'[i % 3]}.ipynb"
        ids.append(made.create(input_uri=uri, name=name, input_filename=filename, schedule=schedule))
    return ids


@pytest.mark.parametrize("direction", ["asc", "desc"])
@pytest.mark.parametrize("field", _SORTS)
def test_ties_follow_creation_in_the_same_direction(
    local: LocalScheduler, made: Definitions, field: str, direction: str
) -> None:
    ids = _fill(made, 8)
    described = {each: made.described(each) for each in ids}
    expected = sorted(ids, key=lambda each: (described[each][field], ids.index(each)), reverse=direction == "desc")
    assert _ids(_get(local, f"sort_by={direction}({field})")) == expected
    paged = [each for page in _pages(local, f"sort_by={direction}({field})&max_items=3") for each in _ids(page)]
    assert paged == expected


def test_the_default_is_newest_first_and_only_the_first_field_counts(local: LocalScheduler, made: Definitions) -> None:
    ids = _fill(made, 4)
    assert _ids(_get(local)) == ids[::-1]
    assert _ids(_get(local, "sort_by=create_time")) == ids
    assert _ids(_get(local, "sort_by=asc(create_time)&sort_by=desc(name)&1795413880484")) == ids


def test_every_page_contains_the_total_and_the_last_one_no_token(local: LocalScheduler, made: Definitions) -> None:
    ids = _fill(made, 5)
    pages = list(_pages(local, "max_items=2"))
    assert [len(page["job_definitions"]) for page in pages] == [2, 2, 1]
    assert [page["total_count"] for page in pages] == [5, 5, 5]
    assert ["next_token" in page for page in pages] == [True, True, False]
    assert [each for page in pages for each in _ids(page)] == ids[::-1]
    local.calls.clear()
    assert _get(local, "max_items=0")["job_definitions"] == []
    assert local.calls == []


def test_rows_omit_nulls_and_details_contain_them(local: LocalScheduler, made: Definitions) -> None:
    definition_id = made.create(schedule=None, tags=None)
    detail = made.described(definition_id)
    nulls = {name for name, value in detail.items() if value is None}
    assert {"schedule", "timezone", "tags", "parameters", "last_run", "next_run_time", "max_runs"} <= nulls
    for sort in _SORTS:
        (row,) = _get(local, f"sort_by={sort}")["job_definitions"]
        assert row == {name: value for name, value in detail.items() if value is not None}


def test_filters(local: LocalScheduler, made: Definitions) -> None:
    first = made.create(name="Sales", tags=["monthly", "eu"])
    local.clock.forward(hours=1)
    second = made.create(name="Sales 2", tags=["monthly"])
    other = made.create(name="sales")
    since = int(local.clock.now.timestamp() * 1000)
    for sort in ("asc(create_time)", "asc(name)"):
        assert _ids(_get(local, f"name=Sales&sort_by={sort}")) == [first, second]
    assert _ids(_get(local, "tags=monthly&sort_by=asc(name)")) == [first, second]
    assert _ids(_get(local, "tags=monthly&tags=eu")) == [first]
    assert _ids(_get(local, "tags=month")) == []
    assert set(_ids(_get(local, f"create_time={since}"))) == {second, other}
    assert len(_ids(_get(local, f"create_time={since - 3_600_000}&sort_by=asc(name)"))) == 3
    assert _ids(_get(local, f"create_time={since + 1}")) == []
    assert local.api.as_user(BOB).get(_PATH).body == {"job_definitions": [], "total_count": 0}


@pytest.mark.parametrize(
    "query",
    ["max_items=many", "create_time=today", "sort_by=status", "sort_by=schedule", "next_token=25", "name=" + "n" * 201],
)
def test_an_invalid_query_is_rejected(local: LocalScheduler, query: str) -> None:
    response = local.api.get(f"{_PATH}?{query}")
    assert (response.status, response.body["reason"]) == (400, query.partition("=")[0])


def test_a_token_belongs_to_its_list(local: LocalScheduler, made: Definitions) -> None:
    _fill(made, 3)
    token = _get(local, "max_items=1")["next_token"]
    assert local.api.get(f"{_PATH}?sort_by=asc(name)&next_token={token}").status == 400
    theirs = local.api.as_user(BOB).get(f"{_PATH}?next_token={token}")
    assert (theirs.status, theirs.body["job_definitions"]) == (200, [])


def _calls(made: Definitions) -> dict[str, list[str]]:
    """The AWS calls of each route."""
    local, found = made.local, {}
    definition_id, uri, new = made.create(), local.upload(notebook()), local.upload(notebook("new"))
    url = f"{_PATH}/{definition_id}"
    body = {"name": "a", "input_uri": uri, "input_filename": "x.ipynb", "runtime_environment_name": "python"}
    for name, method, path, sent in (
        ("create", "POST", _PATH, {**body, "schedule": "0 9 * * *"}),
        ("list", "GET", f"{_PATH}?max_items=25", None),
        ("list by name", "GET", f"{_PATH}?sort_by=asc(name)&max_items=25", None),
        ("list by file", "GET", f"{_PATH}?sort_by=desc(input_filename)&max_items=25", None),
        ("get", "GET", url, None),
        ("rename", "PATCH", url, {"name": "b"}),
        ("edit", "PATCH", url, {"schedule": "0 8 * * *"}),
        ("pause", "PATCH", url, {"active": False}),
        ("resume", "PATCH", url, {"active": True}),
        ("replace", "PATCH", url, {"input_uri": new}),
        ("run now", "POST", f"{url}/jobs", {}),
        ("delete", "DELETE", url, None),
    ):
        local.clock.forward(milliseconds=1)
        local.calls.clear()
        assert local.api.request(method, path, body=sent).status in (200, 204), name
        found[name] = list(local.calls)
    return found


def _crowd(local: LocalScheduler, count: int) -> None:
    """Add copies of a definition directly to moto's table."""
    table = dynamodb_backends[DEFAULT_ACCOUNT_ID][REGION].tables["definitions"]
    (items,) = table.items.values()
    (example,) = list(items.values())
    for i in range(count):
        copy = example.__deepcopy__({})
        key = f"{i:08x}-0000"
        copy.range_key = DynamoType({"S": key})
        for name, value in (("definition_id", key), ("name_key", f"n\x1f{key}"), ("input_filename_key", f"f\x1f{key}")):
            dict.__setitem__(copy.attrs, name, DynamoType({"S": value}))
        items[key] = copy


def test_thousands_of_definitions_cost_one_call_more_once(local: LocalScheduler, made: Definitions) -> None:
    local.serve(settings(limits={"max_definitions_per_owner": 5000}))
    few = _calls(made)
    _crowd(local, 4900)
    assert _calls(made) == {
        **few,
        "list": ["dynamodb:Query", "dynamodb:Query"],
    }  # too long to count, which is remembered
    change = ["dynamodb:GetItem", "dynamodb:UpdateItem"]
    written = ["scheduler:CreateSchedule", "scheduler:UpdateSchedule", "dynamodb:UpdateItem"]
    assert few == {
        "create": [
            "s3:GetObject",
            "dynamodb:Query",
            "sqs:SendMessage",  # announces the copy, in case the function is killed before it stores the definition
            "s3:CopyObject",
            "dynamodb:PutItem",
            "scheduler:CreateSchedule",
            "dynamodb:UpdateItem",
        ],
        "list": ["dynamodb:Query"],
        "list by name": ["dynamodb:Query"],
        "list by file": ["dynamodb:Query"],
        "get": ["dynamodb:GetItem"],
        "rename": change,
        "edit": change + written,
        "pause": change + written,
        "resume": change + written,
        "replace": ["dynamodb:GetItem", "s3:GetObject", "sqs:SendMessage", "s3:CopyObject", "dynamodb:UpdateItem"],
        "run now": ["dynamodb:GetItem", "dynamodb:Query", "s3:CopyObject", "dynamodb:PutItem", "sqs:SendMessage"],
        "delete": ["dynamodb:DeleteItem"],
    }
