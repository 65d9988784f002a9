"""The command line of a container engine: Docker's and Podman's take the same arguments, with the few differences named here."""

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

__all__ = ["ContainerCommand", "ContainerCommandError", "own_environment"]

_COMMAND_SECONDS: Final = 60
"""Longest time for a command that does not wait for a container [s]; a start on a busy machine takes 2 s."""

_INHERITED: Final = frozenset({"CONTAINER_HOST", "DBUS_SESSION_BUS_ADDRESS", "HOME", "LANG", "LOGNAME", "PATH", "USER"})
_INHERITED_PREFIXES: Final = ("CONTAINERS_", "DOCKER_", "STORAGE_", "XDG_")
"""What tells an engine where its images, its configuration and its socket are."""


class ContainerCommandError(Exception):
    """The engine refused a command; the text is the last line that it printed."""


@dataclass(frozen=True, kw_only=True)
class ContainerCommand:
    """A container engine of this machine, driven by its command line."""

    name: str
    """`podman` or `docker`."""

    executable: str
    """The path of the command."""

    environment: Mapping[str, str]
    """The whole environment that the command runs in."""

    @property
    def run_arguments(self) -> tuple[str, ...]:
        """Arguments of `run` that make this engine treat a container as Fargate does.

        Podman mounts writable temporary folders into a container with a read-only root, and gives every `VOLUME` of an image
        a volume; Fargate does neither (bind mounts, Amazon ECS developer guide). The log is kept until the container is removed.
        """
        if self.name == "podman":
            return ("--read-only-tmpfs=false", "--image-volume", "ignore", "--log-driver", "k8s-file")
        return ("--log-driver", "json-file")

    def output(self, *arguments: str, folder: str | None = None, seconds: float | None = _COMMAND_SECONDS) -> str:
        """Run a command and return what it prints.

        Parameters
        ----------
        arguments
            The command's arguments.
        folder
            Its working directory.
        seconds
            The longest time that it may take [s]; None for one that waits for a container.

        Raises
        ------
        ContainerCommandError
            If the command fails, does not exist, or takes too long.
        """
        try:
            done = subprocess.run(
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
        if done.returncode != 0:
            lines = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
            raise ContainerCommandError(f"`{self.name} {arguments[0]}`: {lines[-1]}")
        return done.stdout.strip()

    def has_image(self, image: str) -> bool:
        """Whether the image is on this machine."""
        try:
            self.output("image", "inspect", "--format", "{{.Id}}", image)
        except ContainerCommandError:
            return False
        return True

    def labelled(self, label: str) -> list[str]:
        """Ids of all containers, running or not, that have a label (`key=value`).

        Raises
        ------
        ContainerCommandError
            If the engine does not answer.
        """
        return self.output("ps", "--all", "--quiet", "--no-trunc", "--filter", f"label={label}").split()

    def remove(self, identifiers: list[str]) -> None:
        """Kill and remove containers with their volumes; one that is gone or being removed is fine."""
        for arguments in (("kill",), ("rm", "--force", "--volumes")):
            for identifier in identifiers:
                try:
                    self.output(*arguments, identifier)
                except ContainerCommandError:
                    continue


def own_environment(environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Select the variables that an engine's command line needs."""
    return {
        name: value for name, value in environ.items() if name in _INHERITED or name.startswith(_INHERITED_PREFIXES)
    }
