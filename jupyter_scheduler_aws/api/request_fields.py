"""The options of jobs and definitions, and how they are encoded in requests."""

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, TypedDict, Unpack

from jupyter_scheduler_aws.parameters import encode_parameters

__all__ = [
    "DEFAULT_OUTPUT_FORMATS",
    "DefinitionOptions",
    "JobOptions",
    "definition_fields",
    "is_random_token",
    "job_fields",
    "random_token",
]

DEFAULT_OUTPUT_FORMATS: Final = ("ipynb", "html")
"""What a person usually looks at after a run."""

_RANDOM: Final = "random-"
"""Prefix of a token that the client generated."""

_ONE_DAY: Final = timedelta(days=1)


class JobOptions(TypedDict, total=False):
    """Options that jobs and definitions share. None is the same as absent."""

    name: str | None
    environment: str | None
    """Name of the environment."""
    compute_type: str | None
    """Name of the compute type."""
    parameters: Mapping[str, Any] | None
    """Values for the cell tagged `parameters`; see `encode_parameters`."""
    output_formats: Sequence[str] | None
    """Names of formats."""
    tags: Sequence[str] | None
    """Labels to find it by."""
    timeout: timedelta | None
    """Maximum run time of an attempt, in whole seconds."""
    max_retries: int | None
    """How often a failed notebook is retried."""


class DefinitionOptions(JobOptions, total=False):
    """Further options of a definition: how it follows its schedule. None is the same as absent."""

    timezone: str | None
    """Time zone of the crontab, such as `Europe/Berlin`; the default is UTC."""
    active: bool | None
    """False pauses it, True resumes it."""
    overlap_policy: str | None
    """An `OverlapPolicy`."""
    catch_up: timedelta | None
    """How late a missed due time may still run, in whole seconds, up to 30 days; the service's default is an hour."""
    start: datetime | None
    """The schedule starts at this time; requires a time zone."""
    end: datetime | None
    """The schedule ends at this time; requires a time zone."""
    max_runs: int | None
    """The schedule ends after this number of scheduled jobs."""
    job_retention: timedelta | None
    """How long its jobs are kept after they end, in whole days; the default is the operator's."""


def job_fields(**options: Unpack[JobOptions]) -> dict[str, Any]:
    """Encode the options that are set as fields of a request.

    Raises
    ------
    TypeError
        If a parameter's value cannot be written as a Python literal.
    """
    parameters, timeout = options.get("parameters"), options.get("timeout")
    formats, tags = options.get("output_formats"), options.get("tags")
    return _without_none(
        {
            "name": options.get("name"),
            "runtime_environment_name": options.get("environment"),
            "compute_type": options.get("compute_type"),
            "parameters": None if parameters is None else encode_parameters(parameters),
            "output_formats": None if formats is None else list(formats),
            "tags": None if tags is None else list(tags),
            "timeout_seconds": None if timeout is None else int(timeout.total_seconds()),
            "max_retries": options.get("max_retries"),
        }
    )


def definition_fields(**options: Unpack[DefinitionOptions]) -> dict[str, Any]:
    """Encode the options that are set as fields of a request.

    Raises
    ------
    TypeError
        If a parameter's value cannot be written as a Python literal.
    ValueError
        If a time has no time zone, or a retention is not in whole days.
    """
    catch_up, retention = options.get("catch_up"), options.get("job_retention")
    own = {
        "timezone": options.get("timezone"),
        "active": options.get("active"),
        "overlap_policy": options.get("overlap_policy"),
        "catch_up_seconds": None if catch_up is None else int(catch_up.total_seconds()),
        "schedule_start": _millis("start", options.get("start")),
        "schedule_end": _millis("end", options.get("end")),
        "max_runs": options.get("max_runs"),
        "job_retention_days": None if retention is None else _days(retention),
    }
    jobs: JobOptions = {key: options[key] for key in JobOptions.__annotations__ if key in options}  # type: ignore[literal-required, assignment]
    return job_fields(**jobs) | _without_none(own)


def _without_none(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def _millis(name: str, instant: datetime | None) -> int | None:
    if instant is None:
        return None
    if instant.tzinfo is None:
        raise ValueError(f"{name}: {instant} has no time zone. Add one.")
    return round(instant.timestamp() * 1000)


def _days(span: timedelta) -> int:
    if span % _ONE_DAY:
        raise ValueError(f"job_retention: {span} is not a number of whole days.")
    return span // _ONE_DAY


def random_token() -> str:
    """Generate an idempotency token for a request without one, so that a retry has no second effect."""
    return f"{_RANDOM}{secrets.token_hex(16)}"


def is_random_token(token: object) -> bool:
    """Check whether the client generated a token, so that a person need not see it."""
    return isinstance(token, str) and token.startswith(_RANDOM)
