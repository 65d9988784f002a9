"""The processor architectures of runners, and their names in Docker, Fargate, and `uname`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

__all__ = ["PLATFORMS", "RunnerPlatform"]


@dataclass(frozen=True, kw_only=True)
class RunnerPlatform:
    """One processor architecture."""

    docker: str
    """As container engines name it."""
    fargate: str
    """As ECS names it (API Reference, RuntimePlatform)."""
    machines: frozenset[str]
    """As `uname -m` names it."""

    def matches(self, machine: str) -> bool:
        """Check whether a machine, as `uname -m` names it, runs images of this platform natively."""
        return machine in self.machines


PLATFORMS: Final[Mapping[str, RunnerPlatform]] = {
    "x86_64": RunnerPlatform(docker="linux/amd64", fargate="X86_64", machines=frozenset({"x86_64", "AMD64"})),
    "arm64": RunnerPlatform(docker="linux/arm64", fargate="ARM64", machines=frozenset({"aarch64", "arm64"})),
}
"""By the value of the setting `runners.architecture`."""
