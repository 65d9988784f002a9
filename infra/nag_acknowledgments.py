"""Acknowledgments of cdk-nag findings, each with its reason, beside the construct that has the finding."""

from collections.abc import Sequence

from aws_cdk import Acknowledgment, Stack, Validations
from constructs import IConstruct

__all__ = ["acknowledge", "acknowledge_wildcards", "resource_text"]


def acknowledge(scope: IConstruct, finding: str, reason: str) -> None:
    """Acknowledge a finding for a construct and everything below it.

    Parameters
    ----------
    scope
        The construct that has the finding.
    finding
        Id of the rule, with the finding in brackets where the rule has several: `IAM5[Resource::*]`.
    reason
        Why the finding is intended.
    """
    Validations.of(scope).acknowledge(Acknowledgment(id=f"AwsSolutions-{finding}", reason=reason))


def acknowledge_wildcards(scope: IConstruct, resources: Sequence[str], reason: str) -> None:
    """Acknowledge that a policy names resources by a pattern; each pattern is a separate finding."""
    stack = Stack.of(scope)
    for resource in resources:
        written = resource_text(stack.resolve(resource))
        if "*" in written:
            acknowledge(scope, f"IAM5[Resource::{written}]", reason)


def resource_text(value: object) -> str:
    """Format a resolved ARN as cdk-nag does, with references in angle brackets."""
    match value:
        case {"Ref": name}:
            return f"<{name}>"
        case {"Fn::GetAtt": [name, attribute]}:
            return f"<{name}.{attribute}>"
        case {"Fn::Join": [separator, parts]}:
            return str(separator).join(resource_text(part) for part in parts)
        case {"Fn::Sub": str(text)}:
            return text
        case _:
            return str(value)
