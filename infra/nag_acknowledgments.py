"""Why a finding of cdk-nag that stands is meant to be so; each is said beside what it is about."""

from collections.abc import Sequence

from aws_cdk import Acknowledgment, Stack, Validations
from constructs import IConstruct

__all__ = ["explain", "explain_wildcards", "resource_text"]


def explain(scope: IConstruct, finding: str, reason: str) -> None:
    """Say why a finding stands, for a construct and everything below it.

    Parameters
    ----------
    scope
        What the finding is about.
    finding
        Id of the rule, with the finding in brackets where the rule has several: `IAM5[Resource::*]`.
    reason
        Why it is meant to be so.
    """
    Validations.of(scope).acknowledge(Acknowledgment(id=f"AwsSolutions-{finding}", reason=reason))


def explain_wildcards(scope: IConstruct, resources: Sequence[str], reason: str) -> None:
    """Say why a policy names resources by a pattern; each of them is a finding of its own."""
    stack = Stack.of(scope)
    for resource in resources:
        written = resource_text(stack.resolve(resource))
        if "*" in written:
            explain(scope, f"IAM5[Resource::{written}]", reason)


def resource_text(value: object) -> str:
    """Write a resolved ARN as text, as cdk-nag does: references in angle brackets."""
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
