"""The addresses of the emulated AWS on this machine."""

import re
from typing import Final

__all__ = ["API_PATH", "HEALTH_PATH", "HOST", "endpoint_url", "to_local"]

HOST: Final = "127.0.0.1"
"""Loopback only; a number, because `localhost` may resolve to an IPv6 address where nothing listens."""

API_PATH: Final = "/_aws/execute-api/"
"""The path of the APIs of API Gateway, each under its id."""

HEALTH_PATH: Final = "/_ministack/health"
"""The health check of the emulator."""

_API_NAME: Final = re.compile(r"https://(?P<api_id>[a-z0-9]+)\.execute-api\.[a-z0-9-]+\.amazonaws\.com(?::\d+)?")
"""The address of an API in the outputs of CloudFormation."""

_CONTAINERS_HOST: Final = "host.docker.internal"
"""The emulator's name for this machine in addresses for containers."""


def endpoint_url(port: int) -> str:
    """Return the address of every AWS service."""
    return f"http://{HOST}:{port}"


def to_local(text: str, *, port: int) -> str:
    """Replace addresses that are valid only on AWS or inside a container by addresses on this machine."""
    local = _API_NAME.sub(rf"{endpoint_url(port)}{API_PATH}\g<api_id>", text)
    return local.replace(_CONTAINERS_HOST, HOST)
