"""Answers about this deployment: their models, and what makes them."""

from datetime import datetime
from typing import Any, Final

from typing_extensions import TypedDict

from chalicelib import __version__
from chalicelib.config import OUTPUT_FORMATS, Environment
from chalicelib.domain.authorization.ownership import Caller
from chalicelib.domain.authorization.principal import PrincipalKind
from chalicelib.domain.timestamps import to_millis

__all__ = [
    "FEATURES",
    "CallerResponse",
    "ConfigResponse",
    "EnvironmentResponse",
    "HealthResponse",
    "OpenApiResponse",
    "OutputFormatResponse",
    "describe_environment",
    "describe_health",
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
"""The stock scheduler's JobFeature, and which of them work here."""


class OutputFormatResponse(TypedDict):
    """A format that an environment offers."""

    name: str
    """What requests say."""
    label: str
    """What people read."""


class EnvironmentResponse(TypedDict):
    """An environment: the stock RuntimeEnvironment."""

    name: str
    """What requests say as `runtime_environment_name`."""
    label: str
    """The same as the name, because the panel looks it up by the label."""
    description: str
    """What the operator says of it."""
    file_extensions: list[str]
    """Kinds of files that run in it, without a dot."""
    output_formats: list[OutputFormatResponse]
    """Formats that it can make."""
    metadata: dict[str, str] | None
    """Always null here."""
    compute_types: list[str]
    """Sizes that it can run in."""
    default_compute_type: str
    """The size that a job gets when it names none."""
    utc_only: bool
    """Always false here: schedules are followed in any time zone."""


class ConfigResponse(TypedDict):
    """Which features there are."""

    supported_features: dict[str, bool]
    """The stock scheduler's JobFeature, and which of them work here."""
    manage_environments_command: str
    """Always empty here: the operator manages environments."""


class CallerResponse(TypedDict):
    """Who a caller is."""

    owner_id: str
    """Whose jobs the caller sees."""
    principal: str
    """Unique id of the user or role behind the owner, for some roles with the session name."""
    kind: PrincipalKind
    """What kind of principal that is: `iam_user`, `identity_center_session`, `listed_role_session` or `role`."""
    arn: str
    """The identity that AWS has verified."""
    admin: bool
    """Whether the caller may name another's `owner_id`."""


class HealthResponse(TypedDict):
    """A sign of life."""

    version: str
    """Version of the service."""
    time: int
    """Its clock [ms UTC]."""
    you: CallerResponse
    """Who the caller is to it."""


class OpenApiResponse(TypedDict):
    """An OpenAPI 3.1 document."""

    openapi: str
    """Version of OpenAPI."""
    info: dict[str, Any]
    """Title, version and licence."""
    servers: list[dict[str, Any]]
    """Where the API is."""
    security: list[dict[str, list[str]]]
    """How requests are signed."""
    tags: list[dict[str, str]]
    """Groups of operations."""
    paths: dict[str, dict[str, Any]]
    """Every path with its methods."""
    components: dict[str, dict[str, Any]]
    """What the paths refer to."""


def describe_environment(name: str, environment: Environment) -> EnvironmentResponse:
    """Describe an environment; its label equals its name, because the panel looks it up by the label."""
    return {
        "name": name,
        "label": name,
        "description": environment.description,
        "file_extensions": list(environment.file_extensions),
        "output_formats": [{"name": each, "label": OUTPUT_FORMATS[each]} for each in environment.output_formats],
        "metadata": None,
        "compute_types": list(environment.compute_types),
        "default_compute_type": environment.chosen_compute_type,
        "utc_only": False,
    }


def describe_health(caller: Caller, now: datetime) -> HealthResponse:
    """Say which version this is, what time it has, and who the caller is to it."""
    you: CallerResponse = {
        "owner_id": caller.owner_id,
        "principal": caller.principal.principal_id,
        "kind": caller.principal.kind,
        "arn": caller.arn,
        "admin": caller.is_admin,
    }
    return {"version": __version__, "time": to_millis(now), "you": you}
