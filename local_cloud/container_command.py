"""Run commands of a container engine: Docker and Podman have the same arguments, except those in this file."""

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

__all__ = ["ContainerCommand", "ContainerCommandError", "own_environment"]

_COMMAND_SECONDS: Final = 60
"""The timeout of a command that does not wait for a container [s]; a start on a busy machine takes 2 s."""

_INHERITED: Final = frozenset({"CONTAINER_HOST", "DBUS_SESSION_BUS_ADDRESS", "HOME", "LANG", "LOGNAME", "PATH", "USER"})
_INHERITED_PREFIXES: Final = ("CONTAINERS_", "DOCKER_", "STORAGE_", "XDG_")
"""The environment variables with the places of an engine's images, configuration and socket."""


class ContainerCommandError(Exception):
    """The engine refused a command; the message is the last line of its output."""


@dataclass(frozen=True, kw_only=True)
class ContainerCommand:
    """The command line of a container engine on this machine."""

    name: str
    """`podman` or `docker`."""

    executable: str
    """The path of the executable."""

    environment: Mapping[str, str]
    """The environment of each command."""

    @property
    def run_arguments(self) -> tuple[str, ...]:
        """Arguments of `run` with which this engine runs a container as Fargate does.

        Podman mounts writable temporary folders into a container with a read-only root, and gives every `VOLUME` of an image
        a volume; Fargate does neither (bind mounts, Amazon ECS developer guide). The log is kept until the container is removed.
        """
        if self.name == "podman":
            return ("--read-only-tmpfs=false", "--image-volume", "ignore", "--log-driver", "k8s-file")
        return ("--log-driver", "json-file")

    def output(self, *arguments: str, folder: str | None = None, seconds: float | None = _COMMAND_SECONDS) -> str:
        """Run a command and return its output.

        Parameters
        ----------
        arguments
            The command's arguments.
        folder
            Its working directory.
        seconds
            The timeout [s]; None for a command that waits for a container.

        Raises
        ------
        ContainerCommandError
            If the command fails, does not exist, or takes too long.
        """
        try:
            result = subprocess.run(
                [self.executable, *arguments],
                check=False,
                capture_output=True,
                cwd=folder,
                env=dict(self.environment),
                stdin=subprocess.DEVNULL,
                text=True,
                timeout=seconds,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise ContainerCommandError(f"`{self.name} {arguments[0]}`: {error}") from error
        if result.returncode != 0:
            lines = result.stderr.strip().splitlines() or [f"exit code {result.returncode}"]
            raise ContainerCommandError(f"`{self.name} {arguments[0]}`: {lines[-1]}")
        return result.stdout.strip()

    def has_image(self, image: str) -> bool:
        """Check whether the image is on this machine."""
        try:
            self.output("image", "inspect", "--format", "{{.Id}}", image)
        except ContainerCommandError:
            return False
        return True

    def labelled(self, label: str) -> list[str]:
        """Return the ids of all containers, running or not, with a label (`key=value`).

        Raises
        ------
        ContainerCommandError
            If the engine does not respond.
        """
        return self.output("ps", "--all", "--quiet", "--no-trunc", "--filter", f"label={label}").split()

    def remove(self, identifiers: list[str]) -> None:
        """Kill and remove containers with their volumes; ignore those that do not exist any more."""
        for arguments in (("kill",), ("rm", "--force", "--volumes")):
            for identifier in identifiers:
                try:
                    self.output(*arguments, identifier)
                except ContainerCommandError:
                    continue


def own_environment(environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the environment variables that the command line of an engine needs."""
    return {
        name: value for name, value in environ.items() if name in _INHERITED or name.startswith(_INHERITED_PREFIXES)
    }
