"""Information about this deployment and the caller."""

import json
from pathlib import Path
from typing import Final

from chalicelib.config import Environment
from chalicelib.domain.authorization.ownership import may_use
from chalicelib.factory import factory
from chalicelib.routes.authorization import caller_of
from chalicelib.routes.blueprint import ApiBlueprint
from chalicelib.routes.models.config_responses import ConfigResponse, describe_config
from chalicelib.routes.models.service_info_responses import (
    EnvironmentResponse,
    HealthResponse,
    OpenApiResponse,
    describe_environment,
    describe_health,
)

__all__ = ["about"]

about = ApiBlueprint(__name__)

_OPENAPI: Final = Path(__file__).with_name("openapi") / "openapi.json"
"""The OpenAPI document, which `make openapi` writes."""


@about.route("/scheduler/runtime_environments", methods=["GET"])
def list_environments() -> list[EnvironmentResponse]:
    """List the environments that the caller may use."""
    return [describe_environment(name, item) for name, item in _environments().items()]


@about.route("/scheduler/config", methods=["GET"])
def get_config() -> ConfigResponse:
    """List the supported features, as the stock scheduler does, and what the caller can choose from.

    These are the sizes of the environments that the caller may use, with prices, limits of options, and channels of notifications.
    """
    return describe_config(factory().settings, _environments())


@about.route("/scheduler/health", methods=["GET"])
def get_health() -> HealthResponse:
    """Return the version and the time of the service, and the caller's identity."""
    return describe_health(caller_of(about.current_request, factory().settings.ownership), factory().clock())


@about.route("/scheduler/openapi.json", methods=["GET"])
def get_openapi() -> OpenApiResponse:
    """Return this document."""
    document: OpenApiResponse = json.loads(_OPENAPI.read_text(encoding="utf-8"))
    return document


def _environments() -> dict[str, Environment]:
    """Return the environments that the caller may use."""
    caller = caller_of(about.current_request, factory().settings.ownership)
    environments = factory().settings.environments.items()
    return {name: item for name, item in environments if may_use(item, caller.principal.names)}
