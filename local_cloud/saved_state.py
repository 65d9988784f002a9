"""Apply journaled changes to the saved state of MiniStack's services.

A change is a list: the service, a kind, and what it sets. Each sets one place to a value, so changes may be applied twice, or to a
newer state, as long as all later changes follow.

| kind | rest of the change | sets |
| --- | --- | --- |
| `record` | store, class or null, key, text or null | one record of a store, or the whole store if it has no class |
| `table` | key, text or null | a table of DynamoDB without its items |
| `item` | key of the table, partition, sort, item or null | an item |
| `stream` | key of the table, position, record | the record of a table's stream at a position |
| `group` | key, text or null | a log group without its streams |
| `log` | key of the group, stream, attributes or null, position, events | events of a log stream from a position on |

A key is the text of a tuple: account, perhaps region, and the service's own key. A text is JSON in MiniStack's encoding.
"""

import ast
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

__all__ = ["ITEMS", "STREAMS", "Scopes", "apply", "decode_key", "encode_key"]

ITEMS: Final = "items"
"""The member of a table with its items, by partition key and sort key."""

STREAMS: Final = "streams"
"""The member of a log group with its streams, by name."""

_UNREAD: Final = "unread_stream_records"
_READ: Final = "read_stream_records"
"""What `dynamodb_streams.py` adds to the state: the unread records of each stream, and the number of those before."""

_ITEM_BYTES: Final = 200
"""What MiniStack counts for an item [bytes]."""

Scopes = Mapping[str, Callable[[], Any]]
"""MiniStack's classes of stores, by name."""

_State = dict[str, Any]


def encode_key(key: Any) -> str:
    """Return the text of a key."""
    return repr(key)


def decode_key(text: str) -> Any:
    """Return the key with a text of `encode_key`."""
    return ast.literal_eval(text)


def apply(
    changes: Iterable[Sequence[Any]], states: dict[str, _State], *, scopes: Scopes, decode: Callable[[str], Any]
) -> None:
    """Apply changes in their order.

    Parameters
    ----------
    states
        The saved state of each service; changed in place.
    decode
        Returns the value of a text.
    """
    region_scoped = scopes["AccountRegionScopedDict"]
    for service, kind, *rest in changes:
        state = states.setdefault(service, {})
        match kind:
            case "record":
                _set_record(state, scopes, decode, rest)
            case "table":
                _set_table(state, region_scoped, decode, *rest)
            case "item":
                _set_item(_data(state, "tables", region_scoped), *rest)
            case "stream":
                _set_stream_record(state, region_scoped, *rest)
            case "group":
                _set_group(_data(state, "log_groups", region_scoped), decode, *rest)
            case "log":
                _set_log_events(_data(state, "log_groups", region_scoped), rest)
            case _:
                raise ValueError(f"The journal has a change of the unknown kind {kind!r}.")
    for table in _data(states.get("dynamodb", {}), "tables", region_scoped).values():
        table["ItemCount"] = sum(len(rows) for rows in table[ITEMS].values())
        table["TableSizeBytes"] = table["ItemCount"] * _ITEM_BYTES


def _data(state: _State, store: str, scope: Callable[[], Any]) -> dict[Any, Any]:
    """Return the records of a store by their whole keys."""
    records: dict[Any, Any] = state.setdefault(store, scope())._data  # noqa: SLF001  MiniStack's own save does the same
    return records


def _set_record(state: _State, scopes: Scopes, decode: Callable[[str], Any], change: Sequence[Any]) -> None:
    store, scope, key, text = change
    if scope is None:
        state[store] = None if text is None else decode(text)
    elif text is None:
        _data(state, store, scopes[scope]).pop(decode_key(key), None)
    else:
        _data(state, store, scopes[scope])[decode_key(key)] = decode(text)


def _set_table(
    state: _State, scope: Callable[[], Any], decode: Callable[[str], Any], key: str, text: str | None
) -> None:
    tables, scoped = _data(state, "tables", scope), decode_key(key)
    before = tables.pop(scoped, {})
    table = {} if text is None else decode(text)
    if before.get("LatestStreamArn") != table.get("LatestStreamArn"):
        _data(state, _UNREAD, scope).pop(scoped, None)
        _data(state, _READ, scope).pop(scoped, None)
    if text is not None:
        same = before.get("TableId") == table.get("TableId")
        tables[scoped] = {ITEMS: before.get(ITEMS, {}) if same else {}, **table}


def _set_item(tables: dict[Any, Any], key: str, partition: str, sort: str, item: Any) -> None:
    table = tables.get(decode_key(key))
    if table is None:
        return
    rows = table[ITEMS].setdefault(partition, {})
    if item is None:
        rows.pop(sort, None)
    else:
        rows[sort] = item
    if not rows:
        del table[ITEMS][partition]


def _set_stream_record(
    state: _State, scope: Callable[[], Any], key: str, position: int, record: Mapping[str, Any]
) -> None:
    scoped = decode_key(key)
    unread = _data(state, _UNREAD, scope).setdefault(scoped, [])
    read = _data(state, _READ, scope)
    if not unread:
        read[scoped] = max(position, read.get(scoped, 0))
    if position == read[scoped] + len(unread):
        unread.append(record)


def _set_group(groups: dict[Any, Any], decode: Callable[[str], Any], key: str, text: str | None) -> None:
    before = groups.pop(decode_key(key), {})
    if text is not None:
        groups[decode_key(key)] = {STREAMS: before.get(STREAMS, {}), **decode(text)}


def _set_log_events(groups: dict[Any, Any], change: Sequence[Any]) -> None:
    key, name, attributes, position, events = change
    group = groups.get(decode_key(key))
    if group is None:
        return
    if attributes is None:
        group[STREAMS].pop(name, None)
        return
    stream = group[STREAMS].setdefault(name, {"events": []})
    stream.update(attributes)
    stream["events"][position : position + len(events)] = events
