"""Wire models of requests about jobs: the stock scheduler's fields, and additional ones. Unknown fields are ignored.

The text below a field is its description in the OpenAPI document. It is read from this source, so it costs nothing at run time.
"""

import math
from pathlib import PurePosixPath
from typing import Annotated, Any, Final, Literal, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    field_validator,
    model_validator,
)
from pydantic.json_schema import SkipJsonSchema

from chalicelib.domain.job_request import UPLOAD_PATTERN, JobRequest
from chalicelib.domain.notifications.subscription import MAX_SUBSCRIPTIONS, describe_subscription_problem
from chalicelib.domain.parameters import describe_name_problem, describe_value_problem, parse_parameter
from chalicelib.domain.scheduled_time import describe_template_problem
from chalicelib.domain.serialization import record_fields
from chalicelib.routes.models.request_fields import Body, read_fields, read_options

__all__ = [
    "CreateJobBody",
    "CreateUploadBody",
    "Filename",
    "InputBody",
    "InputPath",
    "JobOptionsBody",
    "LocalMillis",
    "Millis",
    "Name",
    "Parameters",
    "RunLimitsBody",
    "Token",
    "UpdateJobBody",
    "relative_path",
]

_MAX_PARAMETERS: Final = 200
_FAR: Final = 253_402_300_799_999
"""31 December 9999 [ms]: the last instant that a datetime can hold."""
_MAX_NAME_BYTES: Final = 255
"""The longest name of a file on Linux (NAME_MAX)."""
_SMALLEST: Final = 1e-120
_LARGEST: Final = 1e38
"""The range of numbers that DynamoDB stores exactly: it accepts magnitudes down to 1e-130, and 38 digits."""


def relative_path(path: str) -> str:
    """Return the path if it stays inside its folder.

    Raises
    ------
    ValueError
        If the path is absolute, or contains empty parts, `.` or `..`.
    """
    if "\\" in path or any(part in ("", ".", "..") for part in path.split("/")):
        raise ValueError(f"{path!r} is not a relative path, with / between its parts")
    return path


def _file_name(name: str) -> str:
    """Return the name if a file on Linux, where the notebook runs, can have it.

    Raises
    ------
    ValueError
        If it stands for a folder, or has more than 255 bytes.
    """
    if name in (".", ".."):
        raise ValueError(f"{name!r} is no name of a file")
    if len(name.encode()) > _MAX_NAME_BYTES:
        raise ValueError(f"{name!r} has more than {_MAX_NAME_BYTES} bytes")
    return name


Name = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
"""A job's name. It is part of an index key, which DynamoDB limits to 1,024 bytes."""
Filename = Annotated[
    str,
    StringConstraints(min_length=1, max_length=200, pattern=r"^[^/\\\x00-\x1f\x7f]+$"),
    AfterValidator(_file_name),
]
"""Name of a notebook. Client (`snapshots/notebook_file.py`) and runner (`runner/snapshot.py`) have the same rule."""
InputPath = Annotated[
    str,
    StringConstraints(min_length=1, max_length=1024, pattern=r"^[^\x00-\x1f\x7f]+$"),
    AfterValidator(relative_path),
]
"""Path of a notebook in its user's workspace. Clients open it there, so it must not point outside."""
Tag = Annotated[str, StringConstraints(min_length=1, max_length=200)]


def _check_subscription(text: str) -> str:
    if problem := describe_subscription_problem(text):
        raise ValueError(problem)
    return text


Subscription = Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(_check_subscription)]
Millis = Annotated[int, Field(ge=0, le=_FAR)]
LocalMillis = Annotated[int, Field(ge=0, le=_FAR - 2 * 86_400_000)]
"""A time that is written in a time zone, where the year must not exceed 9999 either."""
Token = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class CreateUploadBody(Body):
    """`POST /scheduler/uploads`."""

    filename: Filename
    """`.ipynb` for a notebook, `.zip` for an input folder."""
    size_bytes: Annotated[int, Field(ge=1)] | None = None
    """Size of the file [bytes], so that a file that is too large is refused before it is sent."""

    @field_validator("filename")
    @classmethod
    def _check_suffix(cls, value: str) -> str:
        if PurePosixPath(value).suffix.lower() not in (".ipynb", ".zip"):
            raise ValueError("a snapshot is a notebook (.ipynb) or a zip of its folder (.zip)")
        return value


def _texts(value: Any) -> Any:
    """Convert numbers and booleans to text, as the stock scheduler does."""
    if not isinstance(value, dict):
        return value
    return {name: _text(name, item) for name, item in value.items()}


