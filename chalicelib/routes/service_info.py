"""What this deployment offers, and who you are to it."""

import json
from pathlib import Path
from typing import Final

from chalicelib.domain.authorization.ownership import may_use
from chalicelib.factory import factory
from chalicelib.routes.authorization import caller_of
from chalicelib.routes.chalice_app import ApiBlueprint
from chalicelib.routes.models.service_info_responses import (
    FEATURES,
    ConfigResponse,
    EnvironmentResponse,
    HealthResponse,
    OpenApiResponse,
    describe_environment,
    describe_health,
)

__all__ = ["about"]

about = ApiBlueprint(__name__)

_OPENAPI: Final = Path(__file__).with_name("openapi") / "openapi.json"
"""The checked-in document: `make openapi` writes it."""


@about.route("/scheduler/runtime_environments", methods=["GET"])
def list_environments() -> list[EnvironmentResponse]:
    """List the environments that the caller may use."""
    caller = caller_of(about.current_request, factory().settings.ownership)
    environments = factory().settings.environments.items()
    return [describe_environment(name, each) for name, each in environments if may_use(each, caller.principal.names)]


@about.route("/scheduler/config", methods=["GET"])
def get_config() -> ConfigResponse:
    """Say which features there are, as the stock scheduler does."""
    return {"supported_features": FEATURES, "manage_environments_command": ""}


@about.route("/scheduler/health", methods=["GET"])
def get_health() -> HealthResponse:
    """Say which version this is, what time it has, and who the caller is to it."""
    return describe_health(caller_of(about.current_request, factory().settings.ownership), factory().clock())


@about.route("/scheduler/openapi.json", methods=["GET"])
def get_openapi() -> OpenApiResponse:
    """Give this document."""
    document: OpenApiResponse = json.loads(_OPENAPI.read_text(encoding="utf-8"))
    return document
