"""DynamoDB's streams over a restart of the emulator: what no function has read yet is kept.

MiniStack remembers how far each function has read, but not the records: after a restart it would wait, far beyond the end of
the stream, till as many have come again.
"""
# ruff: noqa: SLF001  private members of MiniStack are what this file is about

from collections.abc import Callable, Mapping
from typing import Any, Final

from local_cloud.emulator_internals import require

__all__ = ["EmulatedStreams"]

_NEEDED: Final[Mapping[str, Mapping[str, tuple[str, ...] | None]]] = {
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
"""Module, name, and the first parameters where it is a function: what this file uses of MiniStack."""

_Stream = tuple[str, str, str]
"""Account, region and table."""


class EmulatedStreams:
    """MiniStack's streams of tables.

    Raises
    ------
    EmulatorMismatchError
        If something that is used here is missing, naming each.
    """

    def __init__(self) -> None:
        modules = require(_NEEDED)
        self._dynamodb: Any = modules["ministack.services.dynamodb"]
        self._lambda: Any = modules["ministack.services.lambda_svc"]

    def mend(self) -> None:
        """Have unread records saved and loaded with the tables; call it before any state is loaded."""
        self._dynamodb.get_state = self._with_unread(self._dynamodb.get_state)
        self._dynamodb.load_persisted_state = self._loading_unread(self._dynamodb.load_persisted_state)
        self._lambda.load_persisted_state = self._then_within_the_streams(self._lambda.load_persisted_state)

    def _with_unread(self, get_state: Callable[[], dict[str, Any]]) -> Callable[[], dict[str, Any]]:
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

    def _then_within_the_streams(self, load: Callable[[Mapping[str, Any]], Any]) -> Callable[[Mapping[str, Any]], Any]:
        """After SIGKILL the functions' state may be newer than the tables': nobody has read beyond the end of a stream."""

        def load_then_set_back(data: Mapping[str, Any]) -> None:
            load(data)
            for key, position in self._lambda._dynamodb_stream_positions.all_items():
                stream = self._stream_of(key)
                end = self._end(stream) if stream else position
                self._lambda._dynamodb_stream_positions.set_scoped(*key, min(position, end))

        return load_then_set_back

    def _read_positions(self) -> dict[_Stream, list[int]]:
        """Give how far each reader of each stream is."""
        found: dict[_Stream, list[int]] = {}
        for key, position in self._lambda._dynamodb_stream_positions.all_items():
            stream = self._stream_of(key)
            if stream is not None:
                found.setdefault(stream, []).append(position)
        return found

    def _stream_of(self, key: tuple[str, str, str]) -> _Stream | None:
        """Find the stream that an event source mapping (account, region, id) reads; none if the mapping is gone."""
        mapping = self._lambda._esms.get_scoped(*key)
        return None if mapping is None else (key[0], key[1], mapping["EventSourceArn"].split("/")[1])

    def _end(self, stream: _Stream) -> int:
        records = self._dynamodb._stream_records.get_scoped(*stream) or []
        return int(self._dynamodb._stream_trimmed.get_scoped(*stream, 0)) + len(records)
