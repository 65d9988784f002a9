"""The operator's settings: `scheduler.toml`, which is read and validated when the stack is synthesized.

The service reads a part of them (`chalicelib.config.SchedulerSettings`); the sections below concern only the stack.
"""

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import (
    BeforeValidator,
    Field,
    StringConstraints,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_core import ErrorDetails

from chalicelib.config import SchedulerSettings
from chalicelib.domain.authorization.principal_settings import check_unique
from chalicelib.section import Section

__all__ = [
    "LOG_RETENTION_DAYS",
    "AlarmsSection",
    "ApiSection",
    "FunctionsSection",
    "NetworkSection",
    "RunnersSection",
    "SettingsError",
    "StackSection",
    "StackSettings",
    "read_settings",
]

LOG_RETENTION_DAYS: Final = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 3653)
"""Retention periods [d] that CloudWatch Logs offers, up to ten years (API reference, PutRetentionPolicy)."""

_PLAIN_MESSAGES: Final[dict[str, str]] = {
    "missing": "is missing",
    "extra_forbidden": "there is no such setting; docs/settings.md lists them all",
}
"""Messages that replace those of pydantic, in the terms of a settings file."""


def _reject_number(value: object) -> object:
    if isinstance(value, int):
        raise ValueError(f'write the account id in quotes: "{value:012d}"')  # noqa: TRY004 - pydantic collects ValueErrors
    return value


_AccountId = Annotated[str, BeforeValidator(_reject_number), StringConstraints(pattern=r"^\d{12}$")]
"""An AWS account id: twelve digits."""


class SettingsError(Exception):
    """The settings file is invalid; the message has a line for each mistake, with file and key."""


class StackSection(Section):
    """The stack as a whole."""

    name: Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9-]{0,39}$")] = Field(
        default="jupyter-scheduler",
        description="Name of the CloudFormation stack; another name makes another, independent stack.",
    )
    retain_data: bool = Field(
        default=True,
        description="Keep tables, bucket and logs when the stack is destroyed, and protect the tables from deletion.",
    )


class NetworkSection(Section):
    """The network of the runners. Without `vpc_id` the stack creates a VPC with public subnets in two zones and without a NAT gateway.

    In an operator's VPC, runners must reach the API (execute-api), S3, the registry of the runner image (ECR and its layers in S3), and
    CloudWatch Logs over TLS: through a NAT gateway, with public addresses, or through VPC endpoints.
    """

    vpc_id: Annotated[str, StringConstraints(pattern=r"^vpc-[0-9a-f]+$")] | None = Field(
        default=None, description="An existing VPC to start runners in."
    )
    subnet_ids: tuple[Annotated[str, StringConstraints(pattern=r"^subnet-[0-9a-f]+$")], ...] = Field(
        default=(), max_length=16, description="Subnets of that VPC; several zones find capacity more often."
    )
    security_group_ids: tuple[Annotated[str, StringConstraints(pattern=r"^sg-[0-9a-f]+$")], ...] = Field(
        default=(),
        max_length=5,
        description="Security groups of that VPC for runners; without them, the stack creates one without inbound rules.",
    )
    availability_zones: tuple[Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]+$")], ...] = Field(
        default=(),
        max_length=6,
        description="Zones of the stack's own VPC, by name; by default the first two of the region.",
    )
    egress: Literal["all", "https"] = Field(
        default="all",
        description="What notebooks may reach through the stack's own security group: everything, or TCP port 443 of any address.",
    )
    assign_public_ip: bool = Field(
        default=True,
        description="Give runners a public address: required in public subnets; turn it off in private ones.",
    )

    @field_validator("availability_zones")
    @classmethod
    def _are_different(cls, zones: tuple[str, ...]) -> tuple[str, ...]:
        return check_unique(zones)

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        if self.vpc_id and not self.subnet_ids:
            raise ValueError("subnet_ids is missing: with a vpc_id, name the subnets that runners start in")
        if self.vpc_id and self.availability_zones:
            raise ValueError("availability_zones applies to the stack's own VPC: in yours, subnet_ids choose the zones")
        if self.security_group_ids and self.egress != "all":
            raise ValueError(
                "egress applies to the stack's own security group: your security_group_ids define what they allow"
            )
        if not self.vpc_id and (self.subnet_ids or self.security_group_ids or not self.assign_public_ip):
            raise ValueError("vpc_id is missing: the other settings of this section apply to an existing VPC")
        return self


