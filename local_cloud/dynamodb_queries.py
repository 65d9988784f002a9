"""DynamoDB's Query over ordered indexes: MiniStack sorts the whole partition for each page, 380 ms at 20,000 items.

MiniStack still validates each request and formats each response. Only the search for the page is replaced, by one in an index
that every write keeps up to date. A request whose key condition is not understood here goes to MiniStack's own search.
"""
# ruff: noqa: SLF001  private members of MiniStack are what this file is about

import threading
from collections.abc import Iterator, Mapping
from types import FunctionType
from typing import Any, Final

from local_cloud.concurrent_changes import retry_on_concurrent_change
from local_cloud.emulator_compatibility import require
from local_cloud.key_condition import Comparison, UnsupportedConditionError, parse_key_condition
from local_cloud.ordered_index import EVERYTHING, ItemKey, KeyRange, OrderedIndex, SortOrder, prefix_end

__all__ = ["EmulatedQueries"]

_REQUIRED: Final[Mapping[str, Mapping[str, tuple[str, ...] | None]]] = {
    "ministack.services.dynamodb": {
        "_INDEX_MEMBERS": None,
        "_evaluate_condition": ("expr", "item", "attr_values", "attr_names", "slot"),
        "_extract_key_val": ("attr",),
        "_get_attr_type": ("table", "attr_name"),
        "_index_item": ("table", "base_pk", "base_sk", "item", "add"),
        "_index_key_schemas": ("table",),
        "_index_members": ("table",),
        "_index_order_keys": ("table", "sk_name"),
        "_index_order_value": ("item", "name", "type_hint"),
        "_index_partition": ("item", "hashes", "ranges"),
        "_normalize_table_name": ("value",),
        "_paginate_evaluated_items": ("items", "limit", "table", "index_name"),
        "_query": ("data",),
        "_sort_key_value": ("attr", "sk_type"),
        "_tables": None,
        "_tokenize": ("expr",),
    }
}
"""What this file uses of MiniStack: module, name, and the first parameters of a function."""

_Page = tuple[list[dict[str, Any]], bool]
"""Items, and whether the page ended at its limit of items or bytes."""

_Schema = tuple[list[str], list[str]]
"""Names of the partition key's and of the sort key's attributes."""

_NOT_UNDERSTOOD: Final = (ArithmeticError, AttributeError, KeyError, TypeError, ValueError)
"""What a malformed request raises; MiniStack then refuses it in DynamoDB's words."""


class EmulatedQueries:
    """MiniStack's Query.

    Raises
    ------
    EmulatorMismatchError
        If MiniStack lacks something that is used here.
    """

    def __init__(self) -> None:
        self._dynamodb: Any = require(_REQUIRED)["ministack.services.dynamodb"]
        self._full_query: Any = self._dynamodb._query
        self._lock = threading.RLock()

    def patch(self) -> None:
        """Replace the search for a page, and the indexes behind it."""
        self._dynamodb._index_members = self._indexes_of
        self._dynamodb._index_item = self._update_indexes
        self._dynamodb._query = self._query

    def _query(self, request: Any) -> Any:
        """Respond as MiniStack does, without the search for the page."""
        try:
            found = self._page(request)
        except _NOT_UNDERSTOOD:
            return self._full_query(request)
        name = self._dynamodb._normalize_table_name(request["TableName"])
        names = {
            **vars(self._dynamodb),
            "_tables": {name: {**self._dynamodb._tables[name], "items": {}}},
            "_index_members": lambda _table: {},
            "_paginate_evaluated_items": lambda *_: found,
        }
        return FunctionType(self._full_query.__code__, names)(request)

    def _page(self, request: Mapping[str, Any]) -> _Page:
        """Find the items of a page.

        Raises
        ------
        UnsupportedConditionError
            If only MiniStack's own search can respond to the request; a malformed one may raise other errors.
        """
        table = self._dynamodb._tables[self._dynamodb._normalize_table_name(request["TableName"])]
        index_name = request.get("IndexName")
        with self._lock:
            indexes = self._indexes_of(table)
            partition, key_range = self._conditions(table, indexes.schema(index_name), request)
            keys = indexes.get(index_name).read(
                partition,
                key_range,
                after=self._position(table, indexes.schema(index_name), request.get("ExclusiveStartKey")),
                forward=request.get("ScanIndexForward", True),
            )
            items = (item for pk, sk in keys if (item := table["items"].get(pk, {}).get(sk)) is not None)
            page: _Page = self._dynamodb._paginate_evaluated_items(items, request.get("Limit"), table, index_name)
            return page

    def _conditions(
        self, table: Mapping[str, Any], schema: _Schema, request: Mapping[str, Any]
    ) -> tuple[Any, KeyRange]:
        expression = request["KeyConditionExpression"]
        names, values = request.get("ExpressionAttributeNames", {}), request.get("ExpressionAttributeValues", {})
        # Reserved words and the like are errors that MiniStack finds only here.
        self._dynamodb._evaluate_condition(expression, {}, values, names, slot="KeyConditionExpression")
        comparisons = parse_key_condition(self._dynamodb._tokenize(expression), names, values)
        [partition_name], sort_names = schema
        [partition_value] = self._values(table, partition_name, comparisons.get(partition_name), "EQ")
        others = comparisons.keys() - {partition_name}
        if not others:
            return partition_value, EVERYTHING
        [sort_name] = sort_names
        if others != {sort_name}:
            raise UnsupportedConditionError(f"conditions on {', '.join(sorted(others))}")
        comparison = comparisons[sort_name]
        return partition_value, _key_range(comparison.operator, self._values(table, sort_name, comparison))

    def _values(
        self, table: Mapping[str, Any], name: str, comparison: Comparison | None, operator: str | None = None
    ) -> list[Any]:
        """Return the operands as they are sorted; as the text that names a partition if the operator has to be `EQ`."""
        value_type = self._dynamodb._get_attr_type(table, name)
        if comparison is None or operator not in (None, comparison.operator):
            raise UnsupportedConditionError(f"no equality for {name}")
        if any(set(value) != {value_type} for value in comparison.values):
            raise UnsupportedConditionError(f"{name} is of the type {value_type}")
        if operator is not None:
            return [self._dynamodb._extract_key_val(value) for value in comparison.values]
        return [self._dynamodb._sort_key_value(value, value_type) for value in comparison.values]

    def _position(self, table: Mapping[str, Any], schema: _Schema, start: Mapping[str, Any] | None) -> SortOrder | None:
        """Return the position that a page starts behind."""
        if not start:
            return None
        keys = self._dynamodb._index_order_keys(table, schema[1])
        if any(set(start[name]) != {value_type} for name, value_type in keys):
            raise UnsupportedConditionError("the start key is of another type")
        return tuple(self._dynamodb._index_order_value(start, name, value_type) for name, value_type in keys)

    def _indexes_of(self, table: dict[str, Any]) -> "_TableIndexes":
        """Return a table's indexes, from where MiniStack drops them when the table changes as a whole, and never saves them."""
        with self._lock:
            indexes: _TableIndexes | None = table.get(self._dynamodb._INDEX_MEMBERS)
            if indexes is None:
                indexes = table[self._dynamodb._INDEX_MEMBERS] = _TableIndexes(self._dynamodb, table, self._lock)
            return indexes

    def _update_indexes(self, table: dict[str, Any], pk: Any, sk: Any, item: Mapping[str, Any], add: bool) -> None:  # noqa: FBT001
        with self._lock:
            indexes: _TableIndexes | None = table.get(self._dynamodb._INDEX_MEMBERS)
            if indexes is not None:
                indexes.update((pk, sk), item if add else None)


