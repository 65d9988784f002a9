"""Translate a container definition of ECS into arguments of `docker run` or `podman run`.

Limits, user, file systems and capabilities; the names are those of the ECS API (Amazon ECS API reference, `ContainerDefinition`, `TaskDefinition`, `TaskOverride`).
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from resource import RLIM_INFINITY, RLIMIT_NOFILE, RLIMIT_NPROC, getrlimit
from typing import Any, Final, Self

from local_cloud.fargate_rules import check_definition

__all__ = ["ContainerOptions"]

_CPU_UNITS: Final = 1024
"""CPU units of one vCPU."""

_OPEN_FILES: Final = 65535
"""Fargate's default for `nofile` (Amazon ECS developer guide, task definition differences for Fargate)."""

_PID_MAX: Final = Path("/proc/sys/kernel/pid_max")
_FEWEST_PIDS: Final = 4096
"""The default for systems without that file."""


@dataclass(frozen=True, kw_only=True)
class ContainerOptions:
    """The options of one container."""

    memory_mib: int | None = None
    """Memory limit without swap [MiB]; None for no limit."""

    cpu_units: int | None = None
    """CPU limit [1/1024 vCPU]; None for no limit."""

    user: str = ""
    """The user (and group) instead of the image's."""

    init: bool = False
    """Whether process 1 is the init of the engine."""

    read_only: bool = False
    """Whether the root file system is read-only."""

    volumes: Sequence[str] = ()
    """Paths of volumes; each starts with the image's files at its path, as on Fargate for a `VOLUME` of the image."""

    tmpfs: Sequence[str] = ()
    """Memory file systems, each `path:options`."""

    capabilities: Sequence[tuple[str, str]] = ()
    """`("add", …)` and `("drop", …)`, in this order."""

    ulimits: Sequence[str] = ()
    """Each `name=soft:hard`."""

    entry_point: Sequence[str] = ()
    """Instead of the image's."""

    working_directory: str = ""
    """Instead of the image's."""

    @classmethod
    def from_definition(
        cls, container: Mapping[str, Any], task: Mapping[str, Any], overrides: Mapping[str, Any]
    ) -> Self:
        """Return the options of a container definition.

        Parameters
        ----------
        container
            The container definition.
        task
            The task definition that contains it.
        overrides
            The overrides of `RunTask`, which take precedence.

        Raises
        ------
        NotOnFargateError
                If the definition needs what Fargate does not support.
        """
        check_definition(container, task)
        linux = container.get("linuxParameters") or {}
        return cls(
            memory_mib=_smallest(container.get("memory"), overrides.get("memory") or task.get("memory")),
            cpu_units=_smallest(overrides.get("cpu") or task.get("cpu")),
            user=container.get("user") or "",
            init=bool(linux.get("initProcessEnabled")),
            read_only=bool(container.get("readonlyRootFilesystem")),
            volumes=tuple(_volumes(container)),
            tmpfs=tuple(_tmpfs(linux)),
            capabilities=tuple(_capabilities(linux)),
            ulimits=tuple(
                f"{limit['name']}={limit['softLimit']}:{limit['hardLimit']}" for limit in container.get("ulimits") or ()
            ),
            entry_point=tuple(container.get("entryPoint") or ()),
            working_directory=container.get("workingDirectory") or "",
        )

    def arguments(self) -> Iterator[str]:
        """Yield the arguments of `run` that come before the image."""
        if self.memory_mib is not None:
            # Without --memory-swap the container may swap as much again; Fargate has no swap.
            yield from ("--memory", f"{self.memory_mib}m", "--memory-swap", f"{self.memory_mib}m")
        if self.cpu_units is not None:
            # Docker refuses more CPUs than the machine has.
            yield from ("--cpus", f"{min(self.cpu_units / _CPU_UNITS, os.cpu_count() or 1):g}")
        if self.init:
            yield "--init"
        if self.read_only:
            yield "--read-only"
        valued = {
            "--user": [self.user] if self.user else [],
            "--workdir": [self.working_directory] if self.working_directory else [],
            "--entrypoint": self.entry_point[:1],
            "--volume": self.volumes,
            "--tmpfs": self.tmpfs,
            "--ulimit": self._all_ulimits(),
        }
        for name, values in valued.items():
            for value in values:
                yield from (name, value)
        for verb, capability in self.capabilities:
            yield from (f"--cap-{verb}", capability)

    def _all_ulimits(self) -> Sequence[str]:
        """Return the limits, always with `nofile` and `nproc`: Podman's defaults may exceed what the machine allows, and then no container starts."""
        own = {"nofile": _at_most(_OPEN_FILES, RLIMIT_NOFILE), "nproc": _at_most(_processes(), RLIMIT_NPROC)}
        named = {limit.partition("=")[0] for limit in self.ulimits}
        return [*self.ulimits, *(f"{name}={limit}:{limit}" for name, limit in own.items() if name not in named)]


def _at_most(wanted: int, kind: int) -> int:
    hard = getrlimit(kind)[1]
    return wanted if hard == RLIM_INFINITY else min(wanted, hard)


def _processes() -> int:
    """Return the largest number of process ids on this machine."""
    try:
        return int(_PID_MAX.read_text(encoding="ascii"))
    except OSError:
        return _FEWEST_PIDS


def _smallest(*sizes: str | int | None) -> int | None:
    return min((int(size) for size in sizes if size), default=None)


def _volumes(container: Mapping[str, Any]) -> Iterator[str]:
    for mount in container.get("mountPoints") or ():
        yield f"{mount['containerPath']}:ro" if mount.get("readOnly") else mount["containerPath"]


def _tmpfs(linux: Mapping[str, Any]) -> Iterator[str]:
    for mount in linux.get("tmpfs") or ():
        options = [f"size={mount['size']}m", *(mount.get("mountOptions") or ())]
        yield f"{mount['containerPath']}:{','.join(options)}"


def _capabilities(linux: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for verb in ("drop", "add"):
        for name in (linux.get("capabilities") or {}).get(verb) or ():
            yield verb, name
