"""Reads facts from the account. No call changes anything."""

from collections.abc import Callable, Sequence
from typing import Any, Final

from botocore.exceptions import ClientError

from infra.preflight.account_facts import Identity, LogRole, Quota, Subnet, Zone

__all__ = ["ECS_ROLE", "Account", "error_code"]

ECS_ROLE: Final = "AWSServiceRoleForECS"
"""Name of the service-linked role of ECS (Amazon ECS Developer Guide, "Using service-linked roles")."""


class Account:
    """The account and region that the stack is deployed to.

    Each method raises `ClientError` if AWS returns an error, and `BotoCoreError` if there is no response.

    Parameters
    ----------
    client
        Creates the client of a service.
    region
        Region of the stack.
    """

    def __init__(self, client: Callable[[str], Any], *, region: str) -> None:
        self._client = client
        self._region = region

    def identity(self) -> Identity:
        """Read the identity of the credentials."""
        response = self._client("sts").get_caller_identity()
        return Identity(account=response["Account"], arn=response["Arn"], region=self._region)

    def stack_status(self, name: str) -> str | None:
        """Read the status of a stack; None if there is no such stack."""
        try:
            response = self._client("cloudformation").describe_stacks(StackName=name)
        except ClientError as failure:
            if error_code(failure) == "ValidationError" and "does not exist" in str(failure):
                return None
            raise
        return str(response["Stacks"][0]["StackStatus"])

    def bootstrap_version(self, qualifier: str) -> int | None:
        """Read the version of CDK's bootstrap stack; None if the region is not bootstrapped."""
        try:
            response = self._client("ssm").get_parameter(Name=f"/cdk-bootstrap/{qualifier}/version")
        except ClientError as failure:
            if error_code(failure) == "ParameterNotFound":
                return None
            raise
        return int(response["Parameter"]["Value"])

    def has_role(self, name: str) -> bool:
        """Check whether the account has a role."""
        try:
            self._client("iam").get_role(RoleName=name)
        except ClientError as failure:
            if error_code(failure) == "NoSuchEntity":
                return False
            raise
        return True

    def concurrent_executions(self) -> int:
        """Read the account's concurrent Lambda executions in the region."""
        return int(self._client("lambda").get_account_settings()["AccountLimit"]["ConcurrentExecutions"])

    def quota(self, quota: Quota) -> float:
        """Read a quota: the account's applied value, or AWS's default if none is applied."""
        quotas = self._client("service-quotas")
        request = {"ServiceCode": quota.service, "QuotaCode": quota.code}
        try:
            response = quotas.get_service_quota(**request)
        except ClientError as failure:
            if error_code(failure) != "NoSuchResourceException":
                raise
            response = quotas.get_aws_default_service_quota(**request)
        return float(response["Quota"]["Value"])

    def vpc_count(self) -> int:
        """Count the region's VPCs."""
        pages = self._client("ec2").get_paginator("describe_vpcs").paginate()
        return sum(len(page["Vpcs"]) for page in pages)

    def zones(self) -> list[Zone]:
        """Read the region's Availability Zones, without Local and Wavelength Zones, in the order of their names."""
        only = [{"Name": "zone-type", "Values": ["availability-zone"]}]
        response = self._client("ec2").describe_availability_zones(Filters=only)
        return sorted((_zone(each) for each in response["AvailabilityZones"]), key=lambda zone: zone.name)

    def subnets(self, subnet_ids: Sequence[str]) -> list[Subnet]:
        """Read those of these subnets that exist."""
        only = [{"Name": "subnet-id", "Values": list(subnet_ids)}]
        response = self._client("ec2").describe_subnets(Filters=only)
        return [Subnet(each["SubnetId"], each["VpcId"], _zone(each)) for each in response["Subnets"]]

    def log_role(self) -> LogRole | None:
        """Read the region's role for API Gateway logs; None if none is set."""
        arn = self._client("apigateway").get_account().get("cloudwatchRoleArn")
        if not arn:
            return None
        name = arn.rpartition("/")[2]
        return LogRole(arn, exists=self.has_role(name), stack=self._stack_of(name))

    def _stack_of(self, physical_id: str) -> str | None:
        try:
            response = self._client("cloudformation").describe_stack_resources(PhysicalResourceId=physical_id)
        except ClientError as failure:
            if error_code(failure) == "ValidationError" and "does not exist" in str(failure):
                return None
            raise
        resources = response["StackResources"]
        return str(resources[0]["StackName"]) if resources else None


def error_code(failure: ClientError) -> str:
    """Return the error code."""
    return str(failure.response.get("Error", {}).get("Code", ""))


def _zone(described: Any) -> Zone:
    # The keys differ: ZoneName and ZoneId for a zone, AvailabilityZone and AvailabilityZoneId for a subnet.
    name = described.get("ZoneName") or described["AvailabilityZone"]
    return Zone(name, described.get("ZoneId") or described["AvailabilityZoneId"])
