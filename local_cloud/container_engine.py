"""Docker or Podman as the emulator's container engine: every task runs as a container of its image."""

import re
import shutil
import threading
import uuid
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from local_cloud.container_command import ContainerCommand, ContainerCommandError
from local_cloud.container_options import ContainerOptions
from local_cloud.process_engine import EngineClosedError, NoSuchContainerError
from local_cloud.real_container import RealContainer

__all__ = ["ContainerEngine", "ContainerStartError", "RealContainers", "remove_containers"]

_LABEL: Final = "jupyter-scheduler-aws.local-cloud"
"""Label of every container that a local cloud starts; its value is the local cloud's folder."""

_IMAGE_NAME: Final = re.compile(r"[A-Za-z0-9]")


class ContainerStartError(RuntimeError):
    """A container did not start; the text begins with ECS's name of the error."""


def remove_containers(command: ContainerCommand, folder: Path) -> int:
    """Kill and remove all containers that were started for this folder, and nothing else; return their number.

    Raises
    ------
    ContainerCommandError
        If the engine does not answer.
    """
    left = command.labelled(f"{_LABEL}={folder.resolve()}")
    command.remove(left)
    return len(left)


class RealContainers:
    """The containers of an engine, by id.

    Parameters
    ----------
    folder
        Each container gets a folder in it. Containers that an earlier launcher left are removed, and their folders.
    command
        The engine.
    rewrite
        Applied to every container's environment: addresses of AWS become those of this machine.

    Raises
    ------
    ContainerCommandError
        If the engine does not answer.
    """

    def __init__(
        self, folder: Path, *, command: ContainerCommand, rewrite: Callable[[Mapping[str, str]], Mapping[str, str]]
    ) -> None:
        self._folder = folder
        self._command = command
        self._rewrite = rewrite
        self._all: dict[str, RealContainer] = {}
        self._lock = threading.Lock()
        self._closed = False
        remove_containers(command, folder)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)

    def run(
        self,
        image: str,
        *,
        command: Sequence[str] | None = None,
        environment: Mapping[str, str] | None = None,
        labels: Mapping[str, str] | None = None,
        options: ContainerOptions | None = None,
        **_: Any,
    ) -> RealContainer:
        """Start a container; what Docker's client offers beyond this (names, ports, networks, platform) is ignored.

        Raises
        ------
        ContainerStartError
            If the image is missing, its name is none, or the engine refuses.
        EngineClosedError
            If the local cloud is shutting down.
        """
        if self._closed:
            raise EngineClosedError("The local cloud is shutting down.")
        if not _IMAGE_NAME.match(image):  # the command line would take it for an option
            raise ContainerStartError(f"CannotPullContainerError: {image} is not the name of an image.")
        folder = self._folder / uuid.uuid4().hex[:12]
        folder.mkdir()
        try:
            container = RealContainer(
                self._command,
                folder=folder,
                image=image,
                program=command or (),
                environment=self._rewrite(environment or {}),
                labels={**(labels or {}), _LABEL: str(self._folder.resolve())},
                options=options or ContainerOptions(),
            )
        except ContainerCommandError as error:
            raise ContainerStartError(self._explain(image, error)) from error
        with self._lock:
            self._all[container.id] = container
        self._end_if_closed(container)
        return container

    def get(self, identifier: str) -> RealContainer:
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

    def list(self, **_: Any) -> list[RealContainer]:
        """Return every container, whatever the filters: all belong to tasks."""
        return [*self._all.values()]

    def close(self) -> None:
        """Start nothing more; kill and remove what runs."""
        with self._lock:
            self._closed = True
            running = [container for container in self._all.values() if container.status == "running"]
        self._command.remove([container.id for container in running])
        for container in running:
            container.wait()

    def _end_if_closed(self, container: RealContainer) -> None:
        """End a container that was started while the local cloud shut down."""
        if self._closed:
            container.kill()

    def _explain(self, image: str, error: ContainerCommandError) -> str:
        if not self._command.has_image(image):
            return f"CannotPullContainerError: {self._command.name} has no image {image} on this machine."
        return f"CannotStartContainerError: {error}"


class ContainerEngine:
    """What the emulator sees as its Docker client; the parameters are those of `RealContainers`."""

    def __init__(
        self, folder: Path, *, command: ContainerCommand, rewrite: Callable[[Mapping[str, str]], Mapping[str, str]]
    ) -> None:
        self.containers = RealContainers(folder, command=command, rewrite=rewrite)
