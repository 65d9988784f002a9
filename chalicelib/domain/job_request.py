"""A request for a job, and what becomes of it under the operator's settings."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from chalicelib.config import Environment, Limits, SchedulerSettings
from chalicelib.domain.authorization.environment_access import Step, check_environment
from chalicelib.domain.authorization.ownership import Caller
from chalicelib.domain.idempotency import digest
from chalicelib.domain.job import JobSpec
from chalicelib.errors import InvalidRequestError

__all__ = ["UPLOAD_PATTERN", "JobRequest", "choose_compute_type", "fingerprint", "resolve_spec", "upload_id_of"]

_UPLOAD: Final = "upload:"

UPLOAD_PATTERN: Final = rf"^{_UPLOAD}[0-9A-Za-z]+$"
"""An `input_uri` that names an upload."""

_NOT_TOLD_APART: Final = ("input_uri", "input_path", "idempotency_token")
"""Fields that may differ between two requests for the same job."""


@dataclass(frozen=True)
class JobRequest:
    """What a caller asks for, well-formed but not yet held against the settings."""

    name: str
    input_uri: str
    """`upload:<id>` of a snapshot that was uploaded."""
    input_filename: str
    """The notebook's name."""
    runtime_environment_name: str
    compute_type: str | None = None
    output_formats: tuple[str, ...] = ()
    parameters: Mapping[str, str] = field(default_factory=dict)
    runtime_environment_parameters: Mapping[str, str | int | float | bool] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    output_filename_template: str | None = None
    idempotency_token: str | None = None
    package_input_folder: bool = False
    timeout: timedelta | None = None
    max_retries: int = 0
    retry_on_timeout: bool = False
    min_retry_interval: timedelta = timedelta(0)
    input_path: str | None = None
    """Where the notebook is in its user's own workspace."""


def upload_id_of(input_uri: str) -> str:
    """Find the upload that an `input_uri` names.

    Raises
    ------
    InvalidRequestError
        If it names none.
    """
    if not re.fullmatch(UPLOAD_PATTERN, input_uri):
        raise InvalidRequestError.for_field(
            "input_uri",
            "it must be upload:<id>. Ask POST /scheduler/uploads for an upload and send the file there first.",
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
    """Hold a request against the operator's settings and fill in what it leaves open.

    Parameters
    ----------
    request, settings, caller
        What is asked for, what the operator says, and who asks.
    step
        What the spec is for.
    owner_principals
        Names of the owner's principal; the caller's, if they are not given.

    Raises
    ------
    InvalidRequestError
        If it names an environment, compute type or format that there is not, or goes over a limit.
    NotAllowedError
        If the environment is not open to somebody whose right the step needs.
    """
    owner = caller.principal.names if owner_principals is None else owner_principals
    name = request.runtime_environment_name
    environment = check_environment(step, name, settings, owner_principals=owner, caller=caller)
    return JobSpec(
        runtime_environment_name=request.runtime_environment_name,
        compute_type=choose_compute_type(request.compute_type, environment),
        output_formats=_formats(request, environment),
        timeout=_timeout(request, settings.limits),
        parameters=dict(request.parameters),
        runtime_environment_parameters=dict(request.runtime_environment_parameters),
        tags=request.tags,
        output_filename_template=request.output_filename_template,
        idempotency_token=request.idempotency_token,
        package_input_folder=request.package_input_folder,
        max_retries=_max_retries(request, settings.limits),
        retry_on_timeout=request.retry_on_timeout,
        min_retry_interval=request.min_retry_interval,
        owner_principals=owner,
        input_path=request.input_path,
    )


def fingerprint(request: JobRequest, etag: str) -> str:
    """Tell requests with one idempotency token apart: by all they ask for, and by what was uploaded, not where from or to."""
    texts = {
        **{name: value for name, value in vars(request).items() if name not in _NOT_TOLD_APART},
        "etag": etag,
    }
    return digest(texts)


def choose_compute_type(name: str | None, environment: Environment) -> str:
    """Find the compute type that a job gets.

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


def _formats(request: JobRequest, environment: Environment) -> tuple[str, ...]:
    if unknown := [each for each in request.output_formats if each not in environment.output_formats]:
        raise InvalidRequestError.for_field(
            "output_formats",
            f"{', '.join(map(repr, unknown))} not offered by {request.runtime_environment_name!r}; choose of {', '.join(environment.output_formats)}.",
        )
    return tuple(dict.fromkeys(request.output_formats)) or ("ipynb",)


def _timeout(request: JobRequest, limits: Limits) -> timedelta:
    if request.timeout is None:
        return timedelta(minutes=limits.default_timeout_minutes)
    most = timedelta(minutes=limits.max_timeout_minutes)
    if request.timeout > most:
        raise InvalidRequestError.for_field("timeout_seconds", f"at most {int(most.total_seconds()):,} are allowed.")
    return request.timeout


def _max_retries(request: JobRequest, limits: Limits) -> int:
    if request.max_retries > limits.max_retries:
        raise InvalidRequestError.for_field("max_retries", f"at most {limits.max_retries} are allowed.")
    return request.max_retries
