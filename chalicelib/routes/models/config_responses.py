"""What the operator allows, as a caller sees it: models of the response, and the functions that build it."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Final

from typing_extensions import TypedDict

from chalicelib.channels import Channel, ChannelKind
from chalicelib.config import SchedulerSettings
from chalicelib.domain.costs import hourly_price
from chalicelib.domain.definitions.definition import (
    DEFAULT_CATCH_UP,
    MAX_CATCH_UP,
    MAX_JOB_RETENTION,
    MAX_PAUSE_AFTER_FAILURES,
)

__all__ = [
    "FEATURES",
    "ChannelResponse",
    "ComputeTypeResponse",
    "ConfigResponse",
    "LimitResponse",
    "LimitsResponse",
    "describe_config",
]

FEATURES: Final = {
    "job_name": True,
    "parameters": True,
    "output_formats": True,
    "job_definition": True,
    "idempotency_token": True,
    "tags": True,
    "email_notifications": False,
    "timeout_seconds": True,
    "retry_on_timeout": True,
    "max_retries": True,
    "min_retry_interval_millis": True,
    "output_filename_template": False,
    "stop_job": True,
    "delete_job": True,
}
"""The stock scheduler's JobFeature, and whether this service supports each one."""


class ComputeTypeResponse(TypedDict):
    """A size that the caller may use."""

    name: str
    """Name in requests."""
    vcpu: float
    """Number of virtual CPUs."""
    memory_gib: float
    """Memory [GiB]."""
    spot: bool
    """Whether Spot capacity is tried first."""
    price_per_hour: float
    """Estimated price of an hour, in `currency`; of a Spot size, on Spot capacity."""


class LimitResponse(TypedDict):
    """What an option is if a request does not name it, and its largest value."""

    default: int
    """The value of a request without the option."""
    max: int
    """The largest value that a request may name."""


class LimitsResponse(TypedDict):
    """Limits of options, by the names of the options in requests."""

    timeout_seconds: LimitResponse
    """Longest run time of an attempt [s]."""
    max_retries: LimitResponse
    """New attempts after a failure of the notebook itself."""
    catch_up_seconds: LimitResponse
    """How late a missed due time can still run [s]."""
    job_retention_days: LimitResponse
    """How long jobs are kept after they end [days]; a default of 0 keeps them."""
    pause_after_failures: LimitResponse
    """How many failed runs in a row pause a schedule; 0 never pauses it."""


class ChannelResponse(TypedDict):
    """A channel of notifications."""

    name: str
    """Name in `notify`."""
    kind: ChannelKind
    """How it delivers: `webhook`, `email` or `topic`."""
    needs_address: bool
    """Whether `notify` must name an address."""
    takes_address: bool
    """Whether `notify` may name one of the addresses that the operator allows."""


class ConfigResponse(TypedDict):
    """The supported features, and what the caller can choose from."""

    supported_features: dict[str, bool]
    """The stock scheduler's JobFeature, and whether this service supports each one."""
    manage_environments_command: str
    """Always empty in this service: the operator manages environments."""
    compute_types: list[ComputeTypeResponse]
    """The sizes of the environments that the caller may use, in the order of the environments' own lists."""
    currency: str
    """Currency of the prices: three letters of ISO 4217."""
    prices_as_of: str
    """When the operator looked up the prices."""
    limits: LimitsResponse
    """Limits of options."""
    notification_channels: list[ChannelResponse]
    """Channels that `notify` can name."""


def describe_config(settings: SchedulerSettings, environments: Iterable[str]) -> ConfigResponse:
    """Return what a caller can choose from.

    Parameters
    ----------
    settings
        The operator's settings.
    environments
        Names of the environments that the caller may use.
    """
    chosen = [settings.environments[environment] for environment in environments]
    names = dict.fromkeys(name for environment in chosen for name in environment.compute_types)
    return {
        "supported_features": FEATURES,
        "manage_environments_command": "",
        "compute_types": [_compute_type(settings, name) for name in names],
        "currency": settings.prices.currency,
        "prices_as_of": settings.prices.as_of,
        "limits": _limits(settings),
        "notification_channels": [_channel(name, channel) for name, channel in settings.channels.items()],
    }


def _compute_type(settings: SchedulerSettings, name: str) -> ComputeTypeResponse:
    size = settings.compute_types[name]
    return {
        "name": name,
        "vcpu": size.vcpu,
        "memory_gib": size.memory_gib,
        "spot": size.spot,
        "price_per_hour": round(hourly_price(size, settings.prices, on_spot=size.spot), 6),
    }


def _limits(settings: SchedulerSettings) -> LimitsResponse:
    limits = settings.limits
    return {
        "timeout_seconds": {"default": limits.default_timeout_minutes * 60, "max": limits.max_timeout_minutes * 60},
        "max_retries": {"default": 0, "max": limits.max_retries},
        "catch_up_seconds": {"default": _seconds(DEFAULT_CATCH_UP), "max": _seconds(MAX_CATCH_UP)},
        "job_retention_days": {"default": settings.retention.jobs_days, "max": MAX_JOB_RETENTION.days},
        "pause_after_failures": {"default": limits.pause_after_failures, "max": MAX_PAUSE_AFTER_FAILURES},
    }


def _seconds(time: timedelta) -> int:
    return round(time.total_seconds())


def _channel(name: str, channel: Channel) -> ChannelResponse:
    return {
        "name": name,
        "kind": channel.kind,
        "needs_address": channel.kind is ChannelKind.EMAIL and not channel.recipients,
        "takes_address": bool(channel.allowed_recipients),
    }
