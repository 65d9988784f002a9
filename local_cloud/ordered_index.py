"""The keys of one index of a table, sorted per partition, so that a query reads only its page."""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, overload

__all__ = ["EVERYTHING", "ItemKey", "KeyRange", "OrderedIndex", "SortOrder", "prefix_end"]

ItemKey = tuple[Any, Any]
"""The partition key and the sort key of an item in its table."""

SortOrder = tuple[Any, ...]
"""The values that an item is sorted by within a partition: the index's sort key, then the table's keys. No two items share it."""

_Entry = tuple[SortOrder, ItemKey]


@dataclass(frozen=True, kw_only=True)
class KeyRange:
    """The sort keys that a query asks for; None is no bound."""

    lowest: Any = None
    highest: Any = None
    includes_lowest: bool = True
    includes_highest: bool = True


EVERYTHING: Final = KeyRange()
"""The whole partition."""


class OrderedIndex:
    """The sorted keys of one index.

    A plain list for each partition: an insertion moves 8 bytes for each key behind it, 10 µs at 20,000 keys.

    Parameters
    ----------
    entries
        Key, partition and sort order of each item that the index holds from the start.
    """

    def __init__(self, entries: Iterable[tuple[ItemKey, Any, SortOrder]] = ()) -> None:
        self._partitions: dict[Any, list[_Entry]] = {}
        self._positions: dict[ItemKey, tuple[Any, _Entry]] = {}
        for key, partition, order in entries:
            entry = (order, key)
            self._partitions.setdefault(partition, []).append(entry)
            self._positions[key] = (partition, entry)
        for partition_entries in self._partitions.values():
            partition_entries.sort()

    def put(self, key: ItemKey, partition: Any, order: SortOrder) -> None:
        """Add an item, or move it to its new position."""
        self.remove(key)
        entry = (order, key)
        insort(self._partitions.setdefault(partition, []), entry)
        self._positions[key] = (partition, entry)

    def remove(self, key: ItemKey) -> None:
        """Remove an item; do nothing if the index does not hold it."""
        if key not in self._positions:
            return
        partition, entry = self._positions.pop(key)
        entries = self._partitions[partition]
        del entries[bisect_left(entries, entry)]
        if not entries:
            del self._partitions[partition]

    def get(self, partition: Any, default: Sequence[ItemKey] = ()) -> Sequence[ItemKey]:
        """Return the keys of a partition in ascending order."""
        return [key for _, key in self._partitions.get(partition, ())] or default

    def read(
        self, partition: Any, key_range: KeyRange = EVERYTHING, *, after: SortOrder | None = None, forward: bool = True
    ) -> Iterator[ItemKey]:
        """Yield the keys of a range one by one, in the order that is asked for.

        Parameters
        ----------
        after
            Start behind this position, in the direction of reading.
        """
        entries = self._partitions.get(partition, [])
        first, end = _positions_of(entries, key_range)
        if after is not None and forward:
            first = max(first, bisect_right(entries, after, key=_order))
        elif after is not None:
            end = min(end, bisect_left(entries, after, key=_order))
        positions = range(first, end)
        for position in positions if forward else reversed(positions):
            yield entries[position][1]


@overload
def prefix_end(prefix: str) -> str | None: ...


@overload
def prefix_end(prefix: bytes) -> bytes | None: ...


def prefix_end(prefix: str | bytes) -> str | bytes | None:
    """Return the least value above every value that starts with a prefix; None if there is none."""
    highest = 0x10FFFF if isinstance(prefix, str) else 0xFF
    codes = [ord(character) for character in prefix] if isinstance(prefix, str) else list(prefix)
    while codes and codes[-1] == highest:
        codes.pop()
    if not codes:
        return None
    codes[-1] += 1
    return "".join(map(chr, codes)) if isinstance(prefix, str) else bytes(codes)


def _positions_of(entries: list[_Entry], key_range: KeyRange) -> tuple[int, int]:
    """Return the first position of a range, and the one behind its last."""
    first, end = 0, len(entries)
    if key_range.lowest is not None:
        bisect = bisect_left if key_range.includes_lowest else bisect_right
        first = bisect(entries, key_range.lowest, key=_sort_key)
    if key_range.highest is not None:
        bisect = bisect_right if key_range.includes_highest else bisect_left
        end = bisect(entries, key_range.highest, key=_sort_key)
    return first, end


def _order(entry: _Entry) -> SortOrder:
    return entry[0]


def _sort_key(entry: _Entry) -> Any:
    return entry[0][0]
