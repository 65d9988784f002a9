"""Requests that make, change and run definitions, held against the operator's settings."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

from chalicelib.config import SchedulerSettings
from chalicelib.domain.authorization.environment_access import REQUIRED_RIGHTS, Step, check_environment
from chalicelib.domain.authorization.ownership import Caller
from chalicelib.domain.crontab.expression import Crontab, check_interval, parse_timezone, to_eventbridge
from chalicelib.domain.definitions.definition import Definition, ScheduleOptions
from chalicelib.domain.definitions.problem import clear_refusal
from chalicelib.domain.idempotency import digest
from chalicelib.domain.job import JobSpec
from chalicelib.domain.job_request import JobRequest, fingerprint, resolve_spec
from chalicelib.errors import InvalidRequestError

__all__ = [
    "DefinitionChange",
    "DefinitionRequest",
    "apply_change",
    "check_schedule",
    "count_slots",
    "definition_fingerprint",
    "has_new_snapshot",
    "request_of",
    "required_step",
    "run_fingerprint",
]

_CODE: Final = frozenset({"parameters", "runtime_environment_parameters", "runtime_environment_name"})
"""Fields of a job's request that decide, beside the snapshot, which code runs where."""


@dataclass(frozen=True)
class DefinitionRequest:
    """What a caller asks for: a job's request, with a schedule."""

    job: JobRequest
    schedule: str | None = None
    timezone: str | None = None
    active: bool = True
    options: ScheduleOptions = field(default_factory=ScheduleOptions)


@dataclass(frozen=True)
class DefinitionChange:
    """A change: just the fields that it names."""

    definition: Mapping[str, Any] = field(default_factory=dict)
    """Of `Definition`: name, schedule, timezone, active."""
    job: Mapping[str, Any] = field(default_factory=dict)
    """Of `JobRequest`: environment, compute type, formats, parameters, tags, template, time-out, retries."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """Of `ScheduleOptions`."""
    input_uri: str | None = None
    """A new snapshot; the stored filename means that it stays."""
    input_filename: str | None = None
    input_path: str | None = None
    """Where the new snapshot's notebook is in its user's own workspace."""


def check_schedule(
    schedule: str | None, timezone: str | None, options: ScheduleOptions, settings: SchedulerSettings
) -> None:
    """Hold a schedule against the operator's settings.

    Raises
    ------
    CrontabError
        If the crontab or the zone cannot be followed.
    InvalidRequestError
        If it fires more often than the operator allows, or ends before it starts.
    """
    if timezone is not None:
        parse_timezone(timezone)
    if options.start and options.end and options.end <= options.start:
        raise InvalidRequestError.for_field("schedule_end", "it is not after schedule_start.")
    if schedule is None:
        return
    check_interval(Crontab.parse(schedule), timedelta(minutes=settings.limits.min_schedule_interval_minutes))


def definition_fingerprint(request: DefinitionRequest, etag: str) -> str:
    """Tell requests with one idempotency token apart: by the job they ask for, and by when it is to run."""
    return digest({**vars(request), "job": fingerprint(request.job, etag)})


def run_fingerprint(definition_id: str, parameters: Mapping[str, str] | None) -> str:
    """Tell requests with one idempotency token apart: by the definition that they run, and with which parameters."""
    return digest({"definition_id": definition_id, "parameters": parameters})


def apply_change(
    definition: Definition, change: DefinitionChange, settings: SchedulerSettings, caller: Caller, now: datetime
) -> Definition:
    """Make the definition after a change; what the change does not name stays as it was.

    The owner stays the owner, whoever makes the change; what is kept of the owner's identity is that of their latest own change.

    Raises
    ------
    InvalidRequestError, NotAllowedError
        If the settings do not allow it.
    """
    options = replace(definition.options, **change.options)
    spec = _changed_spec(definition, change, settings, caller)
    after = replace(definition, **change.definition, options=options, spec=spec, update_time=now)
    if required_step(definition, change) is not Step.MANAGE:
        after = replace(after, tick_problem=clear_refusal(after.tick_problem))
    check_schedule(after.schedule, after.timezone, after.options, settings)
    if after.active:
        after = replace(after, taken_over=None)
    if _timing(after) == _timing(definition):
        return after
    slots = max(definition.schedule_slots, count_slots(after.schedule))
    return replace(after, effective_from=now, revision=definition.revision + 1, schedule_slots=slots)


def required_step(definition: Definition, change: DefinitionChange) -> Step:
    """Find what a change is about to do, which decides whose right to the environment it needs."""
    if has_new_snapshot(definition, change) or change.job.keys() & _CODE:
        return Step.EDIT_CODE
    names_or_pauses = change.definition.keys() <= {"name", "active"} and not change.definition.get("active")
    return Step.MANAGE if names_or_pauses and not change.job and not change.options else Step.EDIT


def has_new_snapshot(definition: Definition, change: DefinitionChange) -> bool:
    """Whether a change brings a new snapshot; the stored filename means that it stays."""
    return change.input_uri not in (None, definition.input_filename)


def count_slots(schedule: str | None) -> int:
    """Count the EventBridge schedules that a crontab needs."""
    return len(to_eventbridge(schedule)) if schedule else 0


def _changed_spec(
    definition: Definition, change: DefinitionChange, settings: SchedulerSettings, caller: Caller
) -> JobSpec:
    step, is_owner = required_step(definition, change), caller.owner_id == definition.owner_id
    owner = caller.principal.names if is_owner else definition.spec.owner_principals
    if change.job:
        request = replace(request_of(definition), **change.job)
        return resolve_spec(request, settings, caller, step=step, owner_principals=owner)
    if REQUIRED_RIGHTS[step]:
        name = definition.spec.runtime_environment_name
        check_environment(step, name, settings, owner_principals=owner, caller=caller)
    return replace(definition.spec, owner_principals=owner)


def _timing(definition: Definition) -> tuple[object, ...]:
    """Give what decides when a definition is due: a change of it drops the ticks that are still on their way."""
    options = definition.options
    return definition.schedule, definition.timezone, definition.active, options.start, options.end, options.max_runs


def request_of(definition: Definition) -> JobRequest:
    """Give the request that would make the definition's jobs."""
    spec = definition.spec
    return JobRequest(
        name=definition.name,
        input_uri="",
        input_filename=definition.input_filename,
        runtime_environment_name=spec.runtime_environment_name,
        compute_type=spec.compute_type,
        output_formats=spec.output_formats,
        parameters=spec.parameters,
        runtime_environment_parameters=spec.runtime_environment_parameters,
        tags=spec.tags,
        output_filename_template=spec.output_filename_template,
        package_input_folder=spec.package_input_folder,
        timeout=spec.timeout,
        max_retries=spec.max_retries,
        retry_on_timeout=spec.retry_on_timeout,
        min_retry_interval=spec.min_retry_interval,
        input_path=spec.input_path,
    )
