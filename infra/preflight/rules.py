"""The rules: pure functions that each take a fact and return its findings."""

from collections.abc import Mapping, Sequence
from typing import Final

from infra.preflight.account_facts import SPOT_VCPU, VPCS, Identity, LogRole, Quota, Subnet, Zone
from infra.preflight.findings import Finding, error, warning
from infra.preflight.zones import has_fargate
from infra.settings import StackSettings

__all__ = [
    "BACKGROUND_EXECUTIONS",
    "BOOTSTRAP_VERSION",
    "check_accounts",
    "check_bootstrap",
    "check_concurrency",
    "check_ecs_role",
    "check_engine",
    "check_log_role",
    "check_stack",
    "check_subnets",
    "check_vcpu",
    "check_vpcs",
    "check_zones",
]

BOOTSTRAP_VERSION: Final = 6
"""Oldest version of CDK's bootstrap stack that accepts the stack's assets (aws-cdk-lib, DefaultStackSynthesizer)."""

BACKGROUND_EXECUTIONS: Final = 10
"""Functions that may run at one time for background work: five ticks, two batches of second cleanups, a dispatch, a sweep, and at
least one that follows a table's stream (infra/triggers.py)."""

_API_EXECUTIONS: Final = 10
"""Requests that the API should be able to serve at one time while background work is at its maximum."""

_UNFINISHED: Final[Mapping[str, str]] = {
    "UPDATE_ROLLBACK_FAILED": "run `npx cdk rollback`, or choose “Continue update rollback” in the CloudFormation console",
    "DELETE_FAILED": "finish the deletion: the CloudFormation console names what could not be deleted, and why",
}


def check_stack(name: str, status: str | None) -> list[Finding]:
    """Report a stack that CloudFormation cannot deploy now."""
    if status is None:
        return []
    if status in _UNFINISHED:
        return [error("stack", f"{name} is in the state {status}: {_UNFINISHED[status]}.")]
    if status.endswith("_IN_PROGRESS") and status != "REVIEW_IN_PROGRESS":
        return [
            error("stack", f"{name} is in the state {status}: another deployment is running; wait for it to finish.")
        ]
    return []


def check_bootstrap(identity: Identity, version: int | None) -> list[Finding]:
    """Report a region that CDK cannot deploy to."""
    command = f"npx cdk bootstrap aws://{identity.account}/{identity.region}"
    if version is None:
        return [
            error("CDK bootstrap", f"The region is not bootstrapped; run `{command}`, once per account and region.")
        ]
    if version < BOOTSTRAP_VERSION:
        return [
            error("CDK bootstrap", f"Version {version} is older than {BOOTSTRAP_VERSION}; upgrade it: `{command}`.")
        ]
    return []


def check_ecs_role(*, exists: bool) -> list[Finding]:
    """Report an account without the role that ECS would otherwise create while CloudFormation creates the cluster."""
    if exists:
        return []
    return [
        error(
            "ECS service-linked role",
            "AWSServiceRoleForECS does not exist, because this account has never used ECS. Creating the cluster would fail. Run"
            " `make ecs-role`, once per account, then deploy.",
        )
    ]


def check_concurrency(executions: int) -> list[Finding]:
    """Warn if background work may use all concurrent executions."""
    wanted = BACKGROUND_EXECUTIONS + _API_EXECUTIONS
    if executions >= wanted:
        return []
    return [
        warning(
            "Lambda",
            f"quota “Concurrent executions” (L-B99A9384; Service Quotas console, AWS Lambda) is {executions}, and background work"
            f" may take {BACKGROUND_EXECUTIONS}: requests and heartbeats then fail with 5xx and are retried. Request {wanted} or"
            " more; AWS gives most accounts 1,000.",
        )
    ]


def check_vcpu(settings: StackSettings, quota: Quota, vcpus: float) -> list[Finding]:
    """Warn if `limits.max_running_jobs` exceeds the quota of Fargate, on demand or on Spot."""
    sizes = {name: each.vcpu for name, each in settings.compute_types.items() if each.spot or quota != SPOT_VCPU}
    if not sizes:
        return []
    largest = max(sizes, key=lambda name: sizes[name])
    most = settings.limits.max_running_jobs
    never = sorted(name for name, vcpu in sizes.items() if vcpu > vcpus)
    if never:
        consequence = f"jobs of {', '.join(never)} never start"
    elif most * sizes[largest] > vcpus:
        consequence = "jobs above it wait for up to six hours, then fail with “Quota reached”"
    else:
        return []
    return [
        warning(
            "Fargate",
            f"{quota} is {vcpus:g}, and limits.max_running_jobs = {most} of {largest} take {most * sizes[largest]:g} vCPU:"
            f" {consequence}. Request an increase, or lower the limit.",
        )
    ]