def _text(name: str, value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{name!r} is a number that JSON and Python literals do not have; send it as text")
    return str(value) if isinstance(value, (bool, int, float)) else value


def _check_parameters(value: dict[str, str]) -> dict[str, str]:
    for name, text in value.items():
        if problem := describe_name_problem(name, None):
            raise ValueError(f"{name!r} is not a valid name of a parameter: {problem}")
        if problem := describe_value_problem(parse_parameter(text)) or describe_template_problem(text):
            raise ValueError(f"the value of {name!r} is refused: {problem}")
    return value


_Values = Annotated[dict[str, str | int | float | bool], Field(max_length=_MAX_PARAMETERS)]

Parameters = Annotated[
    dict[str, str],
    Field(max_length=_MAX_PARAMETERS),
    BeforeValidator(_texts, json_schema_input_type=_Values),
    AfterValidator(_check_parameters),
]
"""Values for the cell tagged `parameters`, as text: a Python literal, or else text."""


class RunLimitsBody(Body):
    """How long an attempt runs, and when there is another."""

    timeout_seconds: Annotated[int, Field(ge=1)] | None = None
    """Longest run time of an attempt [s]; the operator sets a default and a limit."""
    max_retries: Annotated[int, Field(ge=0)] | None = None
    """New attempts after a failure of the notebook itself; the operator sets a limit. By default, none."""
    retry_on_timeout: bool | None = None
    """Whether a timeout counts as such a failure."""
    min_retry_interval_millis: Annotated[int, Field(ge=0, le=86_400_000)] | None = None
    """Shortest wait before such a new attempt [ms]."""


class _RunLimitsInParameters(RunLimitsBody):
    """The same limits in `runtime_environment_parameters`, where the JupyterLab form can send them, also as text."""

    model_config = ConfigDict(strict=False)


class JobOptionsBody(RunLimitsBody):
    """The fields that requests for jobs and for definitions share; an edit of a definition changes those that it names."""

    runtime_environment_name: str | None = None
    """The environment to run in."""
    runtime_environment_parameters: dict[Tag, str | int | float | bool] | None = Field(
        default=None, max_length=_MAX_PARAMETERS
    )
    """Options of the environment, stored without changes. The run limits below are read from here too, also as text; fields of the body take precedence."""
    compute_type: str | None = None
    """A size that the environment offers; by default, the environment's."""
    output_formats: list[str] | None = None
    """Formats that the environment offers; by default, `ipynb`."""
    parameters: Parameters | None = None
    """Values for the cell tagged `parameters`, by variable name; numbers and booleans are converted to text."""
    tags: list[Tag] | None = Field(default=None, max_length=50)
    """Labels to search for."""
    notify: list[Subscription] | None = Field(default=None, max_length=MAX_SUBSCRIPTIONS)
    """Who is told, and when: `[WHEN:]CHANNEL[:ADDRESS]`, such as `team`, `end:team` or `failure:mail:ana@example.com`. WHEN is `failure`
    (the default), `end`, `always` or `recovery`."""
    output_filename_template: str | None = Field(default=None, max_length=500)
    """Stored and returned, but not used, as in the stock scheduler."""

    @field_validator("runtime_environment_parameters")
    @classmethod
    def _check_numbers(cls, value: dict[str, Any] | None) -> dict[str, Any] | None:
        for name, item in (value or {}).items():
            if isinstance(item, (int, float)) and item and not _SMALLEST < abs(item) < _LARGEST:
                raise ValueError(f"{name!r} is a number that cannot be stored; send it as text")
        read_options(_RunLimitsInParameters, value, JobRequest)
        return value

    def run_limits_in_parameters(self) -> dict[str, Any]:
        """Return the run limits that the environment's parameters contain, as fields of `JobRequest`."""
        return read_options(_RunLimitsInParameters, self.runtime_environment_parameters, JobRequest)


class InputBody(JobOptionsBody):
    """What requests that create a job or a definition have in common: an upload as the input."""

    # `input_filename` is required too. It has a default only so that the error message can explain what to send.
    model_config = ConfigDict(
        json_schema_extra={"required": ["name", "input_uri", "input_filename", "runtime_environment_name"]}
    )

    name: Name
    """Name of the job; several jobs can have the same name."""
    input_uri: Annotated[str, Field(json_schema_extra={"pattern": UPLOAD_PATTERN})]
    """`upload:<id>` of an uploaded snapshot; see `POST /scheduler/uploads`."""
    input_filename: Filename | SkipJsonSchema[None] = None
    """Name of the notebook, with `.ipynb`; in a zip of its folder it is at the root."""
    input_path: InputPath | None = None
    """Path of the notebook in its user's workspace: relative, with `/`. The service returns it but does not use it."""
    runtime_environment_name: str
    """The environment to run in; see `GET /scheduler/runtime_environments`."""
    idempotency_token: Token | None = None
    """For a week, the same request with the same token returns the same job; a different request with the token is refused with 409."""
    package_input_folder: bool | None = None
    """Whether the upload is a zip of the notebook's folder."""

    @model_validator(mode="after")
    def _check_notebook(self) -> Self:
        if self.input_filename is None:
            raise ValueError("input_filename: name the notebook that was uploaded")
        if PurePosixPath(self.input_filename).suffix.lower() != ".ipynb":
            raise ValueError(f"input_filename: {self.input_filename!r} is not a notebook (.ipynb)")
        return self

    def to_request(self) -> JobRequest:
        """Return the request for the service."""
        names = {field.wire_name for field in record_fields(JobRequest)} & type(self).model_fields.keys()
        return JobRequest(**{**self.run_limits_in_parameters(), **read_fields(self, names, JobRequest)})


class CreateJobBody(InputBody):
    """`POST /scheduler/jobs`: the stock CreateJob, with an upload as its input."""

    scheduled_time: LocalMillis | None = None
    """The time that the job is for [ms UTC]; by default, now. `{{ scheduled_time:%Y-%m }}` in a parameter shows it in UTC."""


class UpdateJobBody(Body):
    """`PATCH /scheduler/jobs/{job_id}`: stop the job, or change its name or compute type."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1})

    status: Literal["STOPPED"] | None = None
    """Stops the job; no other status is allowed."""
    name: Name | None = None
    """The new name."""
    compute_type: str | None = None
    """The new size, while the job waits."""
