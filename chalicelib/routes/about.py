"""What this deployment offers, and who you are to it."""

from typing import Any

from chalicelib import __version__
from chalicelib.domain.instants import to_millis
from chalicelib.domain.ownership import may_use
from chalicelib.factory import factory
from chalicelib.routes.answers import describe_environment
from chalicelib.routes.callers import caller_of
from chalicelib.routes.responses import ApiBlueprint

__all__ = ["about"]

about = ApiBlueprint(__name__)

_FEATURES = {
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


@about.route("/scheduler/runtime_environments", methods=["GET"])
def list_environments() -> list[dict[str, Any]]:
    """List the environments that the caller may use."""
    arns = caller_of(about.current_request, factory().settings.ownership).identity_arns
    environments = factory().settings.environments
    return [describe_environment(name, each) for name, each in environments.items() if may_use(each, arns)]


@about.route("/scheduler/config", methods=["GET"])
def get_config() -> dict[str, Any]:
    """Say which features there are, as the stock scheduler does."""
    return {"supported_features": _FEATURES, "manage_environments_command": ""}


@about.route("/scheduler/health", methods=["GET"])
def get_health() -> dict[str, Any]:
    """Say which version this is, what time it has, and who the caller is to it."""
    caller = caller_of(about.current_request, factory().settings.ownership)
    you = {"owner_id": caller.owner_id, "principal": caller.principal, "arn": caller.arn, "admin": caller.is_admin}
    return {"version": __version__, "time": to_millis(factory().clock()), "you": you}
