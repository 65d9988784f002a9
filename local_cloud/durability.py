"""Keep what MiniStack has acknowledged over SIGKILL: journal each change before the response to the request that made it.

MiniStack saves whole services, and only when it stops. Here a request's changes are appended to a journal, which the next start
applies to the saved state; the bodies of objects are files of their own already. What MiniStack changes without a request is
journaled when the launcher asks for it.
"""
# ruff: noqa: SLF001  private members of MiniStack are what this file is about

import json
import re
import threading
from collections.abc import Callable, Mapping
from functools import wraps
from pathlib import Path
from typing import Any, Final

from local_cloud.concurrent_changes import retry_on_concurrent_change
from local_cloud.emulator_compatibility import require
from local_cloud.journal import Journal, read_changes
from local_cloud.noted_changes import NotedChanges
from local_cloud.record_changes import RecordChanges
from local_cloud.saved_state import ITEMS, STREAMS, apply, encode_key

__all__ = ["EmulatedDurability"]

_ECS_STORES: Final = (
    "account_settings",
    "attributes",
    "capacity_providers",
    "clusters",
    "services",
    "tags",
    "task_def_latest",
    "task_defs",
)
_DYNAMODB_STORES: Final = ("tags", "ttl_settings", "pitr_settings", "resource_policies")

_REQUIRED: Final[Mapping[str, Mapping[str, tuple[str, ...] | None]]] = {
    "ministack.app": {
        "SERVICE_HANDLERS": None,
        "SERVICE_REGISTRY": None,
        "_build_persistence_save_dict": (),
        "load_state": ("service",),
        "save_all": ("services",),
    },
    "ministack.core.persistence": {
        "_json_default": ("obj",),
        "_json_object_hook": ("obj",),
        "save_state": ("service", "data"),
    },
    "ministack.core.responses": {"AccountRegionScopedDict": None, "AccountScopedDict": None},
    "ministack.services.cloudformation": {"_stacks": None},
    "ministack.services.cloudwatch_logs": {"_log_groups": None},
    "ministack.services.dynamodb": {
        "_INDEX_MEMBERS": None,
        "_tables": None,
        **dict.fromkeys(f"_{store}" for store in _DYNAMODB_STORES),
    },
    "ministack.services.ecs": dict.fromkeys(f"_{store}" for store in _ECS_STORES),
    "ministack.services.lambda_svc": {"_dynamodb_stream_positions": None},
}
"""What this file uses of MiniStack: module, name, and the first parameters of a function."""

_READS: Final = ("BatchGet", "Describe", "Filter", "Get", "Head", "List", "Query", "Scan")
"""How the names of actions begin that change nothing."""

_NOTED: Final = {"BatchWriteItem", "DeleteItem", "PutItem", "PutLogEvents", "TransactWriteItems", "UpdateItem"}
"""Actions whose changes are noted one by one."""

_UNKEPT: Final = {"PutMetricData", "TransactGetItems"}

_ACTION: Final = re.compile(rb"(?:^|&)Action=(\w+)")
_KINDS: Final = {("dynamodb", "tables"): "table", ("cloudwatch_logs", "log_groups"): "group"}
_COUNTS: Final = {"ItemCount", "TableSizeBytes"}


