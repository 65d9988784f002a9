"""Docker, Podman, or Buildah: find one that works, and make its commands."""

import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

__all__ = ["ENGINES", "Build", "EngineError", "build_command", "find_engine", "inspect_command", "works"]

ENGINES: Final = ("docker", "podman", "buildah")
"""In order of preference."""

_RESPONSE_SECONDS: Final = 60
"""Time limit for an engine's response [s]; Docker Desktop takes about 20 s to resume."""


class EngineError(Exception):
    """No container engine works, or one failed; the message is one line that says what to do."""


@dataclass(frozen=True, kw_only=True)
class Build:
    """One build of an image."""

    tag: str
    dockerfile: Path
    context: Path
    platform: str | None = None
    """`linux/amd64` or `linux/arm64`; None for the machine's own platform."""
    base: str | None = None
    """Base image that replaces the pinned one."""
    certificates: Path | None = None
    """Certificate authorities that the build trusts instead of those of the base; mounted as a secret, so no layer contains them."""
    labels: Mapping[str, str] = field(default_factory=dict)


def works(name: str) -> bool:
    """Check whether an engine is installed and responds; Docker's client also needs its daemon."""
    if shutil.which(name) is None:
        return False
    try:
        response = subprocess.run([name, "version"], capture_output=True, check=False, timeout=_RESPONSE_SECONDS)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return response.returncode == 0


def find_engine(engines: Sequence[str] = ENGINES, *, is_usable: Callable[[str], bool] = works) -> str:
    """Find the first engine that works.

    Parameters
    ----------
    engines
        Names of commands, preferred first.
    is_usable
        Checks whether an engine works.

    Raises
    ------
    EngineError
        If none works.
    """
    for name in engines:
        if is_usable(name):
            return name
    names = f"{', '.join(engines[:-1])} or {engines[-1]}" if len(engines) > 1 else engines[0]
    raise EngineError(
        f"No container engine works here (tried {names}). Start Docker, or install Podman (Debian, Ubuntu:"
        " apt install podman runc; Fedora: dnf install podman; macOS: brew install podman)."
    )


def build_command(engine: str, build: Build) -> list[str]:
    """Return the command that builds an image.

    Podman and Buildah run the build's steps in a chroot on the machine's network. This needs no OCI runtime, cgroups, or network
    plugins, so it also works inside containers and on minimal installations (buildah-build(1), `--isolation`).
    """
    options = ["--file", str(build.dockerfile), "--tag", build.tag]
    if engine != "docker":
        options += ["--layers", "--isolation", "chroot", "--network", "host"]
    if build.platform:
        options += ["--platform", build.platform]
    if build.base:
        options += ["--build-arg", f"BASE_IMAGE={build.base}"]
    if build.certificates:
        options += ["--secret", f"id=certificates,src={build.certificates}"]
    for name, value in build.labels.items():
        options += ["--label", f"{name}={value}"]
    return [engine, "build", *options, str(build.context)]


def inspect_command(engine: str, image: str, *, label: str | None = None) -> list[str]:
    """Return the command that prints an image's id or one of its labels, and fails if the image does not exist."""
    if engine == "buildah":
        template = f'{{{{index .OCIv1.Config.Labels "{label}"}}}}' if label else "{{.FromImageID}}"
        return [engine, "inspect", "--type", "image", "--format", template, image]
    template = f'{{{{index .Config.Labels "{label}"}}}}' if label else "{{.Id}}"
    return [engine, "image", "inspect", "--format", template, image]
