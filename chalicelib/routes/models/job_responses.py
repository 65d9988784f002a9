"""What answers hold, field by field: the builders beside it make them, and `openapi` describes them.

The text below a field is its description in the OpenAPI document; it is read in this source, and costs nothing at run time.
"""

# `typing`'s own TypedDict keeps too little before Python 3.12 for pydantic to make schemas of it.
from typing import NotRequired

from typing_extensions import TypedDict

from chalicelib.domain.job import JobStatus, PhaseCode

__all__ = [
    "ActorResponse",
    "FilePageResponse",
    "FileResponse",
    "JobCountResponse",
    "JobFileResponse",
    "JobIdResponse",
    "JobPageResponse",
    "JobResponse",
    "JobRow",
    "LogEventResponse",
    "LogPageResponse",
    "OutcomeResponse",
    "PhaseResponse",
    "Row",
    "SpecResponse",
    "UploadResponse",
]


class Row(TypedDict):
    """Something in a list: fields that would be null are left out."""


class SpecResponse(TypedDict):
    """What jobs and definitions have in common."""

    runtime_environment_name: str
    """The environment that it runs in."""
    runtime_environment_parameters: dict[str, str | int | float | bool] | None
    """Options of the environment, as they were sent."""
    compute_type: str
    """The size of the container, by its name in the environment."""
    output_formats: list[str]
    """Formats that the executed notebook is converted to."""
    parameters: dict[str, str] | None
    """Values for the cell tagged `parameters`, as texts."""
    tags: list[str] | None
    """Labels to find it by."""
    output_filename_template: str
    """Stored and shown, never applied, as in the stock scheduler."""
    package_input_folder: bool
    """Whether the snapshot is a zip of the notebook's folder."""
    timeout_seconds: int
    """Longest run time of an attempt [s]."""
    max_retries: int
    """New attempts after a failure of the notebook itself."""
    retry_on_timeout: bool
    """Whether running out of time counts as such a failure."""
    min_retry_interval_millis: int
    """Shortest wait before such an attempt [ms]."""
    input_path: str | None
    """Where its notebook lay in its user's workspace, as the request said; null where it did not."""


class JobFileResponse(TypedDict):
    """A link that the panel shows for a job: the stock JobFile."""

    display_name: str
    """Text of the link."""
    file_format: str
    """An output format, `input`, or `files` for the folder of everything else."""
    file_path: str | None
    """Always null here: where a file is on a Jupyter server, only that server knows."""


class PhaseResponse(TypedDict):
    """Where in its life a job is, finer than its status."""

    code: PhaseCode
    """The phase, for programs."""
    message: str
    """The phase, for people; may be empty."""
    cell: int | None
    """The code cell that runs, counted from 1."""
    cells: int | None
    """Number of code cells."""


class OutcomeResponse(TypedDict):
    """Why a job ended."""

    code: str
    """The outcome, for programs: docs/troubleshooting.md lists them."""
    title: str
    """The outcome in a few words."""
    message: str
    """What happened and what to do."""
    retryable: bool
    """Whether the scheduler tries such a job again by itself."""


class ActorResponse(TypedDict):
    """Somebody who did something."""

    owner_id: str
    """Whose jobs theirs are."""
    arn: str
    """The identity that AWS has verified."""
    time: int
    """When they did it [ms UTC]."""


class JobResponse(SpecResponse):
    """A job: the stock DescribeJob, and what it cannot say beside it."""

    job_id: str
    """UUID; ids sort by creation time."""
    name: str
    """The job's name; several may have the same."""
    input_filename: str
    """The notebook's name."""
    status: JobStatus
    """Where in its life it is, in the stock scheduler's terms."""
    status_message: str | None
    """The outcome's message after a failure; the panel shows it as an alert."""
    url: str
    """Path of the job below `/scheduler`."""
    create_time: int
    """When it was created [ms UTC]."""
    update_time: int
    """When it last changed [ms UTC]."""
    start_time: int | None
    """When its current attempt began to run [ms UTC]."""
    end_time: int | None
    """When it ended [ms UTC]."""
    idempotency_token: str | None
    """The token that it was created with."""
    job_definition_id: str | None
    """The definition that it was made of."""
    packaged_files: list[str]
    """Always empty here: `download_files` lists what a run made."""
    downloaded: bool
    """Always false here: whether files are on a Jupyter server, only that server knows."""
    job_files: list[JobFileResponse]
    """The links that the panel shows."""
    owner_id: str
    """Whose job it is."""
    attempt: int
    """The current try, numbered from 1; 0 until it first has a slot."""
    phase: PhaseResponse | None
    """Where in its life it is, finer than `status`."""
    outcome: OutcomeResponse | None
    """Why it ended; null before."""
    stopped_by: ActorResponse | None
    """Who stopped it; null if nobody did."""


class JobRow(JobResponse, Row):
    """A job in a list: fields that would be null are left out."""


class JobPageResponse(TypedDict):
    """A page of jobs: the stock ListJobsResponse."""

    jobs: list[JobRow]
    """The jobs, in the order that was asked for."""
    total_count: int
    """Number of all jobs that match; -1 (unknown) until the last page."""
    next_token: NotRequired[str]
    """Asks for the next page, with the same sorting and filters; absent on the last."""


class JobIdResponse(TypedDict):
    """Which job was made."""

    job_id: str
    """UUID of the job."""


class JobCountResponse(TypedDict):
    """How many jobs there are."""

    count: int
    """Number of jobs in the state that was asked for."""


class UploadResponse(TypedDict):
    """A form to upload one snapshot with: send the fields, then the file as `file`, as `multipart/form-data`."""

    upload_id: str
    """The upload, by a random id."""
    input_uri: str
    """What to send as `input_uri` once the file is there: `upload:<id>`."""
    url: str
    """Where to POST the form; it needs no signature."""
    fields: dict[str, str]
    """Form fields to send before the file."""
    max_bytes: int
    """Largest file that is taken [bytes]."""
    max_notebook_bytes: int | None
    """Largest notebook in a zip [bytes]; null for a notebook alone."""
    max_unpacked_bytes: int | None
    """Largest sum of what is in a zip [bytes]; null for a notebook alone."""
    max_unpacked_files: int | None
    """Most files and empty folders in a zip; null for a notebook alone."""
    expires_at: int
    """When the form expires [ms UTC]."""


class FileResponse(TypedDict):
    """A file of a job."""

    file_format: str
    """An output format, `files` for everything else that the run made, or `input`."""
    display_name: str
    """What to call it."""
    path: str
    """Relative to the folder of its format, with `/`."""
    size_bytes: int
    """Size [bytes]."""
    url: str
    """Where to GET it; it needs no signature, and expires."""


class FilePageResponse(TypedDict):
    """Some files of a job."""

    files: list[FileResponse]
    """The files of the last attempt; the first page begins with the input."""
    expires_in_seconds: int
    """How long the URLs work [s]."""
    next_token: NotRequired[str]
    """Asks for the next files; absent on the last page."""


class LogEventResponse(TypedDict):
    """A line that a container printed."""

    time: int
    """When it was printed [ms UTC]."""
    message: str
    """The line."""


class LogPageResponse(TypedDict):
    """Some lines of a job's log, oldest first."""

    events: list[LogEventResponse]
    """The lines, at most 1 MB."""
    next_token: NotRequired[str]
    """Reads on from here, also later; absent until there is a log."""
