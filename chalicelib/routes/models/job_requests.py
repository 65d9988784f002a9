"""Wire models of requests: the stock contract's fields, and ours beside them. Unknown fields are ignored.

The text below a field is its description in the OpenAPI document; it is read in this source, and costs nothing at run time.
"""

from datetime import timedelta
from pathlib import PurePosixPath
from typing import Annotated, Any, Final, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    field_validator,
    model_validator,
)
from pydantic.json_schema import SkipJsonSchema

from chalicelib.domain.authorization.owner import LONGEST_REASON
from chalicelib.domain.job_request import UPLOAD_PATTERN, JobRequest

__all__ = [
    "Body",
    "CreateJobBody",
    "CreateUploadBody",
    "Filename",
    "InputPath",
    "JobOptionsBody",
    "Name",
    "Parameters",
    "Token",
    "UpdateJobBody",
    "UpdateOwnerBody",
    "relative_path",
]

_MAX_PARAMETERS: Final = 200
_SMALLEST: Final = 1e-120
_LARGEST: Final = 1e38
"""DynamoDB's numbers: down to 1e-130, and exact with 38 digits; further out they are refused."""


def relative_path(path: str) -> str:
    """Give the path back, if it leads nowhere but down.

    Raises
    ------
    ValueError
        If it is absolute, or has empty parts, `.` or `..`.
    """
    if "\\" in path or any(part in ("", ".", "..") for part in path.split("/")):
        raise ValueError(f"{path!r} is not a relative path, with / between its parts")
    return path


Name = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
"""A job's name: part of an index key, of which DynamoDB takes 1,024 bytes."""
Filename = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^/\\\x00-\x1f\x7f]+$")]
InputPath = Annotated[
    str,
    StringConstraints(min_length=1, max_length=1024, pattern=r"^[^\x00-\x1f\x7f]+$"),
    AfterValidator(relative_path),
]
"""Where a notebook is in its user's own workspace. Clients open it there, so that it must not lead elsewhere."""
Tag = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Token = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class Body(BaseModel):
    """What all bodies have in common: unknown fields are ignored, and no type is guessed."""

    model_config = ConfigDict(extra="ignore", strict=True, defer_build=True)


class CreateUploadBody(Body):
    """`POST /scheduler/uploads`."""

    filename: Filename
    """`.ipynb` for a notebook, `.zip` for an input folder."""
    size_bytes: Annotated[int, Field(ge=1)] | None = None
    """Size of the file [bytes]: one that is too large is refused before it is sent."""

    @field_validator("filename")
    @classmethod
    def _is_a_snapshot(cls, value: str) -> str:
        if PurePosixPath(value).suffix.lower() not in (".ipynb", ".zip"):
            raise ValueError("a snapshot is one .ipynb, or a .zip of its folder")
        return value


def _texts(value: Any) -> Any:
    """Turn numbers and booleans into texts, as the stock scheduler does."""
    if not isinstance(value, dict):
        return value
    return {name: str(each) if isinstance(each, (bool, int, float)) else each for name, each in value.items()}


def _names_are_identifiers(value: dict[str, str]) -> dict[str, str]:
    for name in value:
        if not name.isidentifier():
            raise ValueError(f"{name!r} cannot be a parameter: it must be a variable's name")
    return value


_Values = Annotated[dict[str, str | int | float | bool], Field(max_length=_MAX_PARAMETERS)]

Parameters = Annotated[
    dict[str, str],
    Field(max_length=_MAX_PARAMETERS),
    BeforeValidator(_texts, json_schema_input_type=_Values),
    AfterValidator(_names_are_identifiers),
]
"""Values for the cell tagged `parameters`: strings, which the runner types."""


