"""A request for a job, and the checks of it against the operator's settings."""

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from chalicelib.config import Environment, Limits, SchedulerSettings
from chalicelib.domain.authorization.environment_access import Step, check_environment
from chalicelib.domain.authorization.ownership import Caller
from chalicelib.domain.idempotency import digest
from chalicelib.domain.job import JobOptions, JobSpec, option_values
from chalicelib.domain.notifications.subscription import check_subscriptions
from chalicelib.domain.serialization import SECONDS
from chalicelib.errors import InvalidRequestError

__all__ = ["UPLOAD_PATTERN", "JobRequest", "choose_compute_type", "fingerprint", "resolve_spec", "upload_id_of"]

_UPLOAD: Final = "upload:"

UPLOAD_PATTERN: Final = rf"^{_UPLOAD}[0-9A-Za-z]+$"
"""An `input_uri` that names an upload."""

_NOT_COMPARED: Final = ("input_uri", "input_path", "idempotency_token")
"""Fields that can differ between two requests for the same job."""


@dataclass(frozen=True, kw_only=True)
class JobRequest(JobOptions):
    """A well-formed request that has not been checked against the settings."""

    name: str
    input_uri: str
    """`upload:<id>` of a snapshot that was uploaded."""
    input_filename: str
    """The notebook's name."""
    compute_type: str | None = None
    output_formats: tuple[str, ...] = ()
    timeout: timedelta | None = field(default=None, metadata=SECONDS)
    scheduled_time: datetime | None = None
    """The time that the job is for; by default, now. A request for a definition has none."""
    idempotency_token: str | None = None


def upload_id_of(input_uri: str) -> str:
    """Return the id of the upload that an `input_uri` names.

    Raises
    ------
    InvalidRequestError
        If it names no upload.
    """
    if not re.fullmatch(UPLOAD_PATTERN, input_uri):
        raise InvalidRequestError.for_field(
            "input_uri",
            "it must be upload:<id>. Create an upload with POST /scheduler/uploads and send the file there first.",
        )
    return input_uri.removeprefix(_UPLOAD)


def resolve_spec(
    request: JobRequest,
    settings: SchedulerSettings,
    caller: Caller,
    *,
    step: Step = Step.CREATE,
    owner_principals: tuple[str, ...] | None = None,
) -> JobSpec:
    """Check a request against the operator's settings and fill in the defaults.

    Parameters
    ----------
    request, settings, caller
        The request, the operator's settings, and who sent the request.
    step
        What the spec is for.
    owner_principals
        Names of the owner's principal; by default, the caller's.

    Raises
    ------
    InvalidRequestError
        If it names an unknown environment, compute type or format, or channel, or exceeds a limit.
    NotAllowedError
        If the environment is closed to a person whose right the step needs.
    """
    owner = caller.principal.names if owner_principals is None else owner_principals
    name = request.runtime_environment_name
    environment = check_environment(step, name, settings, owner_principals=owner, caller=caller)
    spec = JobSpec(
        **option_values(request),
        compute_type=choose_compute_type(request.compute_type, environment),
        output_formats=_output_formats(request, environment),
        timeout=_timeout(request, settings.limits),
        idempotency_token=request.idempotency_token,
        owner_principals=owner,
    )
    _check_max_retries(request, settings.limits)
    check_subscriptions(request.notify, settings.channels)
    return spec


def fingerprint(request: JobRequest, etag: str) -> str:
    """Return a fingerprint that distinguishes requests with the same idempotency token: of every option, and of the uploaded content."""
    compared = {name: value for name, value in vars(request).items() if name not in _NOT_COMPARED}
    return digest({**compared, "etag": etag})


def choose_compute_type(name: str | None, environment: Environment) -> str:
    """Return the compute type that a job gets.

    Raises
    ------
    InvalidRequestError
        If the environment does not offer it.
    """
    if name and name not in environment.compute_types:
        raise InvalidRequestError.for_field(
            "compute_type", f"{name!r} is not offered here; choose one of {', '.join(environment.compute_types)}."
        )
    return name or environment.chosen_compute_type


def _output_formats(request: JobRequest, environment: Environment) -> tuple[str, ...]:
    if unknown := [name for name in request.output_formats if name not in environment.output_formats]:
        raise InvalidRequestError.for_field(
            "output_formats",
            f"{', '.join(map(repr, unknown))} not offered by {request.runtime_environment_name!r}; choose from {', '.join(environment.output_formats)}.",
        )
    return tuple(dict.fromkeys(request.output_formats)) or ("ipynb",)


def _timeout(request: JobRequest, limits: Limits) -> timedelta:
    if request.timeout is None:
        return timedelta(minutes=limits.default_timeout_minutes)
    longest = timedelta(minutes=limits.max_timeout_minutes)
    if request.timeout > longest:
        raise InvalidRequestError.for_field("timeout_seconds", f"at most {int(longest.total_seconds()):,} are allowed.")
    return request.timeout


def _check_max_retries(request: JobRequest, limits: Limits) -> None:
    if request.max_retries > limits.max_retries:
        raise InvalidRequestError.for_field("max_retries", f"at most {limits.max_retries} are allowed.")
