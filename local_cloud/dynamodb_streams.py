"""Keep unread records of DynamoDB streams over a restart of the emulator.

MiniStack saves the position of each function in a stream, but not the records. After a restart it would wait at a position far
beyond the end of the stream.
"""
# ruff: noqa: SLF001  private members of MiniStack are what this file is about

from collections.abc import Callable, Mapping
from typing import Any, Final

from local_cloud.emulator_compatibility import require

__all__ = ["EmulatedStreams"]

_REQUIRED: Final[Mapping[str, Mapping[str, tuple[str, ...] | None]]] = {
    "ministack.services.dynamodb": {
        "_stream_records": None,
        "_stream_trimmed": None,
        "get_state": (),
        "load_persisted_state": ("data",),
    },
    "ministack.services.lambda_svc": {
        "_dynamodb_stream_positions": None,
        "_esms": None,
        "load_persisted_state": ("data",),
    },
}
"""What this file uses of MiniStack: module, name, and the first parameters of a function."""

_Stream = tuple[str, str, str]
"""The account, region and table of a stream."""


class EmulatedStreams:
    """MiniStack's DynamoDB streams.

    Raises
    ------
    EmulatorMismatchError
        If MiniStack lacks something that is used here.
    """

    def __init__(self) -> None:
        modules = require(_REQUIRED)
        self._dynamodb: Any = modules["ministack.services.dynamodb"]
        self._lambda: Any = modules["ministack.services.lambda_svc"]

    def patch(self) -> None:
        """Save and load unread records with the tables; call this before state is loaded."""
        self._dynamodb.get_state = self._saving_unread(self._dynamodb.get_state)
        self._dynamodb.load_persisted_state = self._loading_unread(self._dynamodb.load_persisted_state)
        self._lambda.load_persisted_state = self._limiting_positions(self._lambda.load_persisted_state)

    def _saving_unread(self, get_state: Callable[[], dict[str, Any]]) -> Callable[[], dict[str, Any]]:
        def get_state_with_unread() -> dict[str, Any]:
            scoped = type(self._dynamodb._stream_records)
            unread, before = scoped(), scoped()
            positions = self._read_positions()
            for stream, records in self._dynamodb._stream_records.all_items():
                trimmed = self._dynamodb._stream_trimmed.get_scoped(*stream, 0)
                first = max(min(positions.get(stream, [trimmed + len(records)])), trimmed)
                unread.set_scoped(*stream, records[first - trimmed :])
                before.set_scoped(*stream, first)
            return {**get_state(), "unread_stream_records": unread, "read_stream_records": before}

        return get_state_with_unread

    def _loading_unread(self, load: Callable[[Mapping[str, Any]], Any]) -> Callable[[Mapping[str, Any]], Any]:
        def load_with_unread(data: Mapping[str, Any]) -> None:
            load(data)
            self._dynamodb._stream_records.update(data.get("unread_stream_records", {}))
            self._dynamodb._stream_trimmed.update(data.get("read_stream_records", {}))

        return load_with_unread

    def _limiting_positions(self, load: Callable[[Mapping[str, Any]], Any]) -> Callable[[Mapping[str, Any]], Any]:
        """Move positions beyond the end of a stream back to its end: after SIGKILL the functions' state may be newer than the tables'."""

        def load_and_limit(data: Mapping[str, Any]) -> None:
            load(data)
            for key, position in self._lambda._dynamodb_stream_positions.all_items():
                stream = self._stream_of(key)
                end = self._end(stream) if stream else position
                self._lambda._dynamodb_stream_positions.set_scoped(*key, min(position, end))

        return load_and_limit

    def _read_positions(self) -> dict[_Stream, list[int]]:
        """Return the position of each reader of each stream."""
        found: dict[_Stream, list[int]] = {}
        for key, position in self._lambda._dynamodb_stream_positions.all_items():
            stream = self._stream_of(key)
            if stream is not None:
                found.setdefault(stream, []).append(position)
        return found

    def _stream_of(self, key: tuple[str, str, str]) -> _Stream | None:
        """Return the stream of an event source mapping (account, region, id), or None if the mapping does not exist any more."""
        mapping = self._lambda._esms.get_scoped(*key)
        return None if mapping is None else (key[0], key[1], mapping["EventSourceArn"].split("/")[1])

    def _end(self, stream: _Stream) -> int:
        records = self._dynamodb._stream_records.get_scoped(*stream) or []
        return int(self._dynamodb._stream_trimmed.get_scoped(*stream, 0)) + len(records)
