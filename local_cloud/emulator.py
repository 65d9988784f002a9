"""Patch MiniStack, which runs in this process, with what the service needs and MiniStack lacks.

In this file: a container engine, task state change events, a StopTask that waits for the process, the client token of RunTask,
expired items in a table's stream, and one more resource type of CloudFormation.
Saved state is in `durability.py`, queries are in `dynamodb_queries.py`, streams in `dynamodb_streams.py`, schedules in `scheduler.py`, permissions in `authorization.py`,
tasks in `task_containers.py` and `task_secrets.py`. Each checks what it patches, and refuses another version of MiniStack.
"""
# ruff: noqa: SLF001  private members of MiniStack are what this file is about

import hashlib
import json
import threading
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, Final

from local_cloud.concurrent_changes import retry_on_concurrent_change
from local_cloud.container_engine import ContainerEngine
from local_cloud.emulator_compatibility import EmulatorMismatchError, require
from local_cloud.process_engine import ProcessEngine

__all__ = ["Emulator", "EmulatorMismatchError"]

_EXPIRY_THREAD: Final = "dynamodb-ttl-reaper"
"""MiniStack's thread that deletes expired items, once a minute."""

_LOST_REASON: Final = "The local cloud was stopped while the task ran."
_DEFAULT_STOP_SECONDS: Final = 30
"""Fargate's default time between SIGTERM and SIGKILL [s]."""

_REQUIRED: Final[Mapping[str, Mapping[str, tuple[str, ...] | None]]] = {
    "ministack.app": {"app": None},
    "ministack.core.concurrency": {"resource_lock": ("scope", "key")},
    "ministack.core.responses": {
        "get_account_id": (),
        "get_region": (),
        "json_response": ("data", "status"),
        "now_iso": (),
        "request_scope": ("account_id", "region"),
    },
    "ministack.services.cloudformation.provisioners": {"_RESOURCE_HANDLERS": None, "_pascal_to_camel": ()},
    "ministack.services.dynamodb": {
        "_emit_stream_event": ("table_name", "event_name", "old_item", "new_item"),
        "_remove_item": ("table", "pk_val", "sk_val"),
    },
    "ministack.services.ecs": {
        "_ACTION_MAP": None,
        "_bump_task_version": ("task",),
        "_docker": None,
        "_mark_task_pending": ("task_arn", "task"),
        "_mark_task_running": ("task_arn", "task"),
        "_mark_task_stopped": ("task_arn", "task", "reason", "stop_code"),
        "_resolve_cluster_name": ("ref",),
        "_resolve_task": ("ref", "cluster_name"),
        "_sanitize": ("obj",),
        "_put_cluster_capacity_providers": ("data",),
        "_task_defs": None,
        "_tasks": None,
    },
    "ministack.services.eventbridge": {"_put_events": ("data", "allow_aws_source")},
}
"""What this file uses of MiniStack: module, name, and the first parameters of a function."""


