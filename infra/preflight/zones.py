"""Availability Zones with Fargate."""

from collections.abc import Mapping
from typing import Final

from infra.preflight.account_facts import Zone

__all__ = ["has_fargate"]

_ZONES_WITH_FARGATE: Final[Mapping[str, frozenset[str]]] = {
    "us-west-1": frozenset({"usw1-az1", "usw1-az3"}),
    "ap-northeast-1": frozenset({"apne1-az1", "apne1-az2", "apne1-az4"}),
    "cn-north-1": frozenset({"cnn1-az1", "cnn1-az2"}),
}
"""Zone ids with Fargate in the regions where some zones do not have it, for Linux containers (Amazon ECS Developer Guide, "Supported
Regions for Amazon ECS on AWS Fargate", read in November 2026)."""


def has_fargate(zone: Zone, region: str) -> bool:
    """Check whether Fargate runs Linux containers in a zone."""
    return region not in _ZONES_WITH_FARGATE or zone.zone_id in _ZONES_WITH_FARGATE[region]
