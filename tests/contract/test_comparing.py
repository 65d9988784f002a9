"""The comparison of two responses, and the table of differences. Both must be able to fail."""

from typing import Any

import pytest

from tests.contract.comparing import Difference, Response, compare
from tests.contract.table import Row, read_table, rows_of

ROW = {"job_id": "<job 1>", "name": "a", "tags": ["x"], "start_time": None}
JOBS = [ROW, {**ROW, "job_id": "<job 2>"}]


def response(body: Any, status: int = 200, content_type: str = "application/json") -> Response:
    return Response(status, content_type, body)


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in ROW.items() if key != name}


@pytest.mark.parametrize("body", [None, "text", [], {}, ROW, {"jobs": JOBS, "total_count": 2}])
def test_equal_answers_have_no_difference(body: Any) -> None:
    assert compare(response(body), response(body)) == []


@pytest.mark.parametrize(
    ("stock", "here", "expected"),
    [
        (ROW, without("name"), Difference("name", '"a"', "absent")),
        (without("name"), ROW, Difference("name", "absent", '"a"')),
        (ROW, without("start_time"), Difference("start_time", "null", "absent")),
        (ROW, {**ROW, "start_time": 0}, Difference("start_time", "null", "0")),
        (ROW, {**ROW, "tags": "x"}, Difference("tags", '["x"]', '"x"')),
        (ROW, {**ROW, "tags": ["x", "y"]}, Difference("tags", '["x"]', '["x", "y"]')),
        ({"n": 1}, {"n": True}, Difference("n", "1", "true")),
        ({"n": 1}, {"n": 1.0}, Difference("n", "1", "1.0")),
        ({"n": 1}, {"n": "1"}, Difference("n", "1", '"1"')),
        ({"jobs": JOBS}, {"jobs": JOBS[::-1]}, Difference("jobs order", '["<job 1>", "<job 2>"]', '["<job 2>", "<job 1>"]')),
        ({"jobs": JOBS}, {"jobs": JOBS[:1]}, Difference("jobs rows", '["<job 1>", "<job 2>"]', '["<job 1>"]')),
        ({"jobs": []}, {"jobs": JOBS[:1]}, Difference("jobs rows", "[]", '["<job 1>"]')),
        ({"jobs": JOBS}, {"jobs": [ROW, {**JOBS[1], "name": "b"}]}, Difference("jobs[].name", '"a"', '"b"')),
        ({"jobs": JOBS}, {"jobs": "none"}, Difference("jobs", '[{"job_id": "<job 1>", "name": "a", "tags": ["x"], "start_time": null}, {"job_id": "<job 2>", "name": "a", "tags": ["x"], "start_time": null}]', '"none"')),
        ([1, 2], [2, 1], Difference("body", "[1, 2]", "[2, 1]")),
        (None, {}, Difference("body", "null", "{}")),
        ([{"x": 1}], [{"x": 2}], Difference("[]", '[{"x": 1}]', '[{"x": 2}]')),
    ],
    ids=str,
)  # fmt: skip
def test_a_difference_is_found(stock: Any, here: Any, expected: Difference) -> None:
    assert compare(response(stock), response(here)) == [expected]


def test_status_and_content_type_count() -> None:
    assert compare(response({}), response({}, 201)) == [Difference("status code", "200", "201")]
    assert compare(response({}), response({}, 200, "text/html")) == [
        Difference("content-type", '"application/json"', '"text/html"')
    ]


def test_of_a_success_and_a_refusal_only_the_status_is_compared() -> None:
    assert compare(response({"job_id": "a"}), response({"message": "No."}, 500)) == [
        Difference("status code", "200", "500")
    ]


TABLE = [["request", "what", "stock", "here", "reason"], ["---"] * 5]


def row(request: str, what: str, stock: str, here: str, reason: str = "because") -> Row:
    [found] = rows_of([["other", "table"], *TABLE, [request, what, stock, here, reason], ["next", "table"]])
    return found


DIFFERENCE = Difference("jobs[].status", '"STOPPED"', '"CREATED"')


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (("`GET /jobs: *`", "`jobs[].status`", '`"STOPPED"`', '`"CREATED"`, `"QUEUED"`'), True),
        (("`GET /jobs: *`, `POST *`", "`jobs[].*`", "a text", "a text"), True),
        (("`GET /jobs: create job`", "`jobs[].status`", '`"STOPPED"`', "a number"), False),
        (("`GET /jobs: create`", "`jobs[].status`", "a text", "a text"), False),
        (("`GET /jobs: *`", "`jobs.status`", "a text", "a text"), False),
        (("`GET /jobs: *`", "`jobs[].status`", '`"STOP"`', "a text"), False),
        (("`GET /jobs: *`", "`jobs[].status`", "`absent`", "a text"), False),
    ],
)
def test_a_row_covers_the_difference_that_it_describes(cells: tuple[str, str, str, str], expected: bool) -> None:
    assert row(*cells).covers("GET /jobs: create job", DIFFERENCE) is expected


@pytest.mark.parametrize(
    "cells",
    [
        ("`*`", "`*`", "a text", "a text", "because"),
        ("`*`", "`jobs`", "`*`", "`*`", "because"),
        ("`*`", "`jobs`", "something", "a text", "because"),
        ("`*`", "`jobs`", "a text", "a text", ""),
    ],
)
def test_a_row_must_not_match_everything(cells: tuple[str, str, str, str, str]) -> None:
    assert row(*cells).problem


@pytest.mark.parametrize(
    ("request_cell", "idle"),
    [
        ("`GET /jobs: *`", []),
        ("`GET /jobs: *`, `POST /jobs: *`", ["POST /jobs: *"]),
        ("`PATCH /jobs: *`", ["PATCH /jobs: *", "jobs[].status"]),
    ],
)
def test_a_row_without_a_difference_is_detected(request_cell: str, idle: list[str]) -> None:
    found = row(request_cell, "`jobs[].status`", "a text", "a text")
    assert found.idle_parts([("GET /jobs: create job", DIFFERENCE)]) == idle


def test_every_row_of_the_document_says_something() -> None:
    assert {str(each): each.problem for each in read_table() if each.problem} == {}
    assert len(read_table()) > 20
