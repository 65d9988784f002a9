"""What each fact means; the messages say what, which, and what next."""

import json
from typing import Any

import pytest

from infra.preflight import rules
from infra.preflight.account_facts import (
    ON_DEMAND_VCPU,
    SPOT_VCPU,
    Identity,
    LogRole,
    Subnet,
    Zone,
    is_first_deployment,
)
from infra.preflight.findings import Finding, Level
from infra.settings import StackSettings
from infra.triggers import MAX_CONCURRENT_CLEANUP_BATCHES, MAX_CONCURRENT_TICKS
from tests.infra.synthesized import Synthesized

IDENTITY = Identity("123456789012", "arn:aws:iam::123456789012:user/operator", "us-west-1")


def settings(**sections: Any) -> StackSettings:
    """Settings with a small type on demand and a large one on Spot."""
    given: dict[str, Any] = {
        "environments": {"python": {"compute_types": ["small", "large"]}},
        "compute_types": {
            "small": {"vcpu": 1, "memory_gib": 4},
            "large": {"vcpu": 4, "memory_gib": 16, "spot": True},
        },
        "limits": {"max_running_jobs": 10, "max_running_jobs_per_owner": 10},
    }
    return StackSettings.model_validate(given | sections)


def only(findings: list[Finding], level: Level) -> str:
    (finding,) = findings
    assert finding.level is level
    return finding.message


@pytest.mark.parametrize(
    "status", [None, "REVIEW_IN_PROGRESS", "CREATE_COMPLETE", "ROLLBACK_FAILED", "ROLLBACK_COMPLETE"]
)
def test_a_missing_or_finished_stack_may_be_deployed(status: str | None) -> None:
    assert rules.check_stack("mine", status) == []


@pytest.mark.parametrize(
    ("status", "next_step"),
    [
        ("UPDATE_IN_PROGRESS", "wait for it to finish"),
        ("UPDATE_ROLLBACK_FAILED", "npx cdk rollback"),
        ("DELETE_FAILED", "finish the deletion"),
    ],
)
def test_a_stack_that_cannot_be_deployed_is_an_error(status: str, next_step: str) -> None:
    message = only(rules.check_stack("mine", status), Level.ERROR)
    assert f"mine is in the state {status}" in message
    assert next_step in message


@pytest.mark.parametrize(
    ("status", "first"),
    [
        (None, True),
        ("REVIEW_IN_PROGRESS", True),
        ("ROLLBACK_COMPLETE", True),
        ("ROLLBACK_FAILED", True),
        ("CREATE_COMPLETE", False),
        ("UPDATE_ROLLBACK_COMPLETE", False),
    ],
)
def test_a_deployment_is_the_first_if_the_stack_is_missing_or_its_creation_failed(
    status: str | None, first: bool
) -> None:
    assert is_first_deployment(status) is first


def test_a_missing_or_old_bootstrap_is_an_error(stack: Synthesized) -> None:
    command = "npx cdk bootstrap aws://123456789012/us-west-1"
    assert command in only(rules.check_bootstrap(IDENTITY, None), Level.ERROR)
    assert command in only(rules.check_bootstrap(IDENTITY, rules.BOOTSTRAP_VERSION - 1), Level.ERROR)
    assert rules.check_bootstrap(IDENTITY, rules.BOOTSTRAP_VERSION) == []
    manifest = json.loads((stack.folder / "manifest.json").read_text())
    wanted = manifest["artifacts"]["Scheduler"]["properties"]["requiresBootstrapStackVersion"]
    assert wanted == rules.BOOTSTRAP_VERSION


def test_a_missing_role_of_ecs_is_an_error_with_the_command() -> None:
    assert "make ecs-role" in only(rules.check_ecs_role(exists=False), Level.ERROR)
    assert rules.check_ecs_role(exists=True) == []


def test_a_new_account_s_concurrency_is_a_warning() -> None:
    message = only(rules.check_concurrency(10), Level.WARNING)
    assert "L-B99A9384" in message
    assert "is 10" in message
    assert rules.check_concurrency(1000) == []


def test_the_count_of_background_executions_matches_the_template() -> None:
    dispatch, sweep, streams = 1, 1, 1
    assert (
        MAX_CONCURRENT_TICKS + MAX_CONCURRENT_CLEANUP_BATCHES + dispatch + sweep + streams
        == rules.BACKGROUND_EXECUTIONS
    )


@pytest.mark.parametrize(
    ("vcpus", "consequence"),
    [
        (0, "jobs of large, small never start"),
        (3, "jobs of large never start"),
        (39, "jobs above it wait for up to six hours, then fail"),
    ],
)
def test_too_few_vcpus_are_a_warning_with_the_consequence(vcpus: float, consequence: str) -> None:
    message = only(rules.check_vcpu(settings(), ON_DEMAND_VCPU, vcpus), Level.WARNING)
    assert consequence in message
    assert f"is {vcpus}, and limits.max_running_jobs = 10 of large take 40 vCPU" in message
    assert "L-3032A538; Service Quotas console, AWS Fargate" in message


def test_just_enough_vcpus_are_no_warning() -> None:
    assert rules.check_vcpu(settings(), ON_DEMAND_VCPU, 40) == []


def test_the_spot_quota_is_compared_with_spot_compute_types() -> None:
    assert "large" in only(rules.check_vcpu(settings(), SPOT_VCPU, 0), Level.WARNING)
    assert "small" not in only(rules.check_vcpu(settings(), SPOT_VCPU, 0), Level.WARNING)
    on_demand = settings(
        environments={"python": {"compute_types": ["small"]}}, compute_types={"small": {"vcpu": 1, "memory_gib": 4}}
    )
    assert rules.check_vcpu(on_demand, SPOT_VCPU, 0) == []