class JobOptionsBody(Body):
    """What jobs and definitions have in common: the stock fields, and time-out and retries."""

    runtime_environment_parameters: dict[Tag, str | int | float | bool] | None = Field(
        default=None, max_length=_MAX_PARAMETERS
    )
    """Options of the environment, kept as they are."""
    compute_type: str | None = None
    """A size that the environment offers; its default if none is named."""
    output_formats: list[str] | None = None
    """Formats that the environment offers; `ipynb` if none is named."""
    parameters: Parameters | None = None
    """Values for the cell tagged `parameters`, by the names of variables; numbers and truth values become texts."""
    tags: list[Tag] | None = Field(default=None, max_length=50)
    """Labels to find it by."""
    output_filename_template: str | None = Field(default=None, max_length=500)
    """Stored and shown, never applied, as in the stock scheduler."""
    timeout_seconds: Annotated[int, Field(ge=1)] | None = None
    """Longest run time of an attempt [s]; the operator sets a default and a limit."""
    max_retries: Annotated[int, Field(ge=0)] | None = None
    """New attempts after a failure of the notebook itself; the operator sets a limit. None if nothing is said."""
    retry_on_timeout: bool | None = None
    """Whether running out of time counts as such a failure."""
    min_retry_interval_millis: Annotated[int, Field(ge=0, le=86_400_000)] | None = None
    """Shortest wait before such an attempt [ms]."""

    @field_validator("runtime_environment_parameters")
    @classmethod
    def _numbers_can_be_kept(cls, value: dict[str, Any] | None) -> dict[str, Any] | None:
        for name, each in (value or {}).items():
            if isinstance(each, (int, float)) and each and not _SMALLEST < abs(each) < _LARGEST:
                raise ValueError(f"{name!r} is not a number that can be kept; send it as a text")
        return value

    def named_job_fields(self) -> dict[str, Any]:
        """Give those that were named, as fields of `JobRequest`."""
        seconds, millis = self.timeout_seconds, self.min_retry_interval_millis
        fields = {
            "runtime_environment_parameters": self.runtime_environment_parameters,
            "compute_type": self.compute_type,
            "output_formats": None if self.output_formats is None else tuple(self.output_formats),
            "parameters": self.parameters,
            "tags": None if self.tags is None else tuple(self.tags),
            "output_filename_template": self.output_filename_template,
            "timeout": None if seconds is None else timedelta(seconds=seconds),
            "max_retries": self.max_retries,
            "retry_on_timeout": self.retry_on_timeout,
            "min_retry_interval": None if millis is None else timedelta(milliseconds=millis),
        }
        return {name: value for name, value in fields.items() if value is not None}


class CreateJobBody(JobOptionsBody):
    """`POST /scheduler/jobs`: the stock CreateJob, with an upload for an input."""

    # `input_filename` is required too: it has a default only so that the message about its absence is the model's own.
    model_config = ConfigDict(
        json_schema_extra={"required": ["name", "input_uri", "input_filename", "runtime_environment_name"]}
    )

    name: Name
    """What to call it; several may have the same name."""
    input_uri: Annotated[str, Field(json_schema_extra={"pattern": UPLOAD_PATTERN})]
    """`upload:<id>` of a snapshot that was uploaded: see `POST /scheduler/uploads`."""
    input_filename: Filename | SkipJsonSchema[None] = None
    """The notebook's name, with `.ipynb`; in a zip of its folder it is at the root."""
    input_path: InputPath | None = None
    """Where the notebook lies in its user's workspace: a relative path with `/`. Kept and given back, never followed."""
    runtime_environment_name: str
    """The environment to run in: see `GET /scheduler/runtime_environments`."""
    idempotency_token: Token | None = None
    """The same request with the same token gives the same job, for a week; another request with it is refused with 409."""
    package_input_folder: bool | None = None
    """Whether the upload is a zip of the notebook's folder."""

    @model_validator(mode="after")
    def _names_its_notebook(self) -> Self:
        if self.input_filename is None:
            raise ValueError("input_filename: name the notebook that was uploaded")
        if PurePosixPath(self.input_filename).suffix.lower() != ".ipynb":
            raise ValueError(f"input_filename: {self.input_filename!r} is not a notebook (.ipynb)")
        return self

    def to_request(self) -> JobRequest:
        """Give it to the service."""
        return JobRequest(
            name=self.name,
            input_uri=self.input_uri,
            input_filename=self.input_filename or "",
            input_path=self.input_path,
            runtime_environment_name=self.runtime_environment_name,
            idempotency_token=self.idempotency_token,
            package_input_folder=self.package_input_folder or False,
            **self.named_job_fields(),
        )


class UpdateJobBody(Body):
    """`PATCH /scheduler/jobs/{job_id}`: stop it, or change its name or compute type."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1})

    status: Literal["STOPPED"] | None = None
    """Stops the job; no other status can be asked for."""
    name: Name | None = None
    """Its new name."""
    compute_type: str | None = None
    """Its new size, while it waits."""


class UpdateOwnerBody(Body):
    """`PATCH /scheduler/owners/{owner_id}`: disable or enable an owner."""

    disabled: bool
    """Whether the owner is to be disabled."""
    reason: Annotated[str, StringConstraints(max_length=LONGEST_REASON)] | None = None
    """Why it is disabled; people who are refused read it."""
