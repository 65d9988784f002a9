"""What MiniStack's ECS leaves out between a task definition and its containers.

It passes neither limits, user nor file systems to its container engine, and never says that memory ran out. Both are added
here from what ECS documents; the engine that runs tasks as processes has no use for the first.
"""
# ruff: noqa: SLF001  private members of MiniStack are what this file is about

import inspect
from collections.abc import Callable, Mapping
from typing import Any, Final

from local_cloud.container_options import ContainerOptions
from local_cloud.internals import require

__all__ = ["TaskContainers"]

_NEEDED: Final[Mapping[str, Mapping[str, tuple[str, ...] | None]]] = {
    "ministack.services.ecs": {
        "_build_run_kwargs": ("cdef", "td", "env", "port_bindings", "ecs_network", "host_mode", "task_id", "task_arn"),
        "_mark_task_stopped": ("task_arn", "task", "reason", "stop_code"),
        "_tasks": None,
    }
}

_OUT_OF_MEMORY: Final = "OutOfMemoryError: Container killed due to memory usage"
"""A container's `reason` then (Amazon ECS developer guide, troubleshooting OutOfMemoryError errors)."""


class TaskContainers:
    """Completes what MiniStack asks of its engine, and what it tells of a container's end. Mend it before `Emulator`.

    Raises
    ------
    EmulatorMismatchError
        If something that is used here is missing.
    """

    def __init__(self) -> None:
        self._ecs: Any = require(_NEEDED)["ministack.services.ecs"]

    def mend(self, engine: Any) -> None:
        """Replace the two functions; `engine` is what the emulator gets as its Docker client."""
        self._ecs._build_run_kwargs = self._with_options(self._ecs._build_run_kwargs)
        self._ecs._mark_task_stopped = self._with_reasons(self._ecs._mark_task_stopped, engine)

    def _with_options(self, build: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
        parameters = inspect.signature(build)

        def build_with_options(*args: Any, **kwargs: Any) -> dict[str, Any]:
            given = parameters.bind(*args, **kwargs).arguments
            overrides = self._ecs._tasks[given["task_arn"]].get("overrides") or {}
            return {
                **build(*args, **kwargs),
                "options": ContainerOptions.of(given["cdef"], given["td"], overrides),
            }

        return build_with_options

    def _with_reasons(self, mark: Callable[..., bool], engine: Any) -> Callable[..., bool]:
        def mark_with_reasons(task_arn: str, task: dict[str, Any], *args: Any, **kwargs: Any) -> bool:
            for place, identifier in enumerate(task.get("_docker_ids") or ()):
                container = engine.containers.get(identifier)
                if getattr(container, "out_of_memory", False):
                    task["containers"][place]["reason"] = _OUT_OF_MEMORY
            return mark(task_arn, task, *args, **kwargs)

        return mark_with_reasons