def test_a_region_without_room_for_a_vpc_is_an_error() -> None:
    assert "is 5, and the region has 5" in only(rules.check_vpcs(5, 5.0), Level.ERROR)
    assert rules.check_vpcs(4, 5.0) == []


GOOD, BAD, OTHER = Zone("us-west-1a", "usw1-az1"), Zone("us-west-1b", "usw1-az2"), Zone("us-west-1c", "usw1-az3")


@pytest.mark.parametrize(
    ("region", "zones"),
    [
        ("us-west-1", [GOOD, BAD, OTHER]),
        (
            "ap-northeast-1",
            [Zone("us-west-1a", "apne1-az1"), Zone("us-west-1b", "apne1-az3"), Zone("us-west-1c", "apne1-az2")],
        ),
        (
            "cn-north-1",
            [Zone("us-west-1a", "cnn1-az1"), Zone("us-west-1b", "cnn1-az4"), Zone("us-west-1c", "cnn1-az2")],
        ),
    ],
)
def test_a_zone_without_fargate_is_an_error_with_the_setting_to_write(region: str, zones: list[Zone]) -> None:
    message = only(rules.check_zones(settings(), zones, region), Level.ERROR)
    assert "Fargate is not available in us-west-1b" in message
    assert 'availability_zones = ["us-west-1a", "us-west-1c"]' in message
    assert "[network]" in message


def test_zones_that_the_operator_chooses_are_checked() -> None:
    chosen = settings(network={"availability_zones": ["us-west-1a", "us-west-1c"]})
    assert rules.check_zones(chosen, [GOOD, BAD, OTHER], "us-west-1") == []
    wrong = settings(network={"availability_zones": ["us-west-1a", "us-west-1b"]})
    assert "us-west-1b" in only(rules.check_zones(wrong, [GOOD, BAD, OTHER], "us-west-1"), Level.ERROR)
    elsewhere = settings(network={"availability_zones": ["eu-central-1a"]})
    message = only(rules.check_zones(elsewhere, [GOOD, OTHER], "us-west-1"), Level.ERROR)
    assert message == "network.availability_zones: us-west-1 has no eu-central-1a; it has us-west-1a, us-west-1c."


def test_in_other_regions_every_zone_has_fargate() -> None:
    assert rules.check_zones(settings(), [Zone("us-east-1e", "use1-az3")], "us-east-1") == []


def test_each_subnet_is_checked() -> None:
    theirs = settings(network={"vpc_id": "vpc-1", "subnet_ids": ["subnet-1", "subnet-2", "subnet-3"]})
    found = [Subnet("subnet-1", "vpc-1", GOOD), Subnet("subnet-2", "vpc-2", BAD)]
    message = [each.message for each in rules.check_subnets(theirs, found, "us-west-1")]
    assert message == [
        "network.subnet_ids: us-west-1 has no subnet-3 in this account.",
        "network.subnet_ids: subnet-2 is in vpc-2, not in vpc-1.",
        "network.subnet_ids: subnet-2 is in us-west-1b, where Fargate is not available; choose another.",
    ]
    assert rules.check_subnets(theirs, [Subnet(f"subnet-{n}", "vpc-1", GOOD) for n in (1, 2, 3)], "us-west-1") == []


ROLE = "arn:aws:iam::123456789012:role/logs"


@pytest.mark.parametrize(
    "role",
    [
        None,
        LogRole(ROLE, exists=False, stack=None),
        LogRole(ROLE, exists=True, stack="jupyter-scheduler"),
        LogRole(f"{ROLE[:-4]}jupyter-scheduler-ApiRestApiCloudWatchRole-1A2B", exists=True, stack=None),
    ],
)
def test_the_log_role_may_be_set_if_there_is_none_or_it_belongs_to_the_stack(role: LogRole | None) -> None:
    assert rules.check_log_role(settings(), role, is_first=True) == []


@pytest.mark.parametrize(("stack", "owner"), [(None, "no stack of this region"), ("other", "stack other")])
def test_replacing_the_log_role_of_another_stack_is_reported(stack: str | None, owner: str) -> None:
    others = LogRole(ROLE, exists=True, stack=stack)
    message = only(rules.check_log_role(settings(), others, is_first=True), Level.ERROR)
    assert f"{ROLE}, created by {owner}" in message
    assert "api.account_log_role = false" in message
    assert only(rules.check_log_role(settings(), others, is_first=False), Level.WARNING) == message
    left_alone = settings(api={"account_log_role": False})
    assert rules.check_log_role(left_alone, others, is_first=True) == []


@pytest.mark.parametrize("role", [None, LogRole(ROLE, exists=False, stack=None)])
def test_a_missing_log_role_that_the_stack_does_not_set_is_an_error(role: LogRole | None) -> None:
    left_alone = settings(api={"account_log_role": False})
    assert "set it to true" in only(rules.check_log_role(left_alone, role, is_first=False), Level.ERROR)


def test_the_stacks_own_account_in_the_list_is_an_error() -> None:
    own = settings(api={"accounts": ["123456789012"]})
    assert "Remove it" in only(rules.check_accounts(own, IDENTITY), Level.ERROR)
    assert rules.check_accounts(settings(api={"accounts": ["210987654321"]}), IDENTITY) == []


def test_an_image_that_cannot_be_built_is_an_error() -> None:
    message = only(rules.check_engine(["python"], "docker is not on PATH"), Level.ERROR)
    assert "The image of python has to be built, and nothing here can build it (docker is not on PATH)" in message
    assert "CDK_DOCKER=podman" in message
    assert rules.check_engine(["python"], None) == []
