"""Choose the container engine for the tasks: `LOCAL_CLOUD_ENGINE` is `process` (the default), `podman` or `docker`.

`make up` checks the engine and writes the choice to a file. The launcher, which does not inherit the caller's environment, reads it,
and so does `make down`, which removes the orphaned containers of a killed launcher.
"""

import json
import shutil
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from local_cloud.addresses import HOST
from local_cloud.container_command import ContainerCommand, ContainerCommandError, own_environment
from local_cloud.container_engine import remove_containers
from local_cloud.container_options import ContainerOptions
from local_cloud.errors import LocalCloudError
from local_cloud.paths import RUNNER_IMAGE, LocalPaths

__all__ = ["choose_engine", "read_engine", "remove_orphaned_containers", "write_engine"]

_VARIABLE: Final = "LOCAL_CLOUD_ENGINE"
_PROCESS: Final = "process"
_ENGINES: Final = {
    "podman": "install it (Debian: the packages podman and runc)",
    "docker": "install Docker Engine",
}
"""The engines, and what to do if one is missing."""

_PROBE_MIB: Final = 256
_PROBE: Final = "import socket, sys; socket.create_connection((sys.argv[1], int(sys.argv[2])), 10).close()"
"""The test of an engine: a container with a memory limit that connects to this machine's loopback."""


def choose_engine(environ: Mapping[str, str]) -> ContainerCommand | None:
    """Return the engine in the environment; None for processes.

    Raises
    ------
    LocalCloudError
        If the engine is unknown, does not work, or does not have the image.
    """
    name = environ.get(_VARIABLE) or _PROCESS
    if name == _PROCESS:
        return None
    if name not in _ENGINES:
        raise LocalCloudError(f"{_VARIABLE}={name}: choose one of {_PROCESS}, {', '.join(_ENGINES)}.")
    executable = shutil.which(name, path=environ.get("PATH"))
    if executable is None:
        raise LocalCloudError(
            f"{_VARIABLE}={name}, but {name} is not installed: {_ENGINES[name]}, or choose {_VARIABLE}={_PROCESS}."
        )
    command = ContainerCommand(name=name, executable=executable, environment=own_environment(environ))
    _check(command)
    return command


def write_engine(paths: LocalPaths, command: ContainerCommand | None) -> None:
    """Write the choice for the launcher and for `make down`."""
    facts = command and {
        "name": command.name,
        "executable": command.executable,
        "environment": dict(command.environment),
    }
    paths.folder.mkdir(parents=True, exist_ok=True)
    _file(paths).touch(mode=0o600)
    _file(paths).write_text(json.dumps(facts), encoding="utf-8")


def read_engine(paths: LocalPaths) -> ContainerCommand | None:
    """Return the engine that `make up` chose; None for processes."""
    try:
        facts = json.loads(_file(paths).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return facts and ContainerCommand(**facts)


def remove_orphaned_containers(paths: LocalPaths) -> None:
    """Remove the orphaned containers of a launcher that no longer runs; call this only if none runs.

    Raises
    ------
    LocalCloudError
        If their engine does not respond any more.
    """
    command = read_engine(paths)
    if command is None:
        return
    try:
        remove_containers(command, paths.tasks)
    except ContainerCommandError as error:
        raise LocalCloudError(f"Containers of this local cloud may be left: {error}") from error


def _file(paths: LocalPaths) -> Path:
    return paths.folder / "engine.json"


def _check(command: ContainerCommand) -> None:
    """Start a container in the way that tasks are started.

    Raises
    ------
    LocalCloudError
        If the engine or the image is not ready.
    """
    try:
        command.output("version")
    except ContainerCommandError as error:
        raise LocalCloudError(f"{command.name} is installed, but does not work: {error}") from error
    if not command.has_image(RUNNER_IMAGE):
        raise LocalCloudError(f"{command.name} has no image {RUNNER_IMAGE}; run `make image ENGINE={command.name}`.")
    options = ContainerOptions(memory_mib=_PROBE_MIB, read_only=True, entry_point=("python", "-c"))
    with socket.create_server((HOST, 0)) as server:
        port = str(server.getsockname()[1])
        probe = (*command.run_arguments, *options.arguments(), RUNNER_IMAGE, "-c", _PROBE, HOST, port)
        try:
            command.output("run", "--rm", "--pull", "never", "--network", "host", *probe)
        except ContainerCommandError as error:
            raise LocalCloudError(
                f"{command.name} is installed, but cannot run a container with a memory limit that reaches {HOST}: {error}"
            ) from error
