"""Generate random tables, writes and queries of DynamoDB, with few values, so that keys collide."""

import base64
from dataclasses import dataclass
from typing import Any, Final

from hypothesis import strategies as st

__all__ = ["Example", "Table", "examples"]

Item = dict[str, dict[str, str]]

_TEXTS: Final = ["a", "ab", "abc", "b", "\U0010ffff", "é", "z"]
_NUMBERS: Final = ["-10", "-1.5", "0", "2", "10", "1E+20"]
_BINARIES: Final = [base64.b64encode(value).decode() for value in (b"\x01", b"\x01\xff", b"\x7f", b"\xff", b"\xff\xff")]
_VALUES: Final = {"S": _TEXTS, "N": _NUMBERS, "B": _BINARIES}

_TYPES: Final = {"owner": "S", "team": "S", "text": "S", "number": "N", "binary": "B"}
"""The types of all attributes except the sort key `id`, whose type varies."""

_INDEXES: Final = {
    "by-text": (("owner", "text"), {"ProjectionType": "ALL"}),
    "by-number": (("owner", "number"), {"ProjectionType": "KEYS_ONLY"}),
    "by-binary": (("team", "binary"), {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["text"]}),
    "by-team": (("team",), {"ProjectionType": "ALL"}),
    "of-numbers": (("number", "id"), {"ProjectionType": "ALL"}),
}
"""Keys and projection of each global index. All are sparse, because items may lack any attribute except the table's keys."""


@dataclass(frozen=True)
class Table:
    """A table to create."""

    sort_type: str | None
    indexes: tuple[str, ...]

    @property
    def keys(self) -> tuple[str, ...]:
        return ("owner", "id") if self.sort_type else ("owner",)

    @property
    def types(self) -> dict[str, str]:
        return {**_TYPES, "id": self.sort_type or "S"}

    def index_keys(self, index: str | None) -> tuple[str, ...]:
        if index is None:
            return self.keys
        return ("owner", "text") if index == "local" else _INDEXES[index][0]

    def creation(self, name: str) -> dict[str, Any]:
        """Return the request that creates it."""
        used = {key for index in (None, *self.indexes) for key in self.index_keys(index)}
        request: dict[str, Any] = {
            "TableName": name,
            "BillingMode": "PAY_PER_REQUEST",
            "KeySchema": _key_schema(self.keys),
            "AttributeDefinitions": [{"AttributeName": key, "AttributeType": self.types[key]} for key in sorted(used)],
        }
        indexes = [
            {
                "IndexName": index,
                "KeySchema": _key_schema(self.index_keys(index)),
                "Projection": {"ProjectionType": "ALL"} if index == "local" else _INDEXES[index][1],
            }
            for index in self.indexes
        ]
        found = {
            "LocalSecondaryIndexes": [index for index in indexes if index["IndexName"] == "local"],
            "GlobalSecondaryIndexes": [index for index in indexes if index["IndexName"] != "local"],
        }
        return request | {kind: members for kind, members in found.items() if members}


@dataclass(frozen=True)
class Example:
    """A table and the requests to send, each an action and a body without the table's name."""

    table: Table
    requests: list[tuple[str, dict[str, Any]]]


def _key_schema(keys: tuple[str, ...]) -> list[dict[str, str]]:
    return [{"AttributeName": key, "KeyType": kind} for key, kind in zip(keys, ("HASH", "RANGE"), strict=False)]


@st.composite
def _tables(draw: st.DrawFn) -> Table:
    sort_type = draw(st.sampled_from([None, "S", "N", "B"]))
    usable = [name for name in _INDEXES if sort_type or name != "of-numbers"] + (["local"] if sort_type else [])
    return Table(sort_type, tuple(draw(st.lists(st.sampled_from(usable), unique=True, max_size=4))))


def _value(value_type: str) -> st.SearchStrategy[dict[str, str]]:
    return st.sampled_from(_VALUES[value_type]).map(lambda value: {value_type: value})


def _owner() -> st.SearchStrategy[dict[str, str]]:
    return st.sampled_from([{"S": "ann"}, {"S": "ben"}])


def _keys(table: Table) -> st.SearchStrategy[Item]:
    return st.fixed_dictionaries({key: _owner() if key == "owner" else _value(table.types[key]) for key in table.keys})


def _items(table: Table) -> st.SearchStrategy[Item]:
    others = {name: _value(table.types[name]) for name in table.types if name not in table.keys}
    return st.tuples(_keys(table), st.fixed_dictionaries({}, optional=others)).map(lambda parts: parts[0] | parts[1])


def _updates(table: Table) -> st.SearchStrategy[dict[str, Any]]:
    def update(key: Item, name: str, value: dict[str, str] | None) -> dict[str, Any]:
        request = {"Key": key, "ExpressionAttributeNames": {"#n": name}}
        if value is None:
            return request | {"UpdateExpression": "REMOVE #n"}
        return request | {"UpdateExpression": "SET #n = :v", "ExpressionAttributeValues": {":v": value}}

    return st.sampled_from([name for name in _TYPES if name != "owner"]).flatmap(
        lambda name: st.builds(update, _keys(table), st.just(name), st.none() | _value(table.types[name]))
    )


