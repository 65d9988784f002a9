"""List the packages of a built runner image, with dpkg and Python in a container of it."""

import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Final

from packaging.utils import canonicalize_name

from infra.container_engine import EngineError, inspect_command
from infra.supply_chain.bill_of_materials import DebianPackage

__all__ = ["ImageParts", "installed", "read_image"]

_SECONDS: Final = 120
"""Time limit for a container that lists packages [s]; a start on a busy machine takes 5 s."""

_OPTIONS: Final = (
    *("--rm", "--pull", "never", "--network", "host"),
    *("--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1024:1024"),
)
"""Podman's default limits may exceed those of the machine, and its default network may need packages that are missing."""

_QUERY: Final = "${db:Status-Abbrev}\\t${Package}\\t${Version}\\t${Architecture}\\t${source:Package}\\n"

_SCRIPT: Final = f"""
import json, subprocess
from importlib import metadata
query = ["dpkg-query", "--show", "--showformat", {_QUERY!r}]
print(json.dumps({{
    "debian": subprocess.run(query, check=True, capture_output=True, text=True).stdout,
    "python": [(each.name, each.version) for each in metadata.distributions()],
}}))
"""


@dataclass(frozen=True, kw_only=True)
class ImageParts:
    """The packages of one image."""

    debian: Sequence[DebianPackage]
    python: dict[str, str]
    """Versions by normalized name."""


def read_image(engine: str, image: str) -> ImageParts | None:
    """Read the packages of an image; None if the engine has no such image.

    Raises
    ------
    EngineError
        If a container of the image does not start, or lacks dpkg or Python.
    """
    if subprocess.run(inspect_command(engine, image), capture_output=True, check=False).returncode != 0:
        return None
    command = [engine, "run", *_OPTIONS, "--entrypoint", "/opt/venv/bin/python", image, "-c", _SCRIPT]
    try:
        result = subprocess.run(command, check=True, capture_output=True, text=True, timeout=_SECONDS)
    except subprocess.CalledProcessError as error:
        raise EngineError(f"{engine} cannot list the packages of {image}: {error.stderr.strip()}") from error
    listed = json.loads(result.stdout)
    rows = [line.split("\t") for line in listed["debian"].splitlines()]
    debian = [
        DebianPackage(name=name, version=version, architecture=architecture, source=source)
        for status, name, version, architecture, source in rows
        if status.startswith("ii")
    ]
    return ImageParts(debian=debian, python={canonicalize_name(name): version for name, version in listed["python"]})


def installed(folder: Path) -> dict[str, str]:
    """Return the versions of the Python packages in a folder, by normalized name."""
    return {canonicalize_name(each.name): each.version for each in metadata.distributions(path=[str(folder)])}
