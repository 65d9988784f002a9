"""The calls, against moto where it has the service, and botocore's Stubber where it has not."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from infra.preflight.account import ECS_ROLE, Account
from infra.preflight.account_facts import ON_DEMAND_VCPU, VPCS, Identity, LogRole, Quota, Zone
from infra.preflight.ecs_role import create_role
from tests.infra.preflight.stubs import REGION, StubbedAws

TEMPLATE = """{"Resources": {"Role": {"Type": "AWS::IAM::Role", "Properties": {"RoleName": "logs", "AssumeRolePolicyDocument": {}}}}}"""


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        yield boto3.Session(region_name=REGION).client


@pytest.fixture
def account(client: Any) -> Account:
    return Account(client, region=REGION)


def test_the_identity_has_account_arn_and_region(account: Account) -> None:
    assert account.identity() == Identity("123456789012", "arn:aws:sts::123456789012:user/moto", REGION)


def test_a_missing_stack_has_no_status(account: Account, client: Any) -> None:
    assert account.stack_status("mine") is None
    client("cloudformation").create_stack(StackName="mine", TemplateBody=TEMPLATE)
    assert account.stack_status("mine") == "CREATE_COMPLETE"


def test_the_bootstrap_version_is_a_number(account: Account, client: Any) -> None:
    assert account.bootstrap_version("hnb659fds") is None
    client("ssm").put_parameter(Name="/cdk-bootstrap/hnb659fds/version", Value="30", Type="String")
    assert account.bootstrap_version("hnb659fds") == 30


def test_a_role_exists_or_not(account: Account, client: Any) -> None:
    assert not account.has_role(ECS_ROLE)
    client("iam").create_role(RoleName=ECS_ROLE, AssumeRolePolicyDocument="{}")
    assert account.has_role(ECS_ROLE)


def test_the_role_of_ecs_is_created_once() -> None:
    aws = StubbedAws()
    call = "create_service_linked_role"
    aws.responses("iam", call, {"Role": role(ECS_ROLE)}, {"AWSServiceName": "ecs.amazonaws.com"})
    taken = f"Service role name {ECS_ROLE} has been taken in this account, please try a different suffix."
    aws.refuses("iam", call, "InvalidInput", taken)
    aws.refuses("iam", call, "AccessDenied", "not authorized")
    assert "Created" in create_role(aws.client)
    assert "already exists" in create_role(aws.client)
    with pytest.raises(ClientError, match="not authorized"):
        create_role(aws.client)


def test_vpcs_are_counted_on_every_page(account: Account, client: Any) -> None:
    before = account.vpc_count()
    for number in range(3):
        client("ec2").create_vpc(CidrBlock=f"10.{number}.0.0/16")
    assert account.vpc_count() == before + 3
    assert account.quota(VPCS) == 5


def test_zones_have_their_ids(account: Account) -> None:
    assert account.zones()[:2] == [Zone("eu-central-1a", "euc1-az1"), Zone("eu-central-1b", "euc1-az2")]


def test_subnets_that_do_not_exist_are_left_out(account: Account, client: Any) -> None:
    vpc_id = client("ec2").create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    parameters = {"VpcId": vpc_id, "CidrBlock": "10.9.0.0/24", "AvailabilityZone": "eu-central-1b"}
    subnet_id = client("ec2").create_subnet(**parameters)["Subnet"]["SubnetId"]
    (found,) = account.subnets([subnet_id, "subnet-0123456789abcdef0"])
    assert (found.subnet_id, found.vpc_id, found.zone) == (subnet_id, vpc_id, Zone("eu-central-1b", "euc1-az2"))


ROLE = "arn:aws:iam::123456789012:role/logs"


def test_the_log_role_has_the_name_of_its_stack() -> None:
    aws = StubbedAws()
    aws.responses("apigateway", "get_account", {"cloudwatchRoleArn": ROLE})
    aws.responses("iam", "get_role", {"Role": role("logs")}, {"RoleName": "logs"})
    resource = {
        "StackName": "other",
        "LogicalResourceId": "Role",
        "ResourceType": "AWS::IAM::Role",
        "Timestamp": "2026-11-26T00:00:00Z",
        "ResourceStatus": "CREATE_COMPLETE",
    }
    aws.responses(
        "cloudformation", "describe_stack_resources", {"StackResources": [resource]}, {"PhysicalResourceId": "logs"}
    )
    assert Account(aws.client, region=REGION).log_role() == LogRole(ROLE, exists=True, stack="other")
    aws.all_were_asked()


def test_a_log_role_that_was_deleted_and_has_no_stack() -> None:
    aws = StubbedAws()
    aws.responses("apigateway", "get_account", {"cloudwatchRoleArn": ROLE})
    aws.refuses("iam", "get_role", "NoSuchEntity")
    aws.refuses("cloudformation", "describe_stack_resources", "ValidationError", "Stack for logs does not exist")
    assert Account(aws.client, region=REGION).log_role() == LogRole(ROLE, exists=False, stack=None)


def test_no_log_role() -> None:
    aws = StubbedAws()
    aws.responses("apigateway", "get_account", {})
    assert Account(aws.client, region=REGION).log_role() is None
    assert len(aws.calls) == 1


def role(name: str) -> dict[str, Any]:
    return {
        "RoleName": name,
        "Path": "/",
        "RoleId": "AROAEXAMPLEEXAMPLE00",
        "Arn": f"arn:aws:iam::123456789012:role/{name}",
        "CreateDate": "2026-11-26T00:00:00Z",
    }


def test_a_quota_that_was_never_applied_has_aws_s_default() -> None:
    aws = StubbedAws()
    parameters = {"ServiceCode": "fargate", "QuotaCode": "L-3032A538"}
    aws.refuses("service-quotas", "get_service_quota", "NoSuchResourceException")
    aws.responses("service-quotas", "get_aws_default_service_quota", {"Quota": {"Value": 6.0}}, parameters)
    assert Account(aws.client, region=REGION).quota(ON_DEMAND_VCPU) == 6
    aws.all_were_asked()


def test_a_quota_of_the_account_takes_one_call() -> None:
    aws = StubbedAws()
    aws.responses("service-quotas", "get_service_quota", {"Quota": {"Value": 400.0}})
    assert Account(aws.client, region=REGION).quota(ON_DEMAND_VCPU) == 400
    assert aws.calls == ["service-quotas:GetServiceQuota"]


def test_concurrency_is_that_of_the_account() -> None:
    aws = StubbedAws()
    limits = {"ConcurrentExecutions": 10, "UnreservedConcurrentExecutions": 7}
    aws.responses("lambda", "get_account_settings", {"AccountLimit": limits})
    assert Account(aws.client, region=REGION).concurrent_executions() == 10


REFUSABLE = {
    "stack_status": ("cloudformation", "describe_stacks", ("mine",)),
    "bootstrap_version": ("ssm", "get_parameter", ("hnb659fds",)),
    "has_role": ("iam", "get_role", (ECS_ROLE,)),
    "concurrent_executions": ("lambda", "get_account_settings", ()),
    "quota": ("service-quotas", "get_service_quota", (Quota("fargate", "L-1", "name", "place"),)),
    "vpc_count": ("ec2", "describe_vpcs", ()),
    "zones": ("ec2", "describe_availability_zones", ()),
    "subnets": ("ec2", "describe_subnets", (["subnet-1"],)),
    "log_role": ("apigateway", "get_account", ()),
}


@pytest.mark.parametrize("method", REFUSABLE)
@pytest.mark.parametrize("code", ["AccessDenied", "ThrottlingException"])
def test_an_access_denied_error_is_raised(method: str, code: str) -> None:
    service, call, arguments = REFUSABLE[method]
    aws = StubbedAws()
    aws.refuses(service, call, code)
    with pytest.raises(ClientError, match=code):
        getattr(Account(aws.client, region=REGION), method)(*arguments)


def test_other_validation_errors_of_a_stack_are_raised() -> None:
    aws = StubbedAws()
    aws.refuses("cloudformation", "describe_stacks", "ValidationError", "1 validation error detected")
    with pytest.raises(ClientError):
        Account(aws.client, region=REGION).stack_status("mine")
