"""Requests to create, change and run definitions, and the checks of them against the operator's settings."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

from chalicelib.config import SchedulerSettings
from chalicelib.domain.authorization.environment_access import REQUIRED_RIGHTS, Step, check_environment
from chalicelib.domain.authorization.ownership import Caller
from chalicelib.domain.crontab.expression import Crontab, check_interval, parse_timezone, to_eventbridge
from chalicelib.domain.definitions.automatic_pause import resumed
from chalicelib.domain.definitions.definition import Definition, ScheduleOptions
from chalicelib.domain.definitions.problem import clear_refusal
from chalicelib.domain.idempotency import digest
from chalicelib.domain.job import JobSpec, option_values
from chalicelib.domain.job_request import JobRequest, fingerprint, resolve_spec
from chalicelib.errors import InvalidRequestError

__all__ = [
    "DefinitionChange",
    "DefinitionRequest",
    "RunRequest",
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
"""Fields of a job's request that decide, together with the snapshot, which code runs where."""


@dataclass(frozen=True)
class DefinitionRequest:
    """A request for a definition: a request for its jobs, and a schedule."""

    job: JobRequest
    schedule: str | None = None
    timezone: str | None = None
    active: bool = True
    options: ScheduleOptions = field(default_factory=ScheduleOptions)


@dataclass(frozen=True)
class DefinitionChange:
    """A change of a definition: only the fields that the request names."""

    definition: Mapping[str, Any] = field(default_factory=dict)
    """Fields of `Definition`: name, schedule, timezone, active."""
    job: Mapping[str, Any] = field(default_factory=dict)
    """Fields of `JobRequest`."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """Fields of `ScheduleOptions`."""
    input_uri: str | None = None
    """A new snapshot; the stored filename means that the snapshot does not change."""
    input_filename: str | None = None
    input_path: str | None = None
    """Path of the new snapshot's notebook in its user's workspace."""


@dataclass(frozen=True, kw_only=True)
class RunRequest:
    """A request for a job of a definition, independent of its schedule."""

    parameters: Mapping[str, str] | None = None
    """They replace all of the definition's own; None keeps these."""
    scheduled_time: datetime | None = None
    """The time that the job is for; None for now."""
    token: str | None = None
    """The idempotency token."""


def check_schedule(
    schedule: str | None, timezone: str | None, options: ScheduleOptions, settings: SchedulerSettings
) -> None:
    """Check a schedule against the operator's settings.

    Raises
    ------
    CrontabError
        If the crontab or the time zone is invalid.
    InvalidRequestError
        If the schedule runs more often than the operator allows, or ends before it starts.
    """
    if timezone is not None:
        parse_timezone(timezone)
    if options.start and options.end and options.end <= options.start:
        raise InvalidRequestError.for_field("schedule_end", "it is not after schedule_start.")
    if schedule is None:
        return
    check_interval(Crontab.parse(schedule), timedelta(minutes=settings.limits.min_schedule_interval_minutes))


def definition_fingerprint(request: DefinitionRequest, etag: str) -> str:
    """Return a fingerprint that distinguishes requests with the same idempotency token: of the job and its schedule."""
    return digest({**vars(request), "job": fingerprint(request.job, etag)})


def run_fingerprint(definition_id: str, request: RunRequest) -> str:
    """Return a fingerprint that distinguishes requests with the same idempotency token: of the definition, the parameters and the time."""
    time = {"scheduled_time": request.scheduled_time} if request.scheduled_time else {}
    return digest({"definition_id": definition_id, "parameters": request.parameters, **time})


def apply_change(
    definition: Definition, change: DefinitionChange, settings: SchedulerSettings, caller: Caller, now: datetime
) -> Definition:
    """Return the definition after a change; fields that the change does not name keep their values.

    The owner stays the same whoever makes the change, and the stored names of the owner's identity are those of the owner's own latest change.

    Raises
    ------
    InvalidRequestError, NotAllowedError
        If the settings do not allow the change.
    """
    options = replace(definition.options, **change.options)
    spec = _changed_spec(definition, change, settings, caller)
    after = replace(definition, **change.definition, options=options, spec=spec, update_time=now)
    if required_step(definition, change) is not Step.MANAGE:
        after = replace(after, notification_problem=None)
        after = replace(after, tick_problem=clear_refusal(after.tick_problem))
    check_schedule(after.schedule, after.timezone, after.options, settings)
    if after.active:
        after = resumed(replace(after, taken_over=None))
    if _timing(after) == _timing(definition):
        return after
    after = replace(after, health=replace(after.health, late_since=None))
    slots = max(definition.schedule_slots, count_slots(after.schedule))
    return replace(after, effective_from=now, revision=definition.revision + 1, schedule_slots=slots)


def required_step(definition: Definition, change: DefinitionChange) -> Step:
    """Return the kind of a change, which decides whose right to the environment it needs."""
    if has_new_snapshot(definition, change) or change.job.keys() & _CODE:
        return Step.EDIT_CODE
    names_or_pauses = change.definition.keys() <= {"name", "active"} and not change.definition.get("active")
    return Step.MANAGE if names_or_pauses and not change.job and not change.options else Step.EDIT


def has_new_snapshot(definition: Definition, change: DefinitionChange) -> bool:
    """Check whether a change replaces the snapshot; the stored filename means that it does not."""
    return change.input_uri not in (None, definition.input_filename)


def count_slots(schedule: str | None) -> int:
    """Return the number of EventBridge schedules that a crontab needs."""
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
    """Return what decides when a definition is due. After a change of these values, ticks that are still being delivered do not run."""
    options = definition.options
    return definition.schedule, definition.timezone, definition.active, options.start, options.end, options.max_runs


def request_of(definition: Definition) -> JobRequest:
    """Return a request that creates the definition's jobs."""
    spec = definition.spec
    return JobRequest(
        **option_values(spec),
        name=definition.name,
        input_uri="",
        input_filename=definition.input_filename,
        compute_type=spec.compute_type,
        output_formats=spec.output_formats,
        timeout=spec.timeout,
    )
