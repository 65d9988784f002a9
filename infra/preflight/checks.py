"""The checks: each reads a fact from the account and passes it to its rule."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError

from infra.preflight import rules
from infra.preflight.account import ECS_ROLE, Account, error_code
from infra.preflight.account_facts import ON_DEMAND_VCPU, SPOT_VCPU, VPCS, Identity, Quota
from infra.preflight.engine import engine_name, engine_problem
from infra.preflight.findings import Finding, unchecked
from infra.settings import StackSettings

__all__ = ["Check", "Subject", "applicable_checks", "failed_call", "run_check"]

_DENIED: Final = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "UnauthorizedException"})
"""Error codes of a missing permission."""

_THROTTLED: Final = frozenset({"Throttling", "ThrottlingException", "TooManyRequestsException", "RequestLimitExceeded"})
"""Error codes of a call that is still throttled after the client's own retries."""


@dataclass(frozen=True, kw_only=True)
class Subject:
    """What is to be deployed, and where."""

    settings: StackSettings
    identity: Identity
    bootstrap_qualifier: str
    is_first: bool
    runner_image: str | None = None
    """Image that replaces the images of all environments."""

    @property
    def built_for(self) -> list[str]:
        """Environments whose image the deployment builds."""
        if self.runner_image:
            return []
        return [name for name, each in self.settings.environments.items() if each.image is None]


@dataclass(frozen=True, kw_only=True)
class Check:
    """One thing to check."""

    subject: str
    permissions: str
    run: Callable[[], list[Finding]]
    """Reads the fact and applies the rule; raises what the AWS client raises."""


def run_check(check: Check) -> list[Finding]:
    """Run a check; a failed call is a finding and does not end the preflight."""
    try:
        return check.run()
    except (BotoCoreError, ClientError) as failure:
        return [failed_call(check.subject, check.permissions, failure)]


def failed_call(subject: str, permissions: str, failure: BotoCoreError | ClientError) -> Finding:
    """Describe a call that failed."""
    if not isinstance(failure, ClientError):
        return unchecked(subject, f"No response: {failure}")
    code = error_code(failure)
    if code in _DENIED:
        return unchecked(subject, f"Access denied; the check needs {permissions}.")
    if code in _THROTTLED:
        return unchecked(subject, "AWS throttled the call; run the preflight again.")
    return unchecked(subject, f"AWS returned {code}: {failure.response.get('Error', {}).get('Message', '')}")


def applicable_checks(subject: Subject, account: Account) -> Iterator[Check]:
    """List the checks that apply to this deployment."""
    settings, identity = subject.settings, subject.identity
    yield Check(
        subject="api.accounts", permissions="no permission", run=lambda: rules.check_accounts(settings, identity)
    )
    yield Check(
        subject="CDK bootstrap",
        permissions="ssm:GetParameter",
        run=lambda: rules.check_bootstrap(identity, account.bootstrap_version(subject.bootstrap_qualifier)),
    )
    yield Check(
        subject="ECS service-linked role",
        permissions="iam:GetRole",
        run=lambda: rules.check_ecs_role(exists=account.has_role(ECS_ROLE)),
    )
    yield Check(
        subject="Lambda concurrency",
        permissions="lambda:GetAccountSettings",
        run=lambda: rules.check_concurrency(account.concurrent_executions()),
    )
    yield _vcpu(subject, account, ON_DEMAND_VCPU)
    if any(each.spot for each in settings.compute_types.values()):
        yield _vcpu(subject, account, SPOT_VCPU)
    yield from _network(subject, account)
    yield Check(
        subject="API Gateway log role",
        permissions="apigateway:GET, iam:GetRole and cloudformation:DescribeStackResources",
        run=lambda: rules.check_log_role(settings, account.log_role(), is_first=subject.is_first),
    )
    if subject.built_for:
        yield Check(
            subject="container engine",
            permissions="no permission",
            run=lambda: rules.check_engine(subject.built_for, engine_problem(engine_name())),
        )


def _vcpu(subject: Subject, account: Account, quota: Quota) -> Check:
    return Check(
        subject=quota.name,
        permissions="servicequotas:GetServiceQuota and servicequotas:GetAWSDefaultServiceQuota",
        run=lambda: rules.check_vcpu(subject.settings, quota, account.quota(quota)),
    )


def _network(subject: Subject, account: Account) -> Iterator[Check]:
    settings, region = subject.settings, subject.identity.region
    if settings.network.vpc_id is not None:
        yield Check(
            subject="subnets",
            permissions="ec2:DescribeSubnets",
            run=lambda: rules.check_subnets(settings, account.subnets(settings.network.subnet_ids), region),
        )
    elif subject.is_first:
        # An existing stack has its VPC already, and other zones would replace its subnets.
        yield Check(
            subject="VPC",
            permissions="ec2:DescribeVpcs, servicequotas:GetServiceQuota and servicequotas:GetAWSDefaultServiceQuota",
            run=lambda: rules.check_vpcs(account.vpc_count(), account.quota(VPCS)),
        )
        yield Check(
            subject="zones",
            permissions="ec2:DescribeAvailabilityZones",
            run=lambda: rules.check_zones(settings, account.zones(), region),
        )
