"""Run every task as a process of this machine: the container engine for a machine without one.

It has the interface of Docker's Python client. A process has all rights of the user who started the local cloud, so its command is
fixed, a container sets only the variables that the program declares, and the process does not inherit the emulator's environment.
"""

import shutil
import threading
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local_cloud.container_options import ContainerOptions
from local_cloud.process_container import ProcessContainer
from local_cloud.processes import kill_group, kill_processes_in, read_pid_file

__all__ = [
    "EngineClosedError",
    "NoSuchContainerError",
    "NoSuchImageError",
    "ProcessContainers",
    "ProcessEngine",
    "Program",
    "ProgramRefusedError",
]


class NoSuchContainerError(LookupError):
    """The container does not exist."""


class NoSuchImageError(LookupError):
    """No program is configured for the image."""


class ProgramRefusedError(ValueError):
    """A container definition asks for something other than the program; the message says what."""


class EngineClosedError(RuntimeError):
    """The local cloud is shutting down and starts no containers."""


@dataclass(frozen=True, kw_only=True)
class Program:
    """The program that runs instead of an image."""

    command: Sequence[str]
    """The command, whatever the container definition says."""

    environment: Mapping[str, str]
    """The environment variables of every container."""

    variables: frozenset[str] = frozenset()
    """The variables that a container definition may set; others are ignored."""

    check: Callable[[Mapping[str, str]], None] = lambda _variables: None
    """Raises `ProgramRefusedError` if variables of a container definition, after `rewrite`, have values that are not allowed."""

    def environment_of(self, requested: Mapping[str, str]) -> dict[str, str]:
        """Return the environment of a container.

        Raises
        ------
        ProgramRefusedError
            If a variable has a value that is not allowed.
        """
        variables = {name: value for name, value in requested.items() if name in self.variables}
        self.check(variables)
        return {**variables, **self.environment}


class ProcessContainers:
    """The containers of an engine, by id.

    Parameters
    ----------
    folder
        The parent folder of the containers' folders. Orphaned processes of an earlier engine are killed, and their folders removed.
    programs
        The program of each image.
    rewrite
        Changes the environment of each container: replaces addresses that are valid only inside a container.
    """

    def __init__(
        self,
        folder: Path,
        *,
        programs: Mapping[str, Program],
        rewrite: Callable[[Mapping[str, str]], Mapping[str, str]],
    ) -> None:
        self._folder = folder
        self._programs = programs
        self._rewrite = rewrite
        self._all: dict[str, ProcessContainer] = {}
        self._lock = threading.Lock()
        self._closed = False
        _remove_orphaned_processes(folder)

    def run(
        self,
        image: str,
        *,
        command: Sequence[str] | None = None,
        environment: Mapping[str, str] | None = None,
        options: ContainerOptions | None = None,
        **_: Any,
    ) -> ProcessContainer:
        """Start a container; options without meaning for a process (ports, networks, labels, platform, limits) are ignored.

        Raises
        ------
        NoSuchImageError
            If the image has no program.
        ProgramRefusedError
            If the container definition has a command, an entry point, a working directory, or a value that is not allowed.
        EngineClosedError
            If the engine is shutting down.
        OSError
            If the command cannot be started.
        """
        program = self._programs.get(image)
        if program is None:
            raise NoSuchImageError(
                f"CannotPullContainerError: there is no image {image} on this machine; there is {', '.join(self._programs) or 'none'}."
            )
        options = options or ContainerOptions()
        if command or options.entry_point or options.working_directory:
            raise ProgramRefusedError(
                f"CannotStartContainerError: {image} runs as a process here, which takes no command, entry point or working "
                "directory. For containers with their own, start the local cloud with LOCAL_CLOUD_ENGINE=podman or docker."
            )
        own = program.environment_of(self._rewrite(environment or {}))
        identifier = uuid.uuid4().hex * 2
        with self._lock:
            if self._closed:
                raise EngineClosedError("The local cloud is shutting down.")
            container = ProcessContainer(
                identifier,
                folder=self._folder / identifier[:12],
                command=program.command,
                environment=own,
            )
            self._all[identifier] = container
        return container

    def get(self, identifier: str) -> ProcessContainer:
        """Return the container with an id.

        Raises
        ------
        NoSuchContainerError
            If it does not exist.
        """
        container = self._all.get(identifier)
        if container is None:
            raise NoSuchContainerError(f"The container {identifier!r} does not exist.")
        return container

    def list(self, **_: Any) -> list[ProcessContainer]:
        """Return every container; ignore the filters, because all containers belong to tasks."""
        return [*self._all.values()]

    def close(self) -> None:
        """Refuse new containers; kill the running ones and wait for their end."""
        with self._lock:
            self._closed = True
        for container in self._all.values():
            if container.status == "running":
                container.kill()
        for container in self._all.values():
            container.wait()


class ProcessEngine:
    """The emulator's Docker client; the parameters are those of `ProcessContainers`."""

    def __init__(
        self,
        folder: Path,
        *,
        programs: Mapping[str, Program],
        rewrite: Callable[[Mapping[str, str]], Mapping[str, str]],
    ) -> None:
        self.containers = ProcessContainers(folder, programs=programs, rewrite=rewrite)


def _remove_orphaned_processes(folder: Path) -> None:
    """Kill the orphaned processes of a killed engine in a folder, and remove their files."""
    for pid_file in folder.glob("*/pid"):
        pid = read_pid_file(pid_file)
        if pid is not None:
            kill_group(pid)
    if folder.exists():
        kill_processes_in(folder)
        shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
