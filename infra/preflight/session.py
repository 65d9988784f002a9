"""Clients for the preflight: the credentials and the region that the CDK CLI will use."""

import os
from collections.abc import Callable
from typing import Any, Final, cast

import boto3
from botocore.config import Config

__all__ = ["clients", "region"]

_CONFIG: Final = Config(connect_timeout=5, read_timeout=10, retries={"mode": "standard", "total_max_attempts": 4})
"""Time-outs [s] short enough that a preflight without a network ends within minutes."""


def region() -> str | None:
    """Return the region that the CDK CLI uses: AWS_REGION, which boto3 does not read, then AWS_DEFAULT_REGION, then the profile's."""
    return os.environ.get("AWS_REGION") or boto3.Session().region_name


def clients(region_name: str | None) -> Callable[[str], Any]:
    """Return a function that creates the client of a service.

    Raises
    ------
    BotoCoreError
        If AWS_PROFILE names no profile.
    """
    session = boto3.Session(region_name=region_name)
    # boto3-stubs types `client` by literal service names only.
    make = cast("Callable[..., Any]", session.client)
    return lambda service: make(service, config=_CONFIG)
