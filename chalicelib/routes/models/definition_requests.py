"""Wire models of requests about definitions."""

from pathlib import PurePosixPath
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, field_validator

from chalicelib.domain.definitions.definition import (
    MAX_CATCH_UP,
    MAX_JOB_RETENTION,
    MAX_PAUSE_AFTER_FAILURES,
    Definition,
    OverlapPolicy,
    ScheduleOptions,
)
from chalicelib.domain.definitions.definition_request import DefinitionChange, DefinitionRequest, RunRequest
from chalicelib.domain.job_request import JobRequest
from chalicelib.domain.timestamps import from_millis
from chalicelib.routes.models.job_requests import (
    Filename,
    InputBody,
    InputPath,
    JobOptionsBody,
    LocalMillis,
    Millis,
    Name,
    Parameters,
    RunLimitsBody,
    Token,
)
from chalicelib.routes.models.request_fields import Body, read_changes, read_fields, read_options

__all__ = ["CreateDefinitionBody", "RunDefinitionBody", "UpdateDefinitionBody"]


class _Options(BaseModel):
    """Options of a schedule. The JupyterLab form can send them in `runtime_environment_parameters`, also as text."""

    model_config = ConfigDict(extra="ignore", defer_build=True)

    overlap_policy: OverlapPolicy | None = None
    """What happens at a due time while the last scheduled job is still in progress; by default, `allow`."""
    catch_up_seconds: Annotated[int, Field(ge=0, le=round(MAX_CATCH_UP.total_seconds()))] | None = None
    """How late a missed due time can still run [s]; by default, an hour."""
    schedule_start: Millis | None = None
    """The schedule does not run before this time [ms UTC]."""
    schedule_end: Millis | None = None
    """The schedule does not run after this time [ms UTC]."""
    max_runs: Annotated[int, Field(ge=1)] | None = None
    """The schedule stops after this number of jobs."""
    job_retention_days: Annotated[int, Field(ge=1, le=MAX_JOB_RETENTION.days)] | None = None
    """How long jobs are kept after they end [days]; by default, as the operator chose."""
    keep_last: Annotated[int, Field(ge=1, le=10_000)] | None = None
    """How many ended jobs are kept; older ones are deleted, but for the newest success. By default, all are kept for the retention."""
    pause_after_failures: Annotated[int, Field(ge=0, le=MAX_PAUSE_AFTER_FAILURES)] | None = None
    """How many failed runs in a row pause the schedule; 0 never pauses it. By default, as the operator chose."""
    success_within_seconds: Annotated[int, Field(ge=60, le=366 * 86_400)] | None = None
    """How long after a due time a run must have succeeded [s]: whoever is notified of failures is told if none has. By default, nobody is."""


class _ScheduledBody(JobOptionsBody, _Options):
    """A request with options of a schedule, also in its environment's parameters."""

    @field_validator("runtime_environment_parameters")
    @classmethod
    def _check_options(cls, value: dict[str, Any] | None) -> dict[str, Any] | None:
        read_options(_Options, value, ScheduleOptions)
        return value

    def options(self) -> dict[str, Any]:
        """Return the options that the request names, as fields of `ScheduleOptions`; fields of the body take precedence."""
        own = read_changes(self, _Options.model_fields, ScheduleOptions, removable=_Options.model_fields)
        return read_options(_Options, self.runtime_environment_parameters, ScheduleOptions) | own


class CreateDefinitionBody(InputBody, _ScheduledBody):
    """`POST /scheduler/job_definitions`: the stock CreateJobDefinition, with options of the schedule."""

    schedule: str | None = None
    """A crontab of five fields or a macro; without one, jobs are created only on request."""
    timezone: str | None = None
    """The time zone of the crontab, such as `Europe/Berlin`; by default, UTC."""
    active: bool | None = None
    """Whether the schedule is active; by default, it is."""

    def to_definition_request(self) -> DefinitionRequest:
        """Return the request for the service."""
        return DefinitionRequest(
            job=self.to_request(),
            schedule=self.schedule or None,
            timezone=self.timezone or None,
            active=self.active is not False,
            options=ScheduleOptions(**self.options()),
        )


class UpdateDefinitionBody(_ScheduledBody):
    """`PATCH /scheduler/job_definitions/{id}`: changes the fields that the request names.

    Null gives the fields that only this service has their default again. In the stock scheduler's fields, null counts as not named; an
    empty value removes the old one.
    """

    name: Name | None = None
    """The new name."""
    schedule: str | None = None
    """A crontab of five fields or a macro."""
    timezone: str | None = None
    """The time zone of the crontab; an empty text means UTC."""
    active: bool | None = None
    """False pauses the schedule, true resumes it."""
    input_uri: str | None = None
    """`upload:<id>` of a new snapshot, with `input_filename`; the stored filename keeps the snapshot."""
    input_filename: Filename | None = None
    """Name of the notebook in the new snapshot."""
    input_path: InputPath | None = None
    """Path of the new snapshot's notebook in its user's workspace; without it, the path is unknown."""

    @field_validator("input_filename")
    @classmethod
    def _check_suffix(cls, value: str | None) -> str | None:
        if value is not None and PurePosixPath(value).suffix.lower() != ".ipynb":
            raise ValueError(f"{value!r} is not a notebook (.ipynb)")
        return value

    def to_change(self) -> DefinitionChange:
        """Return the change for the service."""
        job = read_changes(
            self, JobOptionsBody.model_fields, JobRequest, removable={*RunLimitsBody.model_fields, "notify"}
        )
        return DefinitionChange(
            definition=read_fields(self, ("name", "schedule", "timezone", "active"), Definition),
            job=self.run_limits_in_parameters() | job,
            options=self.options(),
            input_uri=self.input_uri,
            input_filename=self.input_filename,
            input_path=self.input_path,
        )


class RunDefinitionBody(Body):
    """`POST /scheduler/job_definitions/{id}/jobs`: create a job, optionally with other parameters."""

    parameters: Parameters | None = None
    """Replace all parameters of the definition; by default, the definition's are used."""
    scheduled_time: LocalMillis | None = None
    """The time that the job is for [ms UTC]; by default, now. Templates in parameters show it in the definition's zone."""
    idempotency_token: Token | None = None
    """For a week, the same request with the same token returns the same job; a different request with the token is refused with 409."""

    def to_request(self) -> RunRequest:
        """Return the request for the service."""
        time = None if self.scheduled_time is None else from_millis(self.scheduled_time)
        return RunRequest(parameters=self.parameters, scheduled_time=time, token=self.idempotency_token)
