"""Runs all checks and formats the result."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from infra.context import Context
from infra.preflight.account import Account
from infra.preflight.account_facts import Identity, is_first_deployment
from infra.preflight.checks import Subject, applicable_checks, failed_call, run_check
from infra.preflight.findings import Finding, Level, error
from infra.preflight.rules import check_stack

__all__ = ["Report", "examine"]

_CDK_JSON: Final = Path(__file__).parents[2] / "cdk.json"

_DEFAULT_QUALIFIER: Final = "hnb659fds"
"""CDK's default qualifier (AWS CDK Developer Guide, "Customize AWS CDK bootstrapping")."""


@dataclass(frozen=True)
class Report:
    """The result of the preflight."""

    identity: Identity | None
    findings: tuple[Finding, ...]
    is_first: bool
    """Whether CloudFormation will create the stack; False if that is unknown."""

    checks: int

    @property
    def may_deploy(self) -> bool:
        """Whether there is no error."""
        return all(finding.level is not Level.ERROR for finding in self.findings)

    def lines(self) -> list[str]:
        """Format the findings, errors first."""
        order = list(Level)
        ordered = sorted(self.findings, key=lambda finding: order.index(finding.level))
        where = self.identity
        head = [f"Account {where.account}, region {where.region}, as {where.arn}"] if where else []
        body = [f"{finding.level:<10}{finding.subject}: {finding.message}" for finding in ordered]
        counts = ", ".join(
            f"{sum(finding.level is level for finding in ordered)} {name}"
            for level, name in ((Level.ERROR, "errors"), (Level.WARNING, "warnings"), (Level.UNCHECKED, "unchecked"))
        )
        return [*head, *body, f"Preflight: {self.checks} checks, {counts}."]


def examine(context: Context, client: Callable[[str], Any], *, region: str | None) -> Report:
    """Check everything in the account that the deployment depends on.

    Parameters
    ----------
    context
        The deployment's context.
    client
        Creates the client of a service.
    region
        Target region; None if no region is configured.

    Raises
    ------
    SettingsError
        If the settings are invalid.
    """
    settings = context.settings()
    if region is None:
        return _stopped("region", "No region is configured; set AWS_REGION, or a region in your AWS profile.")
    account = Account(client, region=region)
    try:
        identity = account.identity()
    except (BotoCoreError, ClientError) as failure:
        return _stopped("credentials", f"{failure} Set AWS_PROFILE, or sign in again (`aws sso login`).")
    is_first, findings = _stack_state(account, settings.stack.name)
    subject = Subject(
        settings=settings,
        identity=identity,
        bootstrap_qualifier=_qualifier(),
        is_first=is_first,
        runner_image=context.runner_image,
    )
    checks = list(applicable_checks(subject, account))
    for check in checks:
        findings += run_check(check)
    return Report(identity, tuple(findings), is_first=is_first, checks=len(checks) + 1)


def _stack_state(account: Account, name: str) -> tuple[bool, list[Finding]]:
    """Check whether this is a first deployment, and whether the stack can be deployed."""
    try:
        status = account.stack_status(name)
    except (BotoCoreError, ClientError) as failure:
        return False, [failed_call("stack", "cloudformation:DescribeStacks", failure)]
    return is_first_deployment(status), check_stack(name, status)


def _stopped(subject: str, message: str) -> Report:
    return Report(None, (error(subject, message),), is_first=False, checks=1)


def _qualifier() -> str:
    context: Mapping[str, object] = json.loads(_CDK_JSON.read_text(encoding="utf-8")).get("context", {})
    return str(context.get("@aws-cdk/core:bootstrapQualifier", _DEFAULT_QUALIFIER))