class Emulator:
    """MiniStack with its patches.

    Raises
    ------
    EmulatorMismatchError
        If MiniStack lacks something that is used here.
    """

    def __init__(self) -> None:
        modules = require(_REQUIRED)
        self._app: Any = modules["ministack.app"]
        self._concurrency: Any = modules["ministack.core.concurrency"]
        self._responses: Any = modules["ministack.core.responses"]
        self._cloudformation: Any = modules["ministack.services.cloudformation.provisioners"]
        self._dynamodb: Any = modules["ministack.services.dynamodb"]
        self._ecs: Any = modules["ministack.services.ecs"]
        self._events: Any = modules["ministack.services.eventbridge"]
        self._launching = threading.Lock()
        self._run_task: Callable[[Any], Any] = self._ecs._ACTION_MAP["RunTask"]
        self._stop_task: Callable[[Any], Any] = self._ecs._ACTION_MAP["StopTask"]

    @property
    def application(self) -> Any:
        """The ASGI application that handles every request."""
        return self._app.app

    def patch(self, engine: ProcessEngine | ContainerEngine) -> None:
        """Set the container engine, and replace what differs from AWS."""
        self._ecs._docker = engine
        self._ecs._ACTION_MAP["RunTask"] = self._run_task_once
        self._ecs._ACTION_MAP["StopTask"] = self._stop_task_and_wait
        for name in ("_mark_task_pending", "_mark_task_running", "_mark_task_stopped"):
            setattr(self._ecs, name, self._with_events(getattr(self._ecs, name)))
        self._patch_resource_types(self._cloudformation._RESOURCE_HANDLERS)
        self._dynamodb._remove_item = self._with_stream_records(self._dynamodb._remove_item)

    def stop_orphaned_tasks(self) -> int:
        """Mark every task whose process ended with an earlier emulator as stopped, and publish it; return their number."""
        orphaned = [(*key[:2], task) for key, task in self._ecs._tasks.all_items() if not task.get("stoppedAt")]
        for account, region, task in orphaned:
            now = self._responses.now_iso()
            task.update(
                desiredStatus="STOPPED", stoppedAt=now, stoppedReason=_LOST_REASON, stopCode="EssentialContainerExited"
            )
            for container in task["containers"]:
                container["lastStatus"] = "STOPPED"
            with self._responses.request_scope(account, region):
                self._publish(task)
        return len(orphaned)

    def _with_events(self, mark: Callable[..., bool]) -> Callable[..., bool]:
        def mark_and_publish(task_arn: str, task: dict[str, Any], *args: Any, **kwargs: Any) -> bool:
            # The start of another task must not make this one fail.
            before = task.get("lastStatus")
            changed = (
                retry_on_concurrent_change(lambda: mark(task_arn, task, *args, **kwargs))
                or task.get("lastStatus") != before
            )
            if changed:
                retry_on_concurrent_change(lambda: self._publish(task))
            return changed

        return mark_and_publish

    def _publish(self, task: dict[str, Any]) -> None:
        """Publish an `ECS Task State Change` event on EventBridge, as ECS does after each change."""
        with self._task_lock(task):
            detail = {**self._ecs._sanitize(task), "updatedAt": self._responses.now_iso()}
        entry = {
            "Source": "aws.ecs",
            "DetailType": "ECS Task State Change",
            "Detail": json.dumps(detail),
            "Resources": [task["taskArn"]],
        }
        self._events._put_events({"Entries": [entry]}, allow_aws_source=True)

    def _run_task_once(self, data: dict[str, Any]) -> Any:
        """Return the tasks of the first call for a repeated client token; refuse a token of a different request."""
        token = data.get("clientToken")
        if not token:
            return self._run_task(data)
        request = {name: value for name, value in data.items() if name != "clientToken"}
        mark = (token, hashlib.sha256(json.dumps(request, sort_keys=True).encode()).hexdigest())
        with self._launching:
            earlier = [task for task in self._ecs._tasks.values() if task.get("_client_token", ("",))[0] == token]
            if earlier:
                return self._repeated_response(earlier, mark)
            response = self._run_task(data)
            for started in json.loads(response[2]).get("tasks", ()):
                self._ecs._tasks[started["taskArn"]]["_client_token"] = mark
            return response

    def _repeated_response(self, earlier: list[dict[str, Any]], mark: tuple[str, str]) -> Any:
        if all(tuple(task["_client_token"]) == mark for task in earlier):
            return self._responses.json_response(
                {"tasks": [self._ecs._sanitize(task) for task in earlier], "failures": []}
            )
        conflict = {
            "__type": "ConflictException",
            "message": "The provided clientToken is already in use with a different RunTask request.",
            "resourceIds": [task["taskArn"] for task in earlier],
        }
        return self._responses.json_response(conflict, 400)

    def _stop_task_and_wait(self, data: dict[str, Any]) -> Any:
        """Mark a task as stopping; mark it as STOPPED, with its exit code, when its processes have ended."""
        cluster = self._ecs._resolve_cluster_name(data.get("cluster", "default"))
        task = self._ecs._resolve_task(data.get("task", ""), cluster)
        if task is None or task["lastStatus"] != "RUNNING":
            return self._stop_task(data)
        reason = data.get("reason", "Task stopped by user")
        with self._task_lock(task):
            repeated = task["desiredStatus"] == "STOPPED"
            if not repeated:
                self._ecs._bump_task_version(task)
                task.update(
                    desiredStatus="STOPPED",
                    stoppingAt=self._responses.now_iso(),
                    stopCode="UserInitiated",
                    stoppedReason=reason,
                )
        if not repeated:
            scope = (self._responses.get_account_id(), self._responses.get_region())
            threading.Thread(target=self._end_task, args=(task, reason, scope), daemon=True).start()
        return self._responses.json_response({"task": self._ecs._sanitize(task)})

    def _end_task(self, task: dict[str, Any], reason: str, scope: tuple[str, str]) -> None:
        with self._responses.request_scope(*scope):
            definition = self._ecs._task_defs.get(task["taskDefinitionArn"].rpartition("/")[2]) or {}
            stop_seconds = [
                container.get("stopTimeout", _DEFAULT_STOP_SECONDS)
                for container in definition.get("containerDefinitions", ())
            ]
            for index, identifier in enumerate(task["_docker_ids"]):
                container = self._ecs._docker.containers.get(identifier)
                container.stop(timeout=stop_seconds[index] if index < len(stop_seconds) else _DEFAULT_STOP_SECONDS)
                task["containers"][index]["exitCode"] = container.wait()["StatusCode"]
            task["desiredStatus"] = "RUNNING"  # else MiniStack considers the task stopped already
            self._ecs._mark_task_stopped(task["taskArn"], task, reason, "UserInitiated")

    def _patch_resource_types(self, handlers: dict[str, dict[str, Any]]) -> None:
        """Add the resource type that MiniStack's CloudFormation lacks, and ignore alarms on several metrics."""
        handlers["AWS::ECS::ClusterCapacityProviderAssociations"] = {
            "create": self._associate_capacity_providers,
            "delete": lambda _physical_id, _properties: None,
        }
        alarm = handlers["AWS::CloudWatch::Alarm"]
        create, update = alarm["create"], alarm["update"]

        def create_supported(name: str, properties: dict[str, Any], stack: str) -> Any:
            return (f"{stack}-{name}", {}) if "Metrics" in properties else create(name, properties, stack)

        def update_supported(
            physical_id: str, old: dict[str, Any], new: dict[str, Any], *rest: Any, **named: Any
        ) -> Any:
            return (physical_id, {}) if "Metrics" in new else update(physical_id, old, new, *rest, **named)

        handlers["AWS::CloudWatch::Alarm"] = {**alarm, "create": create_supported, "update": update_supported}

    def _associate_capacity_providers(
        self, _name: str, properties: dict[str, Any], _stack: str
    ) -> tuple[str, dict[str, str]]:
        """Provision the resource type that MiniStack's CloudFormation lacks; an update runs it again."""
        request = {
            "cluster": properties["Cluster"],
            "capacityProviders": properties["CapacityProviders"],
            "defaultCapacityProviderStrategy": self._cloudformation._pascal_to_camel(
                properties["DefaultCapacityProviderStrategy"]
            ),
        }
        self._ecs._put_cluster_capacity_providers(request)
        return properties["Cluster"], {}

    def _with_stream_records(self, remove: Callable[..., Any]) -> Callable[..., Any]:
        """Add items that expire to the table's stream, as DynamoDB does (but without `userIdentity`)."""

        @wraps(remove)
        def remove_and_record(table: dict[str, Any], partition: Any, sort: Any) -> Any:
            removed = remove(table, partition, sort)
            if removed is not None and threading.current_thread().name == _EXPIRY_THREAD:
                region, account = table["TableArn"].split(":")[3:5]
                with self._responses.request_scope(account, region):
                    self._dynamodb._emit_stream_event(table["TableName"], "REMOVE", removed, None)
            return removed

        return remove_and_record

    def _task_lock(self, task: dict[str, Any]) -> Any:
        return self._concurrency.resource_lock("ecs-task", task["taskArn"])
