"""The emulated AWS's addresses on this machine."""

import re
from typing import Final

__all__ = ["API_PATH", "HEALTH_PATH", "HOST", "endpoint_url", "to_local"]

HOST: Final = "127.0.0.1"
"""Loopback only; by number, because `localhost` may mean an IPv6 address where nothing listens."""

API_PATH: Final = "/_aws/execute-api/"
"""Where the APIs of API Gateway are, each under its id."""

HEALTH_PATH: Final = "/_ministack/health"
"""Where the emulator says that it has started."""

_API_NAME: Final = re.compile(r"https://(?P<api_id>[a-z0-9]+)\.execute-api\.[a-z0-9-]+\.amazonaws\.com(?::\d+)?")
"""An API's address as CloudFormation knows it."""

_CONTAINERS_HOST: Final = "host.docker.internal"
"""How the emulator calls this machine when it speaks to containers."""


def endpoint_url(port: int) -> str:
    """Give the address of every AWS service."""
    return f"http://{HOST}:{port}"


def to_local(text: str, *, port: int) -> str:
    """Replace the addresses in a text that mean something only on AWS or inside a container."""
    local = _API_NAME.sub(rf"{endpoint_url(port)}{API_PATH}\g<api_id>", text)
    return local.replace(_CONTAINERS_HOST, HOST)
