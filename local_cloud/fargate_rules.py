"""What a task definition may not ask for, because Fargate does not grant it: it would reach this machine.

AWS refuses these when a definition is registered for Fargate; the emulator takes every definition. Source of each rule: Amazon ECS
developer guide, "Task definition differences for Fargate" and "Task definition parameters for Fargate".
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

__all__ = ["NotOnFargateError", "check_definition"]

_Part = Mapping[str, Any]

_PATH: Final = re.compile(r"/[\w./-]*")
"""A mount's place; a colon or a comma would begin the engine's own syntax, as in `/home:/home`."""

_ADDABLE: Final = frozenset({"SYS_PTRACE"})
_OF_THE_CONTAINER: Final = ("privileged", "dockerSecurityOptions", "extraHosts", "links", "volumesFrom")
_OF_LINUX: Final = ("devices", "sharedMemorySize")


class NotOnFargateError(ValueError):
    """A task definition asks for what Fargate does not grant; the text says what."""


def check_definition(container: _Part, task: _Part) -> None:
    """Check a container's definition, and what it uses of its task's.

    Raises
    ------
    NotOnFargateError
        If Fargate would refuse it, naming everything.
    """
    if found := [*_asked_of_the_task(task), *_asked_of_the_container(container)]:
        raise NotOnFargateError(f"CannotStartContainerError: Fargate does not grant {', '.join(found)}.")


def _asked_of_the_task(task: _Part) -> Iterator[str]:
    if (mode := task.get("networkMode")) == "host":
        yield f"networkMode {mode}"
    if (mode := task.get("pidMode") or "task") != "task":
        yield f"pidMode {mode}"
    if mode := task.get("ipcMode"):
        yield f"ipcMode {mode}"
    for volume in task.get("volumes") or ():
        if (volume.get("host") or {}).get("sourcePath") or volume.get("dockerVolumeConfiguration"):
            yield f"volume {volume.get('name')} from the machine"


def _asked_of_the_container(container: _Part) -> Iterator[str]:
    yield from (name for name in _OF_THE_CONTAINER if container.get(name))
    linux = container.get("linuxParameters") or {}
    yield from (name for name in _OF_LINUX if linux.get(name))
    for name in (linux.get("capabilities") or {}).get("add") or ():
        if name not in _ADDABLE:
            yield f"capability {name}"
    for each in (*(container.get("mountPoints") or ()), *(linux.get("tmpfs") or ())):
        if not _PATH.fullmatch(str(each.get("containerPath"))):
            yield f"a mount at {each.get('containerPath')}"
