import itertools
import json
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings

from local_cloud.paths import ROOT as CLONE
from local_cloud.paths import LocalPaths
from tests.local_cloud.dynamodb_examples import Example, Table, examples

_MAX_PAGES = 30
_NO_SORT_KEY = "__no_sort__"
"""MiniStack's sort key in a table without one."""

_numbers = itertools.count()


class DynamoDB:
    """A process of `dynamodb_process`."""

    def __init__(self, mode: str) -> None:
        python = LocalPaths(folder=CLONE / ".local-cloud", port=0).emulator_python
        command = [str(python), "-m", "tests.local_cloud.dynamodb_process", mode]
        self._process = subprocess.Popen(
            command, cwd=CLONE, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )

    def send(self, action: str, body: dict[str, Any]) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps([action, body]) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def close(self) -> None:
        self._process.communicate()


@pytest.fixture(scope="module")
def ordered() -> Iterator[DynamoDB]:
    process = DynamoDB("ordered")
    yield process
    process.close()


@pytest.fixture(scope="module")
def plain() -> Iterator[DynamoDB]:
    process = DynamoDB("plain")
    yield process
    process.close()


def request_of(action: str, body: dict[str, Any], name: str) -> dict[str, Any]:
    """Return a request with the name of the table."""
    if action == "restart":
        return {}
    if action == "expire":
        keys = [text for value in body["Key"].values() for text in value.values()]
        return {"table": name, "keys": [*keys, _NO_SORT_KEY][:2]}
    if action == "BatchWriteItem":
        return {"RequestItems": {name: body["members"]}}
    if action == "TransactWriteItems":
        members = [
            {kind: member | {"TableName": name}} for operation in body["members"] for kind, member in operation.items()
        ]
        return {"TransactItems": members}
    return body | {"TableName": name}


def pages(dynamodb: DynamoDB, query: dict[str, Any]) -> list[Any]:
    """Return the responses for all pages of a query."""
    responses = []
    for _ in range(_MAX_PAGES):
        response = dynamodb.send("Query", query)
        responses.append(response)
        if response[0] != 200 or "LastEvaluatedKey" not in response[1]:
            break
        query = query | {"ExclusiveStartKey": response[1]["LastEvaluatedKey"]}
    return responses


def create(name: str, table: Table, *processes: DynamoDB) -> None:
    for process in processes:
        status, body = process.send("CreateTable", table.creation(name))
        assert status == 200, body


@settings(max_examples=60, deadline=None)
@given(example=examples())
def test_every_page_equals_the_page_of_the_unpatched_emulator(
    ordered: DynamoDB, plain: DynamoDB, example: Example
) -> None:
    name = f"table-{next(_numbers)}"
    create(name, example.table, ordered, plain)
    for action, body in example.requests:
        request = request_of(action, body, name)
        if action == "Query":
            assert pages(ordered, request) == pages(plain, request)
        else:
            assert ordered.send(action, request)[0] == plain.send(action, request)[0]
    for process in (ordered, plain):
        process.send("DeleteTable", {"TableName": name})


_TABLE = Table("S", ("by-text", "by-number", "by-team", "local"))
_QUERIES: dict[str, dict[str, Any]] = {
    "the whole partition": {"KeyConditionExpression": "(#o = :o)"},
    "from a sort key": {"KeyConditionExpression": "#o = :o AND id >= :t"},
    "below a sort key": {"KeyConditionExpression": "#o = :o AND id < :t"},
    "a prefix in an index": {"KeyConditionExpression": "#o = :o AND begins_with(#t, :t)", "IndexName": "by-text"},
    "a range in an index": {"KeyConditionExpression": "#o = :o AND #t BETWEEN :t AND :u", "IndexName": "local"},
    "an index by number": {"KeyConditionExpression": "#o = :o", "IndexName": "by-number"},
}


@pytest.fixture(scope="module")
def full_table(ordered: DynamoDB, plain: DynamoDB) -> str:
    """Create a table with 300 items of one owner; return its name."""
    name = "full-table"
    create(name, _TABLE, ordered, plain)
    items = [
        {"owner": {"S": "ann"}, "id": {"S": text}, "text": {"S": text}, "number": {"N": text.lstrip("0") or "0"}}
        for text in (f"{number:03}" for number in range(300))
    ]
    for process in (ordered, plain):
        for start in range(0, len(items), 25):
            batch = [{"PutRequest": {"Item": item}} for item in items[start : start + 25]]
            assert process.send("BatchWriteItem", {"RequestItems": {name: batch}})[0] == 200
    return name


@pytest.mark.parametrize("forward", [True, False])
@pytest.mark.parametrize("what", _QUERIES)
def test_a_query_reads_only_its_page(
    ordered: DynamoDB, plain: DynamoDB, full_table: str, what: str, forward: bool
) -> None:
    expression = _QUERIES[what]["KeyConditionExpression"]
    aliases = {alias: attribute for alias, attribute in {"#o": "owner", "#t": "text"}.items() if alias in expression}
    values = {text: {"S": value} for text, value in {":o": "ann", ":t": "1", ":u": "2"}.items() if text in expression}
    query = _QUERIES[what] | {
        "TableName": full_table,
        "ExpressionAttributeNames": aliases,
        "ExpressionAttributeValues": values,
        "Limit": 5,
        "ScanIndexForward": forward,
    }
    assert pages(ordered, query) == pages(plain, query)
    reads = [sort_keys_of(process, query) for process in (ordered, plain)]
    assert reads[0] <= 2, "at most one for each bound of the range"
    assert reads[1] >= 100, "without the index a query evaluates every item of the range, so the count is meaningful"


def sort_keys_of(dynamodb: DynamoDB, query: dict[str, Any]) -> int:
    """Return the number of sort keys that a query evaluates."""
    dynamodb.send("count sort keys", {})
    dynamodb.send("Query", query)
    return int(dynamodb.send("count sort keys", {})[1])
