"""The whole preflight: how many calls it makes, and what it says when they are refused."""

from pathlib import Path

import pytest

from infra.context import Context
from infra.preflight.findings import Level
from infra.preflight.report import examine
from infra.settings import SettingsError
from tests.infra.preflight.stubs import ARN, REGION, StubbedAws, no_response

READY = """
[environments.python]
image = "public.ecr.aws/team/runner:7"
compute_types = ["small", "small-spot"]
[compute_types.small]
vcpu = 1
memory_gib = 4
[compute_types.small-spot]
vcpu = 1
memory_gib = 4
spot = true
"""

ROLE = {
    "RoleName": "AWSServiceRoleForECS",
    "Path": "/",
    "RoleId": "AROAEXAMPLEEXAMPLE00",
    "Arn": "arn:aws:iam::123456789012:role/AWSServiceRoleForECS",
    "CreateDate": "2026-11-26T00:00:00Z",
}
ZONES = [{"ZoneName": f"eu-central-1{letter}", "ZoneId": f"euc1-az{n}"} for n, letter in enumerate("abc", 1)]


@pytest.fixture
def context(tmp_path: Path) -> Context:
    path = tmp_path / "scheduler.toml"
    path.write_text(READY)
    return Context({"settings": str(path)})


@pytest.fixture
def aws() -> StubbedAws:
    stubbed = StubbedAws()
    stubbed.responses("sts", "get_caller_identity", {"Account": "123456789012", "Arn": ARN, "UserId": "AIDA"})
    return stubbed


def stand(aws: StubbedAws, status: str | None, *, vcpus: float = 4000.0) -> None:
    """Announce the answers of an account in which all is well."""
    if status is None:
        aws.refuses("cloudformation", "describe_stacks", "ValidationError", "Stack with id x does not exist")
    else:
        stack = {"StackName": "jupyter-scheduler", "CreationTime": "2026-11-26T00:00:00Z", "StackStatus": status}
        aws.responses("cloudformation", "describe_stacks", {"Stacks": [stack]}, {"StackName": "jupyter-scheduler"})
    aws.responses("ssm", "get_parameter", {"Parameter": {"Value": "30"}}, {"Name": "/cdk-bootstrap/hnb659fds/version"})
    aws.responses("iam", "get_role", {"Role": ROLE}, {"RoleName": "AWSServiceRoleForECS"})
    aws.responses("lambda", "get_account_settings", {"AccountLimit": {"ConcurrentExecutions": 1000}})
    for _ in ("on demand", "on Spot"):
        aws.responses("service-quotas", "get_service_quota", {"Quota": {"Value": vcpus}})
    aws.responses("apigateway", "get_account", {})


def stand_empty(aws: StubbedAws) -> None:
    aws.responses("ec2", "describe_vpcs", {"Vpcs": [{"VpcId": "vpc-1"}]})
    aws.responses("service-quotas", "get_service_quota", {"Quota": {"Value": 5.0}})
    aws.responses("ec2", "describe_availability_zones", {"AvailabilityZones": ZONES})


def test_a_first_deployment_needs_eleven_calls(context: Context, aws: StubbedAws) -> None:
    stand(aws, None)
    stand_empty(aws)
    report = examine(context, aws.client, region=REGION)
    assert report.findings == ()
    assert report.may_deploy
    assert report.is_first
    aws.all_were_asked()
    assert len(aws.calls) == 11
    assert not [call for call in aws.calls if not call.partition(":")[2].startswith(("Get", "Describe"))]
    assert report.lines() == [
        f"Account 123456789012, region {REGION}, as {ARN}",
        "Preflight: 10 checks, 0 errors, 0 warnings, 0 unchecked.",
    ]


def test_the_network_of_an_existing_stack_is_not_checked(context: Context, aws: StubbedAws) -> None:
    stand(aws, "UPDATE_COMPLETE")
    report = examine(context, aws.client, region=REGION)
    assert report.may_deploy
    assert not report.is_first
    aws.all_were_asked()
    assert len(aws.calls) == 8


def test_warnings_do_not_stop_a_deployment_and_errors_come_first(context: Context, aws: StubbedAws) -> None:
    stand(aws, "UPDATE_IN_PROGRESS", vcpus=6.0)
    report = examine(context, aws.client, region=REGION)
    assert [each.level for each in report.findings] == [Level.ERROR, Level.WARNING, Level.WARNING]
    assert not report.may_deploy
    assert report.lines()[1].startswith("error     stack: jupyter-scheduler is in the state UPDATE_IN_PROGRESS")
    assert report.lines()[-1] == "Preflight: 8 checks, 1 errors, 2 warnings, 0 unchecked."


CALLS = (
    ("cloudformation", "describe_stacks"),
    ("ssm", "get_parameter"),
    ("iam", "get_role"),
    ("lambda", "get_account_settings"),
    ("service-quotas", "get_service_quota"),
    ("service-quotas", "get_service_quota"),
    ("apigateway", "get_account"),
)


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("AccessDeniedException", "Access denied; the check needs "),
        ("UnauthorizedOperation", "Access denied; the check needs "),
        ("ThrottlingException", "AWS throttled the call; run the preflight again."),
        ("InternalFailure", "AWS returned InternalFailure: "),
    ],
)
def test_a_failed_call_is_reported_in_one_line(code: str, message: str, context: Context, aws: StubbedAws) -> None:
    for service, call in CALLS:
        aws.refuses(service, call, code)
    report = examine(context, aws.client, region=REGION)
    assert {each.level for each in report.findings} == {Level.UNCHECKED}
    assert len(report.findings) == len(CALLS)
    assert all(each.message.startswith(message) for each in report.findings)
    assert report.may_deploy
    assert not report.is_first
    aws.all_were_asked()


def test_an_unreachable_aws_is_reported(context: Context, aws: StubbedAws) -> None:
    stand(aws, "UPDATE_COMPLETE")
    report = examine(
        context, lambda service: no_response(service) if service == "lambda" else aws.client(service), region=REGION
    )
    (finding,) = report.findings
    assert finding.level is Level.UNCHECKED
    assert "Could not connect to the endpoint URL" in finding.message


@pytest.mark.parametrize("code", ["ExpiredToken", "InvalidClientTokenId"])
def test_invalid_credentials_stop_the_preflight(code: str, context: Context) -> None:
    aws = StubbedAws()
    aws.refuses("sts", "get_caller_identity", code, "The security token included in the request is not valid")
    report = examine(context, aws.client, region=REGION)
    assert not report.may_deploy
    assert len(aws.calls) == 1
    assert "aws sso login" in report.lines()[0]


def test_a_missing_region_stops_the_preflight(context: Context) -> None:
    report = examine(context, no_response, region=None)
    assert report.lines()[0].startswith("error     region: No region is configured; set AWS_REGION")
    assert not report.may_deploy


def test_invalid_settings_are_reported_before_any_call(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        examine(Context({"settings": str(tmp_path / "none.toml")}), no_response, region=REGION)
