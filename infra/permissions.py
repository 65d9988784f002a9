"""Print docs/permissions.md, every permission of the stack's roles with its purpose: `python -m infra.permissions`.

The rows come from the synthesized template, so they include the permissions that CDK grants by itself.
"""

import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from aws_cdk import App, CfnElement

from infra.functions import FUNCTIONS
from infra.grant_statements import Purpose
from infra.main import build
from infra.nag_acknowledgments import resource_text
from infra.stack import SchedulerStack

__all__ = ["Permission", "UnexplainedPermissionError", "document", "permissions", "statements"]

_BY_LAMBDA: Final[Mapping[str, str]] = {
    **dict.fromkeys(("logs:CreateLogStream", "logs:PutLogEvents"), "Lambda: write the function's own log"),
    **dict.fromkeys(("xray:PutTraceSegments", "xray:PutTelemetryRecords"), "Lambda: write traces"),
    **dict.fromkeys(
        (
            "sqs:ReceiveMessage",
            "sqs:ChangeMessageVisibility",
            "sqs:DeleteMessage",
            "sqs:GetQueueUrl",
            "sqs:GetQueueAttributes",
        ),
        "Lambda: read the queue that triggers the function",
    ),
    **dict.fromkeys(
        ("dynamodb:ListStreams", "dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"),
        "Lambda: follow the table's changes",
    ),
}
"""Purposes of the actions that Lambda itself uses with a function's role; CDK grants them for event sources, logs, and traces."""

_KEEP_FAILED_EVENT: Final = "Lambda: keep an event that failed after its retries"
"""Purpose of the actions on a dead-letter queue."""

_OTHER_ROLES: Final[Mapping[str, str]] = {
    "Schedules/Role": "EventBridge Scheduler: send ticks, and dead letters of ticks",
    "Runners/ExecutionRole": "ECS: pull the runner image, inject the runner key, write the output of notebooks",
}
"""Roles that AWS services use, by construct path."""

_PSEUDO: Final = re.compile(r"arn:<AWS::Partition>:[a-z0-9-]+:(?:<AWS::Region>)?:(?:<AWS::AccountId>)?:")
_REFERENCE: Final = re.compile(r"<(\w+)(?:\.\w+)?>")


class UnexplainedPermissionError(Exception):
    """A role has a permission without a purpose."""


@dataclass(frozen=True, kw_only=True)
class Permission:
    """One action that a role may perform on a resource."""

    role: str
    """Name of a function; construct path of another role."""

    action: str
    resource: str
    """The ARN, with construct paths in place of references."""

    condition: str
    """Empty if there is no condition."""

    purpose: Purpose
    by_aws: bool
    """Whether an AWS service uses the permission, rather than the service's code."""


def permissions(stack: SchedulerStack, template: Mapping[str, Any]) -> list[Permission]:
    """Return every permission of every role in a synthesized stack.

    Raises
    ------
    UnexplainedPermissionError
        If a permission has no purpose.
    """
    paths = {stack.resolve(each.logical_id): _path(each) for each in _elements(stack)}
    roles = {f"Functions/{spec.name.title().replace('-', '')}/Role": spec.name for spec in FUNCTIONS}
    found = []
    for _, role_id, statement in statements(template):
        role = roles.get(paths[role_id], paths[role_id])
        for action in _as_list(statement["Action"]):
            for resource in _as_list(statement["Resource"]):
                purpose, by_aws = _purpose(stack, role, action, resource_text(resource))
                found.append(
                    Permission(
                        role=role,
                        action=action,
                        resource=_readable(resource_text(resource), paths),
                        condition=_readable(_condition(statement), paths),
                        purpose=purpose,
                        by_aws=by_aws,
                    )
                )
    return found


def statements(template: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Yield each statement of the roles' policies, with the policy's name and the role's logical id."""
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::IAM::Policy":
            properties = resource["Properties"]
            for role in properties["Roles"]:
                for statement in properties["PolicyDocument"]["Statement"]:
                    yield properties["PolicyName"], role["Ref"], statement


def document(found: Iterable[Permission]) -> str:
    """Return the page, which operators' security reviewers read."""
    by_row: dict[tuple[str, str, str, str], list[str]] = {}
    for each in found:
        note = " (after a fault only)" if each.purpose.faults_only else ""
        key = (each.role, each.resource, each.condition, f"{each.purpose.text}{note}")
        by_row.setdefault(key, []).append(each.action)
    parts = [_HEADING]
    for role in dict.fromkeys(key[0] for key in by_row):
        parts.append(f"\n## {role}\n\n| action | resource | condition | used for |\n| --- | --- | --- | --- |\n")
        parts.extend(
            f"| {', '.join(f'`{action}`' for action in sorted(actions))} | `{resource}` | {condition and f'`{condition}`'} | {purpose} |\n"
            for (owner, resource, condition, purpose), actions in by_row.items()
            if owner == role
        )
    return "".join(parts)


_HEADING: Final = """# Permissions

This page lists every permission of every role in the stack, with the default `scheduler.toml`. `make permissions` generates it from the
synthesized template; the purposes come from `infra/grants.py`. Names such as `Tables/Jobs` are constructs of the stack.

The tests deploy the stack to the local cloud, which evaluates every call against these policies. They fail if a function's call is
denied, or if no call uses a permission, except where this page says *after a fault only* or names the AWS service that uses it.

Users get the policy in the output `UserPolicyArn`: `execute-api:Invoke` on the API's routes under `/scheduler`, and nothing else.
Notebooks have no role unless their environment names one.
"""


def _purpose(stack: SchedulerStack, role: str, action: str, resource: str) -> tuple[Purpose, bool]:
    if (purpose := stack.grants.purposes.get((role, action, resource))) is not None:
        return purpose, False
    is_given_up = action.startswith("sqs:") and resource.startswith("<QueuesDead")
    text = _OTHER_ROLES.get(role) or (_KEEP_FAILED_EVENT if is_given_up else _BY_LAMBDA.get(action))
    if text is None:
        raise UnexplainedPermissionError(
            f"The permission {action} of {role} on {resource} has no purpose: add it to infra/grants.py or infra/permissions.py."
        )
    return Purpose(text=text), True


def _elements(stack: SchedulerStack) -> list[CfnElement]:
    return [each for each in stack.node.find_all() if isinstance(each, CfnElement)]


def _path(element: CfnElement) -> str:
    return element.node.path.partition("/")[2].removesuffix("/Resource")


def _condition(statement: Mapping[str, Any]) -> str:
    return "; ".join(
        f"{operator} {key} {', '.join(resource_text(value) for value in _as_list(values))}"
        for operator, keys in statement.get("Condition", {}).items()
        for key, values in keys.items()
    )


def _readable(text: str, paths: Mapping[str, str]) -> str:
    return _REFERENCE.sub(lambda match: paths.get(match[1], match[0]), _PSEUDO.sub("", text))


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def main() -> None:
    """Print the page."""
    flags = json.loads((Path(__file__).parents[1] / "cdk.json").read_text(encoding="utf-8"))["context"]
    app = App(context=flags)
    stack = build(app)
    template = app.synth().get_stack_by_name(stack.stack_name).template
    sys.stdout.write(document(permissions(stack, template)))


if __name__ == "__main__":
    main()
