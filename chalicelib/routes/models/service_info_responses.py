"""Responses about this deployment: models, and the functions that build them."""

from datetime import datetime
from typing import Any

from typing_extensions import TypedDict

from chalicelib import __version__
from chalicelib.config import OUTPUT_FORMATS, Environment
from chalicelib.domain.authorization.ownership import Caller
from chalicelib.domain.authorization.principal import PrincipalKind
from chalicelib.domain.timestamps import to_millis

__all__ = [
    "CallerResponse",
    "EnvironmentResponse",
    "HealthResponse",
    "OpenApiResponse",
    "OutputFormatResponse",
    "describe_environment",
    "describe_health",
]


class OutputFormatResponse(TypedDict):
    """A format that an environment offers."""

    name: str
    """Name in requests."""
    label: str
    """Name for people."""


class EnvironmentResponse(TypedDict):
    """An environment: the stock RuntimeEnvironment."""

    name: str
    """Value of `runtime_environment_name` in requests."""
    label: str
    """The same as the name, because the panel looks it up by the label."""
    description: str
    """The operator's description."""
    file_extensions: list[str]
    """Extensions of the files that it can run, without a dot."""
    output_formats: list[OutputFormatResponse]
    """Formats that it offers."""
    metadata: dict[str, str] | None
    """Always null in this service."""
    compute_types: list[str]
    """Sizes that it offers."""
    default_compute_type: str
    """The size of a job that does not name one."""
    utc_only: bool
    """Always false in this service: schedules can use any time zone."""


class CallerResponse(TypedDict):
    """The identity of a caller."""

    owner_id: str
    """The owner whose jobs the caller sees."""
    principal: str
    """Unique id of the user or role behind the owner; for some roles, with the session name."""
    kind: PrincipalKind
    """Kind of the principal: `iam_user`, `identity_center_session`, `listed_role_session` or `role`."""
    arn: str
    """The identity that AWS verified."""
    admin: bool
    """Whether the caller may use the `owner_id` of others."""


class HealthResponse(TypedDict):
    """The health of the service."""

    version: str
    """Version of the service."""
    time: int
    """Current time of the service [ms UTC]."""
    you: CallerResponse
    """The identity of the caller."""


class OpenApiResponse(TypedDict):
    """An OpenAPI 3.1 document."""

    openapi: str
    """Version of OpenAPI."""
    info: dict[str, Any]
    """Title, version and license."""
    servers: list[dict[str, Any]]
    """URLs of the API."""
    security: list[dict[str, list[str]]]
    """How requests are signed."""
    tags: list[dict[str, str]]
    """Groups of operations."""
    paths: dict[str, dict[str, Any]]
    """Every path with its methods."""
    components: dict[str, dict[str, Any]]
    """Definitions that the paths refer to."""


def describe_environment(name: str, environment: Environment) -> EnvironmentResponse:
    """Return the description of an environment. Its label is its name, because the panel looks environments up by label."""
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
    """Return the version, the time, and the identity of the caller."""
    you: CallerResponse = {
        "owner_id": caller.owner_id,
        "principal": caller.principal.principal_id,
        "kind": caller.principal.kind,
        "arn": caller.arn,
        "admin": caller.is_admin,
    }
    return {"version": __version__, "time": to_millis(now), "you": you}
