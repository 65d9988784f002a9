"""A container engine for a machine that has none: every container is a process of this machine.

The emulator talks to it as it would talk to Docker's Python client. A process has every right of whoever started the local cloud:
what it runs is fixed, a container sets the variables that the program names, and nothing of the emulator's own environment is passed on.
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
    """There is no container with this id."""


class NoSuchImageError(LookupError):
    """No program of this machine stands for the image."""


class ProgramRefusedError(ValueError):
    """A container asks for something else than the program; the text says what."""


class EngineClosedError(RuntimeError):
    """The local cloud is shutting down and starts nothing more."""


@dataclass(frozen=True, kw_only=True)
class Program:
    """What an image stands for on this machine."""

    command: Sequence[str]
    """What runs, whatever a container names."""

    environment: Mapping[str, str]
    """Set in every container."""

    variables: frozenset[str] = frozenset()
    """What a container may set; its other variables are left out."""

    check: Callable[[Mapping[str, str]], None] = lambda _variables: None
    """Raises `ProgramRefusedError` if a container's variables, after `rewrite`, have values that are not for this program."""

    def environment_of(self, given: Mapping[str, str]) -> dict[str, str]:
        """Return the environment of a container that sets some variables.

        Raises
        ------
        ProgramRefusedError
            If the program is not to run with them.
        """
        variables = {name: value for name, value in given.items() if name in self.variables}
        self.check(variables)
        return {**variables, **self.environment}


class ProcessContainers:
    """The containers of an engine, by id.

    Parameters
    ----------
    folder
        Each container gets a folder in it. What an earlier engine left there is ended and removed.
    programs
        What each image stands for.
    rewrite
        Applied to every container's environment: addresses that mean something only inside a container become local ones.
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
        _clear(folder)

    def run(
        self,
        image: str,
        *,
        command: Sequence[str] | None = None,
        environment: Mapping[str, str] | None = None,
        options: ContainerOptions | None = None,
        **_: Any,
    ) -> ProcessContainer:
        """Start a container; what has no meaning for a process (ports, networks, labels, platform, limits) is ignored.

        Raises
        ------
        NoSuchImageError
            If the image stands for nothing here.
        ProgramRefusedError
            If the container names a command, an entry point, a working directory, or values that are not for the program.
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
        """Find a container by its whole id.

        Raises
        ------
        NoSuchContainerError
            If there is none.
        """
        container = self._all.get(identifier)
        if container is None:
            raise NoSuchContainerError(f"There is no container {identifier!r}.")
        return container

    def list(self, **_: Any) -> list[ProcessContainer]:
        """Give every container, whatever the filters: all belong to tasks."""
        return [*self._all.values()]

    def close(self) -> None:
        """Start nothing more; kill what runs, and wait till it is gone."""
        with self._lock:
            self._closed = True
        for container in self._all.values():
            if container.status == "running":
                container.kill()
        for container in self._all.values():
            container.wait()


class ProcessEngine:
    """What the emulator sees as its Docker client; the parameters are those of `ProcessContainers`."""

    def __init__(
        self,
        folder: Path,
        *,
        programs: Mapping[str, Program],
        rewrite: Callable[[Mapping[str, str]], Mapping[str, str]],
    ) -> None:
        self.containers = ProcessContainers(folder, programs=programs, rewrite=rewrite)


def _clear(folder: Path) -> None:
    """End what an engine that was killed left running in this folder, and remove its files."""
    for pid_file in folder.glob("*/pid"):
        pid = read_pid_file(pid_file)
        if pid is not None:
            kill_group(pid)
    if folder.exists():
        kill_processes_in(folder)
        shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
