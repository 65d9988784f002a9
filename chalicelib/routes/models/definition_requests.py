"""Wire models of requests about definitions."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import PurePosixPath
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from chalicelib.domain.definitions.definition import OverlapPolicy, ScheduleOptions
from chalicelib.domain.definitions.definition_request import DefinitionChange, DefinitionRequest
from chalicelib.domain.timestamps import from_millis
from chalicelib.routes.models.job_requests import (
    CreateJobBody,
    Filename,
    InputPath,
    JobOptionsBody,
    Name,
    Parameters,
    Token,
)

__all__ = ["CreateDefinitionBody", "RunDefinitionBody", "UpdateDefinitionBody"]

_FAR: Final = 253_402_300_799_999
"""31 December 9999 [ms]: the last instant that a datetime can be."""

Millis = Annotated[int, Field(ge=0, le=_FAR)]


class _Options(BaseModel):
    """How a schedule is followed. The JupyterLab form can carry these in `runtime_environment_parameters`, also as texts."""

    model_config = ConfigDict(extra="ignore", defer_build=True)

    overlap_policy: OverlapPolicy | None = None
    """What happens when it is due while its last scheduled job has not ended; `allow` if nothing is said."""
    catch_up_seconds: Annotated[int, Field(ge=0, le=30 * 86_400)] | None = None
    """How late a due minute may still run [s]; an hour if nothing is said."""
    schedule_start: Millis | None = None
    """No due minute before this [ms UTC]."""
    schedule_end: Millis | None = None
    """No due minute after this [ms UTC]."""
    max_runs: Annotated[int, Field(ge=1)] | None = None
    """No due minute after so many jobs."""
    job_retention_days: Annotated[int, Field(ge=1, le=36_500)] | None = None
    """How long its jobs are kept after they end [days]; as the operator says if nothing is."""

    def named(self) -> dict[str, Any]:
        """Give those that were named, as fields of `ScheduleOptions`."""
        fields: dict[str, Any] = {
            "overlap_policy": self.overlap_policy,
            "catch_up": None if self.catch_up_seconds is None else timedelta(seconds=self.catch_up_seconds),
            "start": None if self.schedule_start is None else from_millis(self.schedule_start),
            "end": None if self.schedule_end is None else from_millis(self.schedule_end),
            "max_runs": self.max_runs,
            "job_retention": None if self.job_retention_days is None else timedelta(days=self.job_retention_days),
        }
        return {name: value for name, value in fields.items() if value is not None}


def _options_in(parameters: Mapping[str, Any] | None) -> dict[str, Any]:
    """Read the options that an environment's parameters carry."""
    try:
        return _Options.model_validate(parameters or {}).named()
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise ValueError(f"{first['loc'][0]}: {first['msg']}") from None


class _CarryingOptionsBody(JobOptionsBody, _Options):
    """A request with options, also in its environment's parameters."""

    @field_validator("runtime_environment_parameters")
    @classmethod
    def _carries_options(cls, value: dict[str, Any] | None) -> dict[str, Any] | None:
        _options_in(value)
        return value

    def options(self) -> dict[str, Any]:
        """Give the options that were named, as fields of `ScheduleOptions`; fields of their own come first."""
        return _options_in(self.runtime_environment_parameters) | self.named()


class CreateDefinitionBody(_CarryingOptionsBody, CreateJobBody):
    """`POST /scheduler/job_definitions`: the stock CreateJobDefinition, with options of its schedule."""

    schedule: str | None = None
    """A crontab of five fields or a macro; without one, jobs are made only by request."""
    timezone: str | None = None
    """The zone that the crontab is read in, as in `Europe/Berlin`; UTC if none is named."""
    active: bool | None = None
    """Whether its schedule is followed; it is, if nothing is said."""

    def to_definition_request(self) -> DefinitionRequest:
        """Give it to the service."""
        return DefinitionRequest(
            job=self.to_request(),
            schedule=self.schedule or None,
            timezone=self.timezone or None,
            active=self.active is not False,
            options=ScheduleOptions(**self.options()),
        )


class UpdateDefinitionBody(_CarryingOptionsBody):
    """`PATCH /scheduler/job_definitions/{id}`: every field that is named changes, and only those; null counts as not named."""

    name: Name | None = None
    """Its new name."""
    runtime_environment_name: str | None = None
    """The environment to run in."""
    schedule: str | None = None
    """A crontab of five fields or a macro."""
    timezone: str | None = None
    """The zone that the crontab is read in."""
    active: bool | None = None
    """False pauses its schedule, true resumes it."""
    input_uri: str | None = None
    """`upload:<id>` of a new snapshot, with `input_filename`; the stored filename leaves the snapshot as it is."""
    input_filename: Filename | None = None
    """The notebook's name in the new snapshot."""
    input_path: InputPath | None = None
    """Where the notebook of the new snapshot lies in its user's workspace; without it, unknown."""

    @field_validator("input_filename")
    @classmethod
    def _is_a_notebook(cls, value: str | None) -> str | None:
        if value is not None and PurePosixPath(value).suffix.lower() != ".ipynb":
            raise ValueError(f"{value!r} is not a notebook (.ipynb)")
        return value

    def to_change(self) -> DefinitionChange:
        """Give it to the service."""
        own = {"name": self.name, "schedule": self.schedule, "timezone": self.timezone, "active": self.active}
        return DefinitionChange(
            definition={name: value for name, value in own.items() if value is not None},
            job=self.named_job_fields() | _if_named("runtime_environment_name", self.runtime_environment_name),
            options=self.options(),
            input_uri=self.input_uri,
            input_filename=self.input_filename,
            input_path=self.input_path,
        )


class RunDefinitionBody(BaseModel):
    """`POST /scheduler/job_definitions/{id}/jobs`: other parameters take the place of all of the definition's."""

    model_config = ConfigDict(extra="ignore", strict=True, defer_build=True)

    parameters: Parameters | None = None
    """Take the place of all of the definition's; without them, the definition's are used."""
    idempotency_token: Token | None = None
    """The same request with the same token gives the same job, for a week; another request with it is refused with 409."""


def _if_named(name: str, value: Any) -> dict[str, Any]:
    return {} if value is None else {name: value}