class ApiSection(Section):
    """The API Gateway in front of the service."""

    throttle_rate: int = Field(
        default=100, ge=1, le=10_000, description="Requests of all users that the API accepts a second."
    )
    throttle_burst: int = Field(
        default=200, ge=1, le=5000, description="Requests of users that the API accepts at once."
    )
    cors_origins: tuple[str, ...] = Field(
        default=("*",), min_length=1, description="Origins of web pages that may call the API and use presigned URLs."
    )
    account_log_role: bool = Field(
        default=True,
        description="Set the account's role for API Gateway logs; a region has one, so turn it off if another stack owns it.",
    )
    accounts: tuple[_AccountId, ...] = Field(
        default=(),
        max_length=100,
        description="Other AWS accounts whose users may call the API, if their own policies allow it.",
    )

    @field_validator("accounts")
    @classmethod
    def _are_different(cls, accounts: tuple[str, ...]) -> tuple[str, ...]:
        return check_unique(accounts)


class FunctionsSection(Section):
    """The Lambda functions."""

    python: Literal["3.12", "3.13", "3.14"] = Field(default="3.13", description="Version of the Python runtime.")
    architecture: Literal["arm64", "x86_64"] = Field(
        default="arm64", description="Processor of the functions; arm64 costs less."
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="INFO", description="Lowest level that is logged."
    )


class RunnersSection(Section):
    """The containers that execute notebooks."""

    architecture: Literal["x86_64", "arm64"] = Field(
        default="x86_64",
        description="Processor of the runners; arm64 costs a fifth less. Images that environments name must be built for it.",
    )
    ephemeral_storage_gib: int = Field(
        default=20,
        ge=20,
        le=200,
        description="Disk of a runner [GiB], for image, input, and outputs; 20 GiB are included in the price.",
    )
    container_insights: bool = Field(
        default=False, description="CloudWatch Container Insights for the cluster; billed as metrics."
    )


class AlarmsSection(Section):
    """Who is notified when an alarm goes on or off, when one does, and the dashboard."""

    emails: tuple[Annotated[str, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")], ...] = Field(
        default=(),
        description="Mail addresses; AWS sends each a message in which to confirm the subscription.",
    )
    topic_arn: Annotated[str, StringConstraints(pattern=r"^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[\w.-]+$")] | None = (
        Field(default=None, description="An SNS topic of yours to use instead of one in the stack.")
    )
    max_waiting_minutes: int = Field(
        default=60,
        ge=5,
        le=1440,
        description="How long a job may wait for a slot of the stack or for capacity before an alarm goes on [min].",
    )
    dashboard: bool = Field(default=True, description="A CloudWatch dashboard; the first three of an account are free.")

    @model_validator(mode="after")
    def _has_one_topic(self) -> Self:
        if self.emails and self.topic_arn:
            raise ValueError("subscribe the emails to the topic of topic_arn yourself, or leave out topic_arn")
        return self

    @property
    def notifies(self) -> bool:
        """Whether somebody is notified."""
        return bool(self.emails or self.topic_arn)


class StackSettings(SchedulerSettings):
    """All settings of an operator."""

    stack: StackSection = StackSection()
    network: NetworkSection = NetworkSection()
    api: ApiSection = ApiSection()
    functions: FunctionsSection = FunctionsSection()
    runners: RunnersSection = RunnersSection()
    alarms: AlarmsSection = AlarmsSection()

    @model_validator(mode="after")
    def _log_retention_is_offered(self) -> Self:
        if self.retention.logs_days not in LOG_RETENTION_DAYS:
            offered = ", ".join(map(str, LOG_RETENTION_DAYS))
            raise ValueError(
                f"retention.logs_days = {self.retention.logs_days} is not a retention period of CloudWatch; choose one of {offered}"
            )
        return self

    @property
    def service_part(self) -> SchedulerSettings:
        """The settings that the service reads, without the sections that concern only the stack."""
        return SchedulerSettings.model_validate(self.model_dump(include=set(SchedulerSettings.model_fields)))


def read_settings(path: Path) -> StackSettings:
    """Read and validate the settings file.

    Raises
    ------
    SettingsError
        If the file cannot be read, is not TOML, or has an invalid setting; one line for each mistake.
    """
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"{path.name}: cannot be read: {error.strerror}: {path}") from None
    except ValueError as error:
        raise SettingsError(f"{path.name}: is not TOML: {error}") from None
    try:
        return StackSettings.model_validate(raw)
    except ValidationError as error:
        lines = [_one_line(path.name, each) for each in error.errors(include_url=False, include_context=False)]
        raise SettingsError("\n".join(lines)) from None


def _one_line(file: str, error: ErrorDetails) -> str:
    key = _key(error["loc"])
    message = _PLAIN_MESSAGES.get(error["type"], error["msg"].removeprefix("Value error, ")).replace("\n", " ")
    return f"{file}: {key}: {message}" if key else f"{file}: {message}"


def _key(location: Sequence[str | int]) -> str:
    return ".".join(str(part) for part in location if part != "[key]")
