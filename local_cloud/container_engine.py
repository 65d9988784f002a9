"""Run every task as a container of its image, with Docker or Podman as the emulator's container engine."""

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
"""The label of every container of a local cloud; its value is the folder of the local cloud."""

_IMAGE_NAME: Final = re.compile(r"[A-Za-z0-9]")


class ContainerStartError(RuntimeError):
    """A container did not start; the message begins with the error name of ECS."""


def remove_containers(command: ContainerCommand, folder: Path) -> int:
    """Kill and remove all containers of a local cloud's folder, and no others; return their number.

    Raises
    ------
    ContainerCommandError
        If the engine does not respond.
    """
    containers = command.labelled(f"{_LABEL}={folder.resolve()}")
    command.remove(containers)
    return len(containers)


class RealContainers:
    """The containers of an engine, by id.

    Parameters
    ----------
    folder
        The parent folder of the containers' folders. Orphaned containers of an earlier launcher, and their folders, are removed.
    command
        The engine.
    rewrite
        Changes the environment of each container: replaces addresses of AWS by those of this machine.

    Raises
    ------
    ContainerCommandError
        If the engine does not respond.
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
        """Start a container; other options of Docker's client (names, ports, networks, platform) are ignored.

        Raises
        ------
        ContainerStartError
            If the image is missing, its name is invalid, or the engine refuses to start it.
        EngineClosedError
            If the local cloud is shutting down.
        """
        if self._closed:
            raise EngineClosedError("The local cloud is shutting down.")
        if not _IMAGE_NAME.match(image):  # the command line would read it as an option
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

    def list(self, **_: Any) -> list[RealContainer]:
        """Return every container; ignore the filters, because all containers belong to tasks."""
        return [*self._all.values()]

    def close(self) -> None:
        """Refuse new containers; kill and remove the running ones."""
        with self._lock:
            self._closed = True
            running = [container for container in self._all.values() if container.status == "running"]
        self._command.remove([container.id for container in running])
        for container in running:
            container.wait()

    def _end_if_closed(self, container: RealContainer) -> None:
        """Kill a container that was started during the shutdown."""
        if self._closed:
            container.kill()

    def _explain(self, image: str, error: ContainerCommandError) -> str:
        if not self._command.has_image(image):
            return f"CannotPullContainerError: {self._command.name} has no image {image} on this machine."
        return f"CannotStartContainerError: {error}"


class ContainerEngine:
    """The emulator's Docker client; the parameters are those of `RealContainers`."""

    def __init__(
        self, folder: Path, *, command: ContainerCommand, rewrite: Callable[[Mapping[str, str]], Mapping[str, str]]
    ) -> None:
        self.containers = RealContainers(folder, command=command, rewrite=rewrite)
