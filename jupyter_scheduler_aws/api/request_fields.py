"""The options of jobs and definitions, and how they are encoded in requests."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final, TypedDict, Unpack

from jupyter_scheduler_aws.parameters.values import encode_parameters

__all__ = [
    "DEFAULT_OUTPUT_FORMATS",
    "DefinitionChanges",
    "DefinitionOptions",
    "JobOptions",
    "changed_fields",
    "definition_fields",
    "encode_time",
    "is_random_token",
    "job_fields",
    "random_token",
]

DEFAULT_OUTPUT_FORMATS: Final = ("ipynb", "html")
"""What a person usually looks at after a run."""

_RANDOM: Final = "random-"
"""Prefix of a token that the client generated."""


class JobOptions(TypedDict, total=False):
    """Options that jobs and definitions share. For a new job or definition, None is the same as absent."""

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
    notify: Sequence[str] | None
    """Who is told, and when: `[WHEN:]CHANNEL[:ADDRESS]`, with WHEN `failure` (the default), `end`, `always` or `recovery`."""
    timeout: timedelta | None
    """Maximum run time of an attempt, in whole seconds."""
    max_retries: int | None
    """How often a failed notebook is retried."""
    retry_on_timeout: bool | None
    """Whether a run that reaches its maximum run time counts as failed."""
    min_retry_interval: timedelta | None
    """Minimum wait before such a retry."""


class DefinitionOptions(JobOptions, total=False):
    """Further options of a definition: how it follows its schedule."""

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
    keep_last: int | None
    """How many of its ended jobs are kept; the newest success always is. The default keeps all for the retention."""
    pause_after_failures: int | None
    """How many failed runs in a row pause the schedule; 0 never pauses it. The default is the operator's."""
    success_within: timedelta | None
    """How long after a due time a run must have succeeded, in whole seconds, at least a minute: people who are notified of failures are
    told if none has."""


class DefinitionChanges(DefinitionOptions, total=False):
    """Changes of a definition. None takes an option off again; it keeps name, environment, `active` and `cron`."""

    cron: str | None
    """New crontab."""


def job_fields(**options: Unpack[JobOptions]) -> dict[str, Any]:
    """Encode the options that are set as fields of a request.

    Raises
    ------
    ParameterError
        If a parameter's name is not an identifier, or its value cannot be written as a Python literal.
    """
    return _encode(options)


def definition_fields(**options: Unpack[DefinitionOptions]) -> dict[str, Any]:
    """Encode the options that are set as fields of a request.

    Raises
    ------
    ParameterError
        If a parameter's name is not an identifier, or its value cannot be written as a Python literal.
    ValueError
        If a time has no time zone, or a retention is not in whole days.
    """
    return _encode(options)


def changed_fields(**changes: Unpack[DefinitionChanges]) -> dict[str, Any]:
    """Encode the changes of a definition as fields of a request.

    Raises
    ------
    ParameterError
        If a parameter's name is not an identifier, or its value cannot be written as a Python literal.
    ValueError
        If a time has no time zone, or a retention is not in whole days.
    """
    removed = {name for name, value in changes.items() if value is None} - _KEPT
    return {field: empty for name, (field, _, empty) in _FIELDS.items() if name in removed} | _encode(changes)


def _encode(options: Mapping[str, Any]) -> dict[str, Any]:
    return {
        field: encode(value) for name, (field, encode, _) in _FIELDS.items() if (value := options.get(name)) is not None
    }


def encode_time(name: str, instant: datetime) -> int:
    """Return a time [ms UTC].

    Raises
    ------
    ValueError
        If it has no time zone.
    """
    if instant.tzinfo is None:
        raise ValueError(f"{name}: {instant} has no time zone. Add one.")
    return round(instant.timestamp() * 1000)


def _seconds(span: timedelta) -> int:
    return int(span.total_seconds())


def _interval(span: timedelta) -> int:
    return span // timedelta(milliseconds=1)


def _days(span: timedelta) -> int:
    if span % timedelta(days=1):
        raise ValueError(f"job_retention: {span} is not a number of whole days.")
    return span.days


def _same(value: Any) -> Any:
    return value


_FIELDS: Final[Mapping[str, tuple[str, Callable[[Any], Any], Any]]] = {
    "name": ("name", _same, None),
    "environment": ("runtime_environment_name", _same, None),
    "compute_type": ("compute_type", _same, ""),
    "parameters": ("parameters", encode_parameters, {}),
    "output_formats": ("output_formats", list, []),
    "tags": ("tags", list, []),
    "notify": ("notify", list, []),
    "timeout": ("timeout_seconds", _seconds, None),
    "max_retries": ("max_retries", _same, None),
    "retry_on_timeout": ("retry_on_timeout", _same, None),
    "min_retry_interval": ("min_retry_interval_millis", _interval, None),
    "cron": ("schedule", _same, None),
    "timezone": ("timezone", _same, "UTC"),
    "active": ("active", _same, None),
    "overlap_policy": ("overlap_policy", _same, None),
    "catch_up": ("catch_up_seconds", _seconds, None),
    "start": ("schedule_start", partial(encode_time, "start"), None),
    "end": ("schedule_end", partial(encode_time, "end"), None),
    "max_runs": ("max_runs", _same, None),
    "job_retention": ("job_retention_days", _days, None),
    "keep_last": ("keep_last", _same, None),
    "pause_after_failures": ("pause_after_failures", _same, None),
    "success_within": ("success_within_seconds", _seconds, None),
}
"""The request's field of each option, how its value is encoded, and what takes it off a definition again. In the stock
scheduler's fields, null means absent; there, an empty value or the default itself does it."""

_KEPT: Final = frozenset({"name", "environment", "active", "cron"})
"""Options that cannot be taken off. To stop a schedule, pause the definition."""


def random_token() -> str:
    """Generate an idempotency token for a request without one, so that a retry has no second effect."""
    return f"{_RANDOM}{secrets.token_hex(16)}"


def is_random_token(token: object) -> bool:
    """Check whether the client generated a token, so that a person need not see it."""
    return isinstance(token, str) and token.startswith(_RANDOM)
