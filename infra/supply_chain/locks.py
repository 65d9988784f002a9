"""Parse the hashed locks of `requirements/`. Pure: text and markers are arguments."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

__all__ = ["LockedPackage", "image_markers", "read_lock"]

_HASH: Final = re.compile(r"--hash=sha256:([0-9a-f]{64})")


@dataclass(frozen=True, kw_only=True)
class LockedPackage:
    """One package of a lock."""

    name: str
    """In its normalized form, such as `typing-extensions`."""

    version: str
    hashes: tuple[str, ...]
    """SHA-256 of every file that the lock allows: wheels, and the source."""


def read_lock(text: str, *, markers: Mapping[str, str] | None = None) -> Iterator[LockedPackage]:
    """Yield the packages of a lock.

    Parameters
    ----------
    text
        Output of `uv pip compile --generate-hashes`.
    markers
        Environment markers that select packages; None for all packages.
    """
    for line in text.replace("\\\n", " ").splitlines():
        requirement_text = line.partition(" --hash")[0].partition("#")[0].strip()
        if not requirement_text:
            continue
        requirement = Requirement(requirement_text)
        if markers is not None and requirement.marker is not None and not requirement.marker.evaluate(dict(markers)):
            continue
        (pin,) = requirement.specifier
        yield LockedPackage(
            name=canonicalize_name(requirement.name), version=pin.version, hashes=tuple(_HASH.findall(line))
        )


def image_markers(*, architecture: str) -> dict[str, str]:
    """Return the markers of the runner image: Debian 13 with its Python 3.13 (runner_container/Dockerfile).

    Parameters
    ----------
    architecture
        The setting `runners.architecture`.
    """
    return {
        "implementation_name": "cpython",
        "os_name": "posix",
        "platform_machine": "aarch64" if architecture == "arm64" else architecture,
        "platform_python_implementation": "CPython",
        "platform_system": "Linux",
        "python_full_version": "3.13.5",
        "python_version": "3.13",
        "sys_platform": "linux",
    }
