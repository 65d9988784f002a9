"""The processors that runners can have, in the words of everyone who has to know."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from aws_cdk.aws_ecr_assets import Platform
from aws_cdk.aws_ecs import CpuArchitecture

__all__ = ["PLATFORMS", "RunnerPlatform"]


@dataclass(frozen=True, kw_only=True)
class RunnerPlatform:
    """One processor architecture."""

    docker: str
    """As container engines name it."""
    machines: frozenset[str]
    """As `uname -m` names it."""
    asset: Platform
    fargate: CpuArchitecture

    def is_of(self, machine: str) -> bool:
        """Tell whether a machine, as `uname -m` names it, runs images of this platform natively."""
        return machine in self.machines


PLATFORMS: Final[Mapping[str, RunnerPlatform]] = {
    "x86_64": RunnerPlatform(
        docker="linux/amd64",
        machines=frozenset({"x86_64", "AMD64"}),
        asset=Platform.LINUX_AMD64,
        fargate=CpuArchitecture.X86_64,
    ),
    "arm64": RunnerPlatform(
        docker="linux/arm64",
        machines=frozenset({"aarch64", "arm64"}),
        asset=Platform.LINUX_ARM64,
        fargate=CpuArchitecture.ARM64,
    ),
}
"""By the value of the setting `runners.architecture`."""
