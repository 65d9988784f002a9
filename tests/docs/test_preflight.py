"""docs/operation.md names every permission that the preflight needs."""

import re
from typing import Any

from infra.preflight.account import Account
from infra.preflight.account_facts import Identity
from infra.preflight.checks import Subject, applicable_checks
from infra.settings import StackSettings
from tests.docs.documents import table_rows

ENVIRONMENT: dict[str, Any] = {
    "environments": {"python": {"compute_types": ["spot"]}},
    "compute_types": {"spot": {"vcpu": 1, "memory_gib": 4, "spot": True}},
}
NETWORKS: list[dict[str, Any]] = [{}, {"vpc_id": "vpc-1", "subnet_ids": ["subnet-1"]}]


def permissions() -> set[str]:
    found = set()
    for network in NETWORKS:
        subject = Subject(
            settings=StackSettings.model_validate({**ENVIRONMENT, "network": network}),
            identity=Identity("123456789012", "arn:aws:iam::123456789012:user/operator", "eu-central-1"),
            bootstrap_qualifier="hnb659fds",
            is_first=True,
        )
        for check in applicable_checks(subject, Account(lambda service: service, region="eu-central-1")):
            found |= set(re.findall(r"[a-z0-9]+:[A-Za-z]+", check.permissions))
    return found


def test_permissions_are_documented() -> None:
    cells = {name for row in table_rows("docs/operation.md") for cell in row for name in re.findall(r"`([^`]+)`", cell)}
    assert permissions()
    assert (permissions() | {"cloudformation:DescribeStacks"}) - cells == set()