def _writes(table: Table) -> st.SearchStrategy[tuple[str, dict[str, Any]]]:
    put = _items(table).map(lambda item: {"Item": item})
    delete = _keys(table).map(lambda key: {"Key": key})
    return st.one_of(
        st.tuples(st.just("PutItem"), put),
        st.tuples(st.just("UpdateItem"), _updates(table)),
        st.tuples(st.just("DeleteItem"), delete),
        st.tuples(st.just("expire"), delete),
        st.tuples(st.just("restart"), st.just({})),
        st.tuples(
            st.just("BatchWriteItem"),
            st.lists(
                st.one_of(put.map(lambda body: {"PutRequest": body}), delete.map(lambda body: {"DeleteRequest": body})),
                min_size=1,
                max_size=8,
            ).map(lambda members: {"members": members}),
        ),
        st.tuples(
            st.just("TransactWriteItems"),
            st.lists(
                st.one_of(
                    put.map(lambda body: {"Put": body}),
                    delete.map(lambda body: {"Delete": body}),
                    _updates(table).map(lambda body: {"Update": body}),
                ),
                min_size=1,
                max_size=4,
            ).map(lambda members: {"members": members}),
        ),
    )


_CONDITIONS: Final = ["{n} = :a", "{n} < :a", "{n} <= :a", "{n} > :a", "{n} >= :a", ":a >= {n}", ":a < {n}"]
_RANGES: Final = ["{n} BETWEEN :a AND :b", "{n} between :a and :b"]
_PREFIXES: Final = ["begins_with({n}, :a)", "begins_with ({n},:a)"]
_JOINED: Final = ["{0} AND {1}", "({0} AND {1})", "{1} and {0}", "({0}) AND ({1})"]


@st.composite
def _queries(draw: st.DrawFn, table: Table) -> dict[str, Any]:
    index = draw(st.sampled_from([None, *table.indexes]))
    keys = table.index_keys(index)
    # Sometimes a value of the wrong type, which DynamoDB refuses.
    types = {key: draw(st.sampled_from([table.types[key]] * 15 + ["S", "N"])) for key in keys}
    partition = draw(_owner() if keys[0] == "owner" and types["owner"] == "S" else _value(types[keys[0]]))
    expression, values = "#p = :p", {":p": partition}
    names = {"#p": keys[0]}
    if len(keys) > 1 and draw(st.booleans()):
        names["#s"] = keys[1]
        condition = draw(st.sampled_from(_CONDITIONS + _RANGES + _PREFIXES)).format(n="#s")
        values[":a"] = draw(_value(types[keys[1]]))
        if ":b" in condition:
            values[":b"] = draw(_value(types[keys[1]]))
        expression = draw(st.sampled_from(_JOINED)).format(expression, condition)
    query: dict[str, Any] = {
        "KeyConditionExpression": expression,
        "ExpressionAttributeValues": values,
        "ExpressionAttributeNames": names,
        **draw(st.sampled_from([{}, {"ScanIndexForward": False}, {"ScanIndexForward": True}])),
        **draw(st.sampled_from([{}, {"Limit": 1}, {"Limit": 2}, {"Limit": 3}, {"Limit": 100}, {"Limit": 0}])),
        **draw(st.sampled_from([{}, {}, {"ConsistentRead": True}, {"ReturnConsumedCapacity": "INDEXES"}])),
        **draw(st.sampled_from([{}, {}, {"Select": "COUNT"}, {"ProjectionExpression": "binary, team"}])),
    }
    if index is not None:
        query["IndexName"] = index
    if draw(st.booleans()):
        condition = draw(st.sampled_from(["number >= :f", "attribute_exists(team)", "number = :f"]))
        query["FilterExpression"] = condition
        if ":f" in condition:
            values[":f"] = draw(_value("N"))
    if draw(st.integers(0, 4)) == 0:
        query["ExclusiveStartKey"] = {
            key: draw(_owner() if key == "owner" else _value(table.types[key]))
            for key in {*table.keys, *(keys if draw(st.integers(0, 4)) else ())}
        }
    return query


@st.composite
def examples(draw: st.DrawFn) -> Example:
    """Return a table, items, and queries before and after more writes."""
    table = draw(_tables())
    puts = _items(table).map(lambda item: ("PutItem", {"Item": item}))
    queries = st.tuples(st.just("Query"), _queries(table))
    rounds = [
        (puts, 12),
        (queries, 6),
        (_writes(table), 6),
        (queries, 12),
    ]
    requests = [request for kind, size in rounds for request in draw(st.lists(kind, min_size=size, max_size=2 * size))]
    return Example(table, requests)
