"""Note what MiniStack changes one by one: items of tables, records of their streams, events of logs, and tasks.

These are many, so the services that hold them are not looked at as a whole after each request.
"""
# ruff: noqa: SLF001  private members of MiniStack are what this file is about

import threading
from collections.abc import Callable, Iterable, Mapping
from functools import partial, wraps
from typing import Any, Final

from local_cloud.concurrent_changes import retry_on_concurrent_change
from local_cloud.emulator_compatibility import require
from local_cloud.saved_state import ITEMS, STREAMS, encode_key

__all__ = ["NotedChanges"]

_REQUIRED: Final[Mapping[str, Mapping[str, tuple[str, ...] | None]]] = {
    "ministack.core.responses": {"get_account_id": (), "get_region": ()},
    "ministack.services.cloudwatch_logs": {
        "_create_log_stream": ("data",),
        "_delete_log_stream": ("data",),
        "_log_groups": None,
        "_put_log_events": ("data",),
    },
    "ministack.services.dynamodb": {
        "_emit_stream_event": ("table_name", "event_name", "old_item", "new_item"),
        "_remove_item": ("table", "pk_val", "sk_val"),
        "_set_item": ("table", "pk_val", "sk_val", "item"),
        "_stream_records": None,
        "_stream_trimmed": None,
    },
    "ministack.services.ecs": {"_tasks": None},
}
"""What this file uses of MiniStack: module, name, and the first parameters of a function."""

_TASK_VERSION: Final = ("version", "lastStatus", "desiredStatus", "stoppedAt", "_client_token")
"""Members of a task of which one changes with each change of the task."""

_UNSAVED_TASK: Final = ("_docker_ids", "_metadata_tokens", "_container_ip")
"""Members of a task that are valid only as long as MiniStack runs."""

_Change = list[Any]


class NotedChanges:
    """The changes that have not been taken yet.

    Parameters
    ----------
    encode
        Returns the text of a value.

    Raises
    ------
    EmulatorMismatchError
        If MiniStack lacks something that is used here.
    """

    def __init__(self, encode: Callable[[Any], str]) -> None:
        modules = require(_REQUIRED)
        self._responses: Any = modules["ministack.core.responses"]
        self._logs: Any = modules["ministack.services.cloudwatch_logs"]
        self._dynamodb: Any = modules["ministack.services.dynamodb"]
        self._ecs: Any = modules["ministack.services.ecs"]
        self._encode = encode
        self._lock = threading.Lock()
        self._items: dict[tuple[str, Any, Any], dict[str, Any]] = {}
        self._streams: dict[Any, int] = {}
        self._log_streams: dict[tuple[Any, str], int] = {}
        self._task_versions: dict[Any, list[Any]] = {}

    def patch(self) -> None:
        """Note every change from now on."""
        for name in ("_set_item", "_remove_item"):
            setattr(self._dynamodb, name, self._noting_item(getattr(self._dynamodb, name)))
        self._dynamodb._emit_stream_event = self._noting_stream(self._dynamodb._emit_stream_event)
        for name in ("_create_log_stream", "_delete_log_stream", "_put_log_events"):
            setattr(self._logs, name, self._noting_log(getattr(self._logs, name)))

    @property
    def tables(self) -> set[str]:
        """The keys of the tables whose items have changed."""
        with self._lock:
            return {key for key, _, _ in self._items}

    def take(self) -> list[_Change]:
        """Return the changes since the last call, with the values of now."""
        with self._lock:
            items, self._items = self._items, {}
            streams, self._streams = self._streams, {}
            logs, self._log_streams = self._log_streams, {}
        return [
            *(self._item_change(key, partition, sort, table) for (key, partition, sort), table in items.items()),
            *(change for key, position in streams.items() for change in self._stream_changes(key, position)),
            *(self._log_change(key, name, position) for (key, name), position in logs.items()),
        ]

    def take_tasks(self) -> Iterable[_Change]:
        """Yield the tasks that have changed. Their versions are compared, because stopped tasks remain and become many."""
        for key, task in self._ecs._tasks.all_items():
            version = [task.get(name) for name in _TASK_VERSION]
            if self._task_versions.get(key) != version:
                self._task_versions[key] = version
                text = retry_on_concurrent_change(partial(self._encode_task, task))
                yield ["ecs", "record", "tasks", "AccountRegionScopedDict", encode_key(key), text]

    def _encode_task(self, task: Mapping[str, Any]) -> str:
        return self._encode(_without(task, _UNSAVED_TASK))

    def _noting_item(self, change: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(change)
        def change_and_note(table: dict[str, Any], partition: Any, sort: Any, *args: Any) -> Any:
            result = change(table, partition, sort, *args)
            region, account = table["TableArn"].split(":")[3:5]
            with self._lock:
                self._items[encode_key((account, region, table["TableName"])), partition, sort] = table
            return result

        return change_and_note

    def _noting_stream(self, emit: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(emit)
        def emit_and_note(table_name: str, *args: Any, **named: Any) -> Any:
            key = (*self._scope(), table_name)
            end = self._trimmed(key) + len(self._records(key))
            result = emit(table_name, *args, **named)
            with self._lock:
                self._streams.setdefault(key, end)
            return result

        return emit_and_note

    def _noting_log(self, change: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(change)
        def change_and_note(data: dict[str, Any]) -> Any:
            key, name = (*self._scope(), data.get("logGroupName")), str(data.get("logStreamName"))
            before = self._log_stream(key, name)
            events = before["events"] if before else []
            position = len(events)
            response = change(data)
            after = self._log_stream(key, name)
            if after is not None and after["events"] is not events:
                position = 0  # late events were merged into the others
            with self._lock:
                self._log_streams[key, name] = min(position, self._log_streams.get((key, name), position))
            return response

        return change_and_note

    def _item_change(self, key: str, partition: Any, sort: Any, table: Mapping[str, Any]) -> _Change:
        return ["dynamodb", "item", key, partition, sort, table[ITEMS].get(partition, {}).get(sort)]

    def _stream_changes(self, key: Any, position: int) -> Iterable[_Change]:
        trimmed, records = self._trimmed(key), self._records(key)
        for index in range(max(position - trimmed, 0), len(records)):
            yield ["dynamodb", "stream", encode_key(key), trimmed + index, records[index]]

    def _log_change(self, key: Any, name: str, position: int) -> _Change:
        stream = self._log_stream(key, name)
        attributes = None if stream is None else _without(stream, ("events",))
        events = [] if stream is None else stream["events"][position:]
        return ["cloudwatch_logs", "log", encode_key(key), name, attributes, position, events]

    def _records(self, key: Any) -> list[Any]:
        records: list[Any] | None = self._dynamodb._stream_records.get_scoped(*key)
        return records or []

    def _trimmed(self, key: Any) -> int:
        return int(self._dynamodb._stream_trimmed.get_scoped(*key, 0))

    def _log_stream(self, key: Any, name: str) -> dict[str, Any] | None:
        group = self._logs._log_groups.get_scoped(*key) or {STREAMS: {}}
        stream: dict[str, Any] | None = group[STREAMS].get(name)
        return stream

    def _scope(self) -> tuple[str, str]:
        return self._responses.get_account_id(), self._responses.get_region()


def _without(record: Mapping[str, Any], members: Iterable[str]) -> dict[str, Any]:
    return {name: value for name, value in record.items() if name not in members}