class _TableIndexes:
    """The ordered indexes of one table, each built when it is first read; None names the table's own keys."""

    def __init__(self, dynamodb: Any, table: dict[str, Any], lock: threading.RLock) -> None:
        self._dynamodb = dynamodb
        self._table = table
        self._lock = lock
        self._schemas: dict[str | None, _Schema] = {
            name: (partition_names, sort_names)
            for name, partition_names, sort_names in dynamodb._index_key_schemas(table)
        }
        self._schemas[None] = ([table["pk_name"]], [table["sk_name"]] if table["sk_name"] else [])
        self._built: dict[str | None, OrderedIndex] = {}

    def schema(self, name: str | None) -> _Schema:
        return self._schemas[name]

    def get(self, name: str | None) -> OrderedIndex:
        with self._lock:
            if name not in self._built:
                self._built[name] = retry_on_concurrent_change(lambda: OrderedIndex(self._entries(name)))
            return self._built[name]

    def update(self, key: ItemKey, item: Mapping[str, Any] | None) -> None:
        """Put an item into every index that holds it; without an item, remove it from each."""
        for name, index in self._built.items():
            entry = None if item is None else self._entry(name, item)
            if entry is None:
                index.remove(key)
            else:
                index.put(key, *entry)

    def _entries(self, name: str | None) -> Iterator[tuple[ItemKey, Any, SortOrder]]:
        for pk, items in self._table["items"].items():
            for sk, item in items.items():
                entry = self._entry(name, item)
                if entry is not None:
                    yield (pk, sk), *entry

    def _entry(self, name: str | None, item: Mapping[str, Any]) -> tuple[Any, SortOrder] | None:
        """Return the partition and the sort order; None if the index is sparse and leaves the item out."""
        partition_names, sort_names = self._schemas[name]
        partition = self._dynamodb._index_partition(item, partition_names, sort_names)
        if partition is None:
            return None
        keys = self._dynamodb._index_order_keys(self._table, sort_names)
        return partition, tuple(self._dynamodb._index_order_value(item, *key) for key in keys)


def _key_range(operator: str, values: list[Any]) -> KeyRange:
    lowest, highest = values[0], values[-1]
    match operator:
        case "EQ" | "BETWEEN":
            return KeyRange(lowest=lowest, highest=highest)
        case "BEGINS_WITH":
            return KeyRange(lowest=lowest, highest=prefix_end(lowest), includes_highest=False)
        case "LT" | "LE":
            return KeyRange(highest=highest, includes_highest=operator == "LE")
        case _:
            return KeyRange(lowest=lowest, includes_lowest=operator == "GE")
