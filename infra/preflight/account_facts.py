"""Facts about the account, as read from AWS."""

from dataclasses import dataclass
from typing import Final

__all__ = [
    "ON_DEMAND_VCPU",
    "SPOT_VCPU",
    "VPCS",
    "Identity",
    "LogRole",
    "Quota",
    "Subnet",
    "Zone",
    "is_first_deployment",
]


@dataclass(frozen=True)
class Identity:
    """Whose credentials these are, and for which region."""

    account: str
    arn: str
    region: str


@dataclass(frozen=True)
class Quota:
    """A quota of the account, as Service Quotas names it."""

    service: str
    code: str
    name: str
    place: str
    """Name of the service in the Service Quotas console."""

    def __str__(self) -> str:
        return f"quota “{self.name}” ({self.code}; Service Quotas console, {self.place})"


ON_DEMAND_VCPU: Final = Quota("fargate", "L-3032A538", "Fargate On-Demand vCPU resource count", "AWS Fargate")
SPOT_VCPU: Final = Quota("fargate", "L-36FBB829", "Fargate Spot vCPU resource count", "AWS Fargate")
VPCS: Final = Quota("vpc", "L-F678F1CE", "VPCs per Region", "Amazon Virtual Private Cloud")


@dataclass(frozen=True)
class Zone:
    """An Availability Zone: its name differs between accounts, its id does not."""

    name: str
    zone_id: str


@dataclass(frozen=True)
class Subnet:
    """A subnet of an operator's VPC."""

    subnet_id: str
    vpc_id: str
    zone: Zone


@dataclass(frozen=True)
class LogRole:
    """The region's role for API Gateway logs."""

    arn: str
    exists: bool
    """Whether the role exists in IAM."""

    stack: str | None
    """Name of the CloudFormation stack in this region that owns the role, if one does."""


def is_first_deployment(stack_status: str | None) -> bool:
    """Check whether CloudFormation will create the stack.

    The CDK CLI deletes a stack whose creation failed before it deploys (aws-cdk CLI, StackStatus.isCreationFailure).
    REVIEW_IN_PROGRESS is a stack with a change set that was never executed.
    """
    return stack_status in (None, "REVIEW_IN_PROGRESS", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED")
