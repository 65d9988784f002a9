"""Compare the permissions that functions used on the local cloud with those that they have; runs after all other suites."""

import json
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import urlsplit

import pytest
from aws_cdk import App

from infra.main import build
from infra.permissions import Permission, permissions, statements
from local_cloud.notification_channels import notification_channels
from local_cloud.paths import LocalPaths
from local_cloud.permission_record import Evaluation, read_record
from tests.infra.synthesized import ROOT, as_list
from tests.support.deployed import Deployed, deployed

__all__ = ["deployed"]

pytestmark = pytest.mark.local_cloud

Resolved = tuple[str, str, str]
"""The name of a role, an action, and the ARN of a resource."""


@pytest.fixture(scope="module")
def template(deployed: Deployed) -> Mapping[str, Any]:
    return dict(json.loads((deployed.folder / "cdk.out" / "Scheduler.template.json").read_text(encoding="utf-8")))


@pytest.fixture(scope="module")
def roles(deployed: Deployed, template: Mapping[str, Any]) -> Mapping[str, str]:
    """Return the names of the deployed roles by logical id."""
    cloudformation = deployed.administrator("cloudformation")
    [stack] = [item["StackName"] for item in cloudformation.describe_stacks()["Stacks"] if _is_ours(item)]
    found = cloudformation.describe_stack_resources(StackName=stack)["StackResources"]
    return {
        resource["LogicalResourceId"]: resource["PhysicalResourceId"]
        for resource in found
        if resource["ResourceType"] == "AWS::IAM::Role"
    }


def _is_ours(stack: Mapping[str, Any]) -> bool:
    return any(output["OutputKey"] == "ApiUrl" for output in stack.get("Outputs", ()))


@pytest.fixture(scope="module")
def granted(
    deployed: Deployed, template: Mapping[str, Any], roles: Mapping[str, str]
) -> list[tuple[Permission, Resolved]]:
    """Return every permission in the template and in the deployed stack."""
    flags = json.loads((ROOT / "cdk.json").read_text(encoding="utf-8"))["context"]
    port = urlsplit(deployed.endpoint_url).port
    assert port is not None
    channels = notification_channels(LocalPaths(folder=deployed.folder, port=port))
    stack = build(App(context={**flags, "bundle_target": "local", "runner_image": "any", "channels": channels}))
    resolved = list(_resolved(deployed, template, roles))
    pairs = list(zip(permissions(stack, template), resolved, strict=True))
    assert all(permission.action == action for permission, (_, action, _) in pairs)
    return pairs


def _resolved(deployed: Deployed, template: Mapping[str, Any], roles: Mapping[str, str]) -> Iterator[Resolved]:
    """Yield the deployed permissions in the order of the template."""
    iam = deployed.administrator("iam")
    seen: dict[str, Iterator[Mapping[str, Any]]] = {}
    for policy, role_id, _ in statements(template):
        if policy not in seen:
            response = iam.get_role_policy(RoleName=roles[role_id], PolicyName=policy)["PolicyDocument"]
            seen[policy] = iter(response["Statement"])
        statement = next(seen[policy])
        for action in as_list(statement["Action"]):
            for resource in as_list(statement["Resource"]):
                yield roles[role_id], action, resource


@pytest.fixture(scope="module")
def record(deployed: Deployed, granted: list[tuple[Permission, Resolved]]) -> list[Evaluation]:
    """Return the evaluated permissions of the stack's roles."""
    names = {role for _, (role, _, _) in granted}
    return [
        evaluation for evaluation in read_record(deployed.folder / "permissions.jsonl") if evaluation.principal in names
    ]


def test_earlier_suites_have_used_the_stack(record: list[Evaluation]) -> None:
    """Without them the other tests prove nothing."""
    assert sum(evaluation.count for evaluation in record) > 1_000


def test_no_call_was_denied(record: list[Evaluation]) -> None:
    assert [evaluation for evaluation in record if not evaluation.allowed] == []


def test_every_permission_was_used(granted: list[tuple[Permission, Resolved]], record: list[Evaluation]) -> None:
    """Except those for error cases only, and those that an AWS service uses."""
    unused = [
        f"{permission.role}: {permission.action} on {permission.resource} ({permission.purpose.text})"
        for permission, resolved in granted
        if not (permission.by_aws or permission.purpose.faults_only) and not _was_used(resolved, record)
    ]
    assert unused == []


def _was_used(resolved: Resolved, record: list[Evaluation]) -> bool:
    role, action, resource = resolved
    return any(
        evaluation.allowed
        and (evaluation.principal, evaluation.action) == (role, action)
        and fnmatchcase(evaluation.resource, resource)
        for evaluation in record
    )
