"""Refuse task definitions that Fargate refuses, because they would give access to this machine.

AWS refuses them at registration; the emulator accepts every definition. Source of each rule: Amazon ECS
developer guide, "Task definition differences for Fargate" and "Task definition parameters for Fargate".
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

__all__ = ["NotOnFargateError", "check_definition"]

_Part = Mapping[str, Any]

_PATH: Final = re.compile(r"/[\w./-]*")
"""The path of a mount; the engine would interpret a colon or a comma, as in `/home:/home`."""

_ALLOWED_CAPABILITIES: Final = frozenset({"SYS_PTRACE"})
_CONTAINER_FIELDS: Final = ("privileged", "dockerSecurityOptions", "extraHosts", "links", "volumesFrom")
_LINUX_FIELDS: Final = ("devices", "sharedMemorySize")


class NotOnFargateError(ValueError):
    """A task definition needs what Fargate does not support; the message lists it."""


def check_definition(container: _Part, task: _Part) -> None:
    """Check the definition of a container, and of its task.

    Raises
    ------
    NotOnFargateError
        If Fargate would refuse it; the message lists all reasons.
    """
    if found := [*_refused_in_task(task), *_refused_in_container(container)]:
        raise NotOnFargateError(f"CannotStartContainerError: Fargate does not grant {', '.join(found)}.")


def _refused_in_task(task: _Part) -> Iterator[str]:
    if (mode := task.get("networkMode")) == "host":
        yield f"networkMode {mode}"
    if (mode := task.get("pidMode") or "task") != "task":
        yield f"pidMode {mode}"
    if mode := task.get("ipcMode"):
        yield f"ipcMode {mode}"
    for volume in task.get("volumes") or ():
        if (volume.get("host") or {}).get("sourcePath") or volume.get("dockerVolumeConfiguration"):
            yield f"volume {volume.get('name')} from the machine"


def _refused_in_container(container: _Part) -> Iterator[str]:
    yield from (name for name in _CONTAINER_FIELDS if container.get(name))
    linux = container.get("linuxParameters") or {}
    yield from (name for name in _LINUX_FIELDS if linux.get(name))
    for name in (linux.get("capabilities") or {}).get("add") or ():
        if name not in _ALLOWED_CAPABILITIES:
            yield f"capability {name}"
    for mount in (*(container.get("mountPoints") or ()), *(linux.get("tmpfs") or ())):
        if not _PATH.fullmatch(str(mount.get("containerPath"))):
            yield f"a mount at {mount.get('containerPath')}"
