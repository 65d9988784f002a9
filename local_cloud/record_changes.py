"""Find the records of MiniStack's services that have changed since the last look."""

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

from local_cloud.saved_state import encode_key

__all__ = ["RecordChanges"]

_Place = tuple[str, str | None, str]
"""Store, its class if it has records by account, and the key of the record."""


class RecordChanges:
    """The records that were there at the last look, with a digest of each.

    Parameters
    ----------
    encode
        Returns the text of a value.
    """

    def __init__(self, encode: Callable[[Any], str]) -> None:
        self._encode = encode
        self._seen: dict[str, dict[_Place, bytes]] = {}

    def load(self, service: str, state: Mapping[str, Any]) -> None:
        """Remember which records a service starts with; each counts as changed at the next look."""
        self._seen[service] = {place: b"" for place, _ in _records(state)}

    def find(self, service: str, state: Mapping[str, Any]) -> list[list[Any]]:
        """Return the changes since the last look at these stores of a service, as `saved_state.apply` understands them."""
        seen = self._seen.setdefault(service, {})
        gone = {place for place in seen if place[0] in state}
        found: dict[_Place, bytes] = {}
        changes: list[list[Any]] = []
        for place, value in _records(state):
            gone.discard(place)
            text = self._encode(value)
            digest = hashlib.blake2b(text.encode(), digest_size=16).digest()
            if seen.get(place) != digest:
                found[place] = digest
                changes.append([service, "record", *place, text])
        changes += [[service, "record", *place, None] for place in gone]
        # Only now, so that a look that fails half-way finds the same again.
        seen.update(found)
        for place in gone:
            del seen[place]
        return changes


def _records(state: Mapping[str, Any]) -> list[tuple[_Place, Any]]:
    found: list[tuple[_Place, Any]] = []
    for store, value in state.items():
        records = getattr(value, "_data", None)
        if records is None:
            found.append(((store, None, ""), value))
        else:
            scope = type(value).__name__
            found.extend(((store, scope, encode_key(key)), record) for key, record in list(records.items()))
    return found