class EmulatedDurability:
    """The journal of MiniStack's changes.

    Parameters
    ----------
    folder
        The folder with the saved state.

    Raises
    ------
    EmulatorMismatchError
        If MiniStack lacks something that is used here.
    """

    def __init__(self, folder: Path) -> None:
        modules = require(_REQUIRED)
        self._app: Any = modules["ministack.app"]
        self._persistence: Any = modules["ministack.core.persistence"]
        self._responses: Any = modules["ministack.core.responses"]
        self._stacks: Any = modules["ministack.services.cloudformation"]._stacks
        self._logs: Any = modules["ministack.services.cloudwatch_logs"]
        self._dynamodb: Any = modules["ministack.services.dynamodb"]
        self._ecs: Any = modules["ministack.services.ecs"]
        self._lambda: Any = modules["ministack.services.lambda_svc"]
        self._folder = folder
        self._lock = threading.RLock()
        self._noted = NotedChanges(self._encode)
        self._records = RecordChanges(self._encode)
        self._services: set[str] = set()
        self._known_tables: set[str] = set()
        self._stack_statuses: dict[Any, str] = {}
        self._unwritten: list[list[Any]] = []
        self._journal: Journal

    def patch(self, *, edit: Callable[[str], str] | None = None) -> None:
        """Load the saved state with the journal of earlier processes, and journal every change from now on.

        Call this after all other patches.

        Parameters
        ----------
        edit
            Changes the text of each service's state before MiniStack loads it.
        """
        states = self._read()
        if edit is not None:
            states = {service: self._decode(edit(self._encode(state))) for service, state in states.items()}
        for service, state in states.items():
            self._records.load(service, state)
        self._journal = Journal(self._folder)
        self._app.load_state = lambda service: states.pop(service, None)
        self._app.save_all = lambda _services: self.save()
        registry = self._app.SERVICE_REGISTRY
        for name, handler in self._app.SERVICE_HANDLERS.items():
            service = registry[name].get("state_key", registry[name]["module"])
            self._app.SERVICE_HANDLERS[name] = self._journaling(service, handler)
        self._noted.patch()

    @property
    def size(self) -> int:
        """The size of the journal since the last save [bytes]."""
        return self._journal.size

    def flush(self, *, everything: bool = False) -> None:
        """Journal what has changed.

        Parameters
        ----------
        everything
            Look at every service instead of those that a request has changed.

        Raises
        ------
        OSError
            If it cannot be written; the next call tries again.
        """
        with self._lock:
            if self._noted.tables - self._known_tables:
                self._services.add("dynamodb")  # CloudFormation has created a table
                self._known_tables = set(map(encode_key, self._dynamodb._tables._data))
            marked = set(self._services)
            services = self._state_functions() if marked or everything else {}
            for service in services if everything else marked & services.keys():
                self._unwritten += self._take_records(service, services[service])
            self._unwritten += self._noted.take()
            if self._unwritten:
                self._journal.append(self._unwritten)
                self._unwritten = []

    def flush_background_work(self) -> None:
        """Journal what MiniStack changes without a request: messages, tasks and the positions of functions in streams.

        Raises
        ------
        OSError
            If it cannot be written; the next call tries again.
        """
        positions = {"dynamodb_stream_positions": self._lambda._dynamodb_stream_positions}
        with self._lock:
            self._services |= {"ecs", "sqs"}
            self._unwritten += self._record_changes("lambda", lambda: positions)
            self.flush()

    def save(self) -> None:
        """Write all state to its files, and discard the journal up to here.

        Raises
        ------
        OSError
            If a service cannot be saved; the journal stays.
        """
        with self._lock:
            self.flush(everything=True)
            earlier = self._journal.rotate()
        for service, get_state in self._app._build_persistence_save_dict().items():
            state = retry_on_concurrent_change(get_state)
            if state is not None:  # else its module failed to load
                self._save_service(service, state)
        for path in earlier:
            path.unlink()

    def _save_service(self, service: str, state: Any) -> None:
        path = self._folder / f"{service}.json"
        before = path.stat().st_ino if path.exists() else None
        self._persistence.save_state(service, state)  # logs an error instead of raising it
        if not path.exists() or path.stat().st_ino == before:
            raise OSError(f"The state of {service} cannot be saved to {path}.")

    def _read(self) -> dict[str, Any]:
        names = {path.stem for path in self._folder.glob("*.json")}
        states = {name: state for name in names if (state := self._app.load_state(name))}
        scopes = {name: getattr(self._responses, name) for name in ("AccountRegionScopedDict", "AccountScopedDict")}
        apply(read_changes(self._folder), states, scopes=scopes, decode=self._decode)
        return states

    def _journaling(self, service: str, handler: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(handler)
        async def handle(method: str, path: str, headers: Mapping[str, str], body: bytes, query: Any) -> Any:
            response = await handler(method, path, headers, body, query)
            # No `await` from here to the end of `flush`, so a transaction of DynamoDB is journaled as a whole.
            if service == "cloudformation":
                self._note_stacks()
            if _changes_records(service, method, path, _action(headers, body, query)):
                self._services.add(service)
            self.flush()
            return response

        return handle

    def _note_stacks(self) -> None:
        """Look at every service when the status of a stack has changed, because CloudFormation calls them without requests."""
        statuses = {key: stack.get("StackStatus", "") for key, stack in list(self._stacks._data.items())}
        if statuses != self._stack_statuses:
            self._stack_statuses = statuses
            self._services |= self._state_functions().keys()

    def _take_records(self, service: str, get_state: Callable[[], Any]) -> list[list[Any]]:
        self._services.discard(service)
        try:
            return self._record_changes(service, get_state)
        except Exception:
            self._services.add(service)
            raise

    def _record_changes(self, service: str, get_state: Callable[[], Any]) -> list[list[Any]]:
        found = retry_on_concurrent_change(lambda: self._records.find(service, get_state() or {}))
        tasks = self._noted.take_tasks() if service == "ecs" else ()
        return [*map(_with_kind, found), *tasks]

    def _state_functions(self) -> dict[str, Callable[[], Any]]:
        """Return what returns the records of each service, without those that are noted one by one."""
        noted = {"cloudwatch_logs": self._log_groups, "dynamodb": self._tables, "ecs": self._ecs_stores}
        return {**self._app._build_persistence_save_dict(), **noted}

    def _log_groups(self) -> dict[str, Any]:
        return {"log_groups": self._without(self._logs._log_groups, {STREAMS})}

    def _tables(self) -> dict[str, Any]:
        left_out = {self._dynamodb._INDEX_MEMBERS, ITEMS, *_COUNTS}
        others = {store: getattr(self._dynamodb, f"_{store}") for store in _DYNAMODB_STORES}
        return {"tables": self._without(self._dynamodb._tables, left_out), **others}

    def _ecs_stores(self) -> dict[str, Any]:
        return {store: getattr(self._ecs, f"_{store}") for store in _ECS_STORES}

    def _without(self, store: Any, members: set[str]) -> Any:
        """Return a copy of a store whose records lack some members."""
        copy = self._responses.AccountRegionScopedDict()
        for key, record in store.all_items():
            copy._data[key] = {name: value for name, value in record.items() if name not in members}
        return copy

    def _encode(self, value: Any) -> str:
        return json.dumps(value, default=self._persistence._json_default, separators=(",", ":"))

    def _decode(self, text: str) -> Any:
        return json.loads(text, object_hook=self._persistence._json_object_hook)


def _changes_records(service: str, method: str, path: str, action: str) -> bool:
    """Check whether a request may change records that are not noted one by one."""
    if action:
        return not action.startswith(_READS) and action not in _NOTED | _UNKEPT
    if service == "s3" and "/" in path.strip("/"):
        return False  # objects are files of their own
    return method not in ("GET", "HEAD") and not path.endswith("/invocations")


def _action(headers: Mapping[str, str], body: bytes, query: Mapping[str, Any] | None) -> str:
    """Return the name of the action; empty for services whose requests are told apart by method and path."""
    if target := headers.get("x-amz-target", ""):
        return target.rpartition(".")[2]
    if named := (query or {}).get("Action"):
        return str(named[0] if isinstance(named, list) else named)
    is_form = "x-www-form-urlencoded" in headers.get("content-type", "")
    found = _ACTION.search(body) if is_form else None
    return found[1].decode("ascii") if found else ""


def _with_kind(change: list[Any]) -> list[Any]:
    service, _, store, _, *rest = change
    kind = _KINDS.get((service, store))
    return change if kind is None else [service, kind, *rest]
