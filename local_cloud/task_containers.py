"""Patch how MiniStack's ECS turns a task definition into containers.

MiniStack's CloudFormation does not convert the case of some members of a container definition. Its ECS passes neither limits, user
nor file systems to the container engine, and does not report that a container ran out of memory. This module adds all three as
ECS documents them; the process engine uses only the first and has no limits.
"""
# ruff: noqa: SLF001  private members of MiniStack are what this file is about

import inspect
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, Final

from local_cloud.container_options import ContainerOptions
from local_cloud.emulator_compatibility import require

__all__ = ["TaskContainers"]

_REQUIRED: Final[Mapping[str, Mapping[str, tuple[str, ...] | None]]] = {
    "ministack.services.cloudformation.provisioners": {
        "_normalize_container_defs": ("cdefs",),
        "_pascal_to_camel": ("obj",),
    },
    "ministack.services.ecs": {
        "_build_run_kwargs": ("cdef", "td", "env", "port_bindings", "ecs_network", "host_mode", "task_id", "task_arn"),
        "_mark_task_stopped": ("task_arn", "task", "reason", "stop_code"),
        "_tasks": None,
    },
}

_NESTED: Final = ("linuxParameters", "secrets", "ulimits")
"""Members whose own members MiniStack leaves in the case of the template."""

_OUT_OF_MEMORY: Final = "OutOfMemoryError: Container killed due to memory usage"
"""The `reason` of a container that ran out of memory (Amazon ECS developer guide, troubleshooting OutOfMemoryError errors)."""


class TaskContainers:
    """Patch how MiniStack starts containers and reports their end. Call `patch` before that of `Emulator`.

    Raises
    ------
    EmulatorMismatchError
        If MiniStack lacks something that is used here.
    """

    def __init__(self) -> None:
        modules = require(_REQUIRED)
        self._ecs: Any = modules["ministack.services.ecs"]
        self._cloudformation: Any = modules["ministack.services.cloudformation.provisioners"]

    def patch(self, engine: Any) -> None:
        """Replace the functions; `engine` is the emulator's Docker client."""
        self._cloudformation._normalize_container_defs = self._with_api_case(
            self._cloudformation._normalize_container_defs
        )
        self._ecs._build_run_kwargs = self._with_options(self._ecs._build_run_kwargs)
        self._ecs._mark_task_stopped = self._with_reasons(self._ecs._mark_task_stopped, engine)

    def _with_api_case(self, normalize: Callable[..., list[dict[str, Any]]]) -> Callable[..., list[dict[str, Any]]]:
        @wraps(normalize)
        def normalize_all(cdefs: Any) -> list[dict[str, Any]]:
            definitions = normalize(cdefs)
            for definition in definitions:
                nested = {name: definition[name] for name in _NESTED if name in definition}
                definition.update(self._cloudformation._pascal_to_camel(nested))
            return definitions

        return normalize_all

    def _with_options(self, build: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
        parameters = inspect.signature(build)

        @wraps(build)
        def build_with_options(*args: Any, **kwargs: Any) -> dict[str, Any]:
            arguments = parameters.bind(*args, **kwargs).arguments
            overrides = self._ecs._tasks[arguments["task_arn"]].get("overrides") or {}
            return {
                **build(*args, **kwargs),
                "options": ContainerOptions.from_definition(arguments["cdef"], arguments["td"], overrides),
            }

        return build_with_options

    def _with_reasons(self, mark: Callable[..., bool], engine: Any) -> Callable[..., bool]:
        @wraps(mark)
        def mark_with_reasons(task_arn: str, task: dict[str, Any], *args: Any, **kwargs: Any) -> bool:
            for index, identifier in enumerate(task.get("_docker_ids") or ()):
                container = engine.containers.get(identifier)
                if getattr(container, "out_of_memory", False):
                    task["containers"][index]["reason"] = _OUT_OF_MEMORY
            return mark(task_arn, task, *args, **kwargs)

        return mark_with_reasons