def check_vpcs(count: int, quota: float) -> list[Finding]:
    """Report a region that has no room for the stack's own VPC."""
    if count < quota:
        return []
    return [
        error(
            "VPC",
            f"{VPCS} is {quota:g}, and the region has {count}: there is no room for the stack's own. Request an increase, delete one,"
            " or name an existing one in [network].",
        )
    ]


def check_zones(settings: StackSettings, zones: Sequence[Zone], region: str) -> list[Finding]:
    """Report zones of the stack's own VPC without Fargate."""
    good = [zone.name for zone in zones if has_fargate(zone, region)]
    chosen = settings.network.availability_zones
    if unknown := sorted(set(chosen) - {zone.name for zone in zones}):
        names = ", ".join(zone.name for zone in zones)
        return [error("zones", f"network.availability_zones: {region} has no {', '.join(unknown)}; it has {names}.")]
    bad = [zone.name for zone in zones if not has_fargate(zone, region) and (not chosen or zone.name in chosen)]
    if not bad:
        return []
    proposal = ", ".join(f'"{name}"' for name in good[:2])
    return [
        error(
            "zones",
            f"Fargate is not available in {', '.join(bad)}, so jobs placed there never start. In scheduler.toml, section [network],"
            f" set availability_zones = [{proposal}].",
        )
    ]


def check_subnets(settings: StackSettings, subnets: Sequence[Subnet], region: str) -> list[Finding]:
    """Report subnets of an operator's VPC that do not exist, are in another VPC, or are in a zone without Fargate."""
    findings = []
    if missing := sorted(set(settings.network.subnet_ids) - {each.subnet_id for each in subnets}):
        findings.append(error("subnets", f"network.subnet_ids: {region} has no {', '.join(missing)} in this account."))
    for each in subnets:
        if each.vpc_id != settings.network.vpc_id:
            message = f"network.subnet_ids: {each.subnet_id} is in {each.vpc_id}, not in {settings.network.vpc_id}."
            findings.append(error("subnets", message))
        if not has_fargate(each.zone, region):
            message = f"network.subnet_ids: {each.subnet_id} is in {each.zone.name}, where Fargate is not available; choose another."
            findings.append(error("subnets", message))
    return findings


def check_log_role(settings: StackSettings, role: LogRole | None, *, is_first: bool) -> list[Finding]:
    """Report that the stack would replace another stack's log role, or log without a role.

    An existing stack has set its own role before; CloudFormation does not notice that another stack has replaced it since.
    """
    usable = role is not None and role.exists
    if not settings.api.account_log_role:
        if usable:
            return []
        message = "The region has no role for API Gateway logs, and api.account_log_role = false leaves it so: set it to true."
        return [error("API Gateway log role", message)]
    if role is None or not role.exists or _is_ours(role, settings.stack.name):
        return []
    owner = f"stack {role.stack}" if role.stack else "no stack of this region"
    message = (
        f"The region's role is {role.arn}, created by {owner}; a region has one, and this stack replaces it. Set"
        " api.account_log_role = false to keep it."
    )
    return [(error if is_first else warning)("API Gateway log role", message)]


def _is_ours(role: LogRole, stack: str) -> bool:
    """Check whether a stack of this name created the role, even a stack that was destroyed since.

    CloudFormation prefixes the names of roles with the first 24 characters of the stack's name.
    """
    name = role.arn.rpartition("/")[2]
    return role.stack == stack or (role.stack is None and name.startswith(f"{stack[:24]}-Api"))


def check_accounts(settings: StackSettings, identity: Identity) -> list[Finding]:
    """Report the stack's own account in the list of other accounts."""
    if identity.account not in settings.api.accounts:
        return []
    message = (
        f"api.accounts names {identity.account}, the stack's own: its users need only their own policy. Remove it."
    )
    return [error("api.accounts", message)]


def check_engine(environments: Sequence[str], problem: str | None) -> list[Finding]:
    """Report that an image must be built but cannot be."""
    if problem is None:
        return []
    return [
        error(
            "container engine",
            f"The image of {', '.join(environments)} has to be built, and nothing here can build it ({problem}). Start Docker, set"
            " CDK_DOCKER to another engine (CDK_DOCKER=podman), or name a ready image in scheduler.toml.",
        )
    ]
