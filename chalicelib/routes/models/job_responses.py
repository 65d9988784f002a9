"""Response models about jobs. `job_response_builders.py` builds the responses.

The text below a field is its description in the OpenAPI document. It is read from this source, so it costs nothing at run time.
"""

# pydantic needs this TypedDict before Python 3.12; the one in `typing` keeps too little for a schema.
from typing import NotRequired

from typing_extensions import TypedDict

from chalicelib.domain.job import JobStatus, PhaseCode

__all__ = [
    "ActorResponse",
    "AttemptListResponse",
    "AttemptResponse",
    "CostResponse",
    "JobCountResponse",
    "JobFileResponse",
    "JobIdResponse",
    "JobPageResponse",
    "JobResponse",
    "JobRow",
    "OutcomeResponse",
    "PhaseResponse",
    "Row",
    "SpecResponse",
    "UnfinishedJobsResponse",
    "WarningResponse",
]


class Row(TypedDict):
    """An entry of a list. Fields that would be null are left out."""


class SpecResponse(TypedDict):
    """The fields that jobs and definitions share."""

    runtime_environment_name: str
    """The environment that the notebook runs in."""
    runtime_environment_parameters: dict[str, str | int | float | bool] | None
    """Options of the environment, as they were sent."""
    compute_type: str
    """Name of the container's size."""
    output_formats: list[str]
    """Formats that the executed notebook is converted to."""
    parameters: dict[str, str] | None
    """Values for the cell tagged `parameters`, as text."""
    tags: list[str] | None
    """Labels to search for."""
    notify: list[str] | None
    """Who is told, and when: `[WHEN:]CHANNEL[:ADDRESS]`."""
    output_filename_template: str
    """Stored and returned, but not used, as in the stock scheduler."""
    package_input_folder: bool
    """Whether the snapshot is a zip of the notebook's folder."""
    timeout_seconds: int
    """Longest run time of an attempt [s]."""
    max_retries: int
    """New attempts after a failure of the notebook itself."""
    retry_on_timeout: bool
    """Whether a timeout counts as such a failure."""
    min_retry_interval_millis: int
    """Shortest wait before such a new attempt [ms]."""
    input_path: str | None
    """Path of the notebook in its user's workspace, as the request named it; null if it did not."""


class JobFileResponse(TypedDict):
    """A link that the panel shows for a job: the stock JobFile."""

    display_name: str
    """Text of the link."""
    file_format: str
    """An output format, `input`, or `files` for the folder of all other files."""
    file_path: str | None
    """Always null in this service: only the Jupyter server knows its own paths."""


class PhaseResponse(TypedDict):
    """The step that a job is at, in more detail than its status."""

    code: PhaseCode
    """The phase, for programs."""
    message: str
    """The phase, for people; can be empty."""
    cell: int | None
    """The code cell that runs, numbered from 1."""
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
    """Whether the scheduler retries such a job automatically."""
    cell: int | None
    """The code cell in which the attempt ended, numbered from 1."""
    error_name: str | None
    """The class of the exception that a cell raised."""


class WarningResponse(TypedDict):
    """Something to know although it did not decide how the job ended."""

    code: str
    """The warning, for programs: docs/troubleshooting.md lists the codes."""
    message: str
    """What happened and what to do."""
    names: list[str]
    """What it concerns, such as files; the first ones, if there are many."""
    count: int
    """How many it concerns; 0 if it does not concern things that can be counted."""


class CostResponse(TypedDict):
    """What ended attempts have used, and an estimate of its price: from check-in to end, at least a minute each, without the start."""

    vcpu_seconds: int
    """vCPUs times their time [s]."""
    gib_seconds: int
    """GiB of memory times their time [s]."""
    estimate: float
    """The price in `currency`, computed from the operator's price table; not a bill."""
    currency: str
    """Three letters of ISO 4217."""
    prices_as_of: str
    """When the operator looked up the prices."""


class ActorResponse(TypedDict):
    """Who did something, and when."""

    owner_id: str
    """The owner id of this person or role."""
    arn: str
    """The identity that AWS verified."""
    time: int
    """When it happened [ms UTC]."""


class JobResponse(SpecResponse):
    """A job: the stock DescribeJob, with additional fields."""

    job_id: str
    """UUID; ids sort by creation time."""
    name: str
    """Name of the job; several jobs can have the same name."""
    input_filename: str
    """Name of the notebook."""
    status: JobStatus
    """The state of the job, in the stock scheduler's terms."""
    status_message: str | None
    """The outcome's message after a failure; the panel shows it as an alert."""
    url: str
    """Path of the job below `/scheduler`."""
    create_time: int
    """When the job was created [ms UTC]."""
    update_time: int
    """When the job last changed [ms UTC]."""
    start_time: int | None
    """When the current attempt started to run [ms UTC]."""
    end_time: int | None
    """When the job ended [ms UTC]."""
    idempotency_token: str | None
    """The token of the request that created the job."""
    job_definition_id: str | None
    """The definition that created the job; null if a request did."""
    scheduled_time: int | None
    """The time that the job is for [ms UTC]: the due time of a definition, else what the request says or when the job was created. The
    same in every attempt."""
    last_success: int | None
    """The scheduled time of the newest successful run of the definition when the job was created [ms UTC]; null if there was none."""
    timezone: str | None
    """The zone of the definition, in which templates of parameters show that time; null for UTC."""
    packaged_files: list[str]
    """Always empty in this service: `download_files` lists the files of a run."""
    downloaded: bool
    """Always false in this service: only the Jupyter server knows whether it has the files."""
    job_files: list[JobFileResponse]
    """The links that the panel shows."""
    owner_id: str
    """The owner of the job."""
    attempt: int
    """The current attempt, numbered from 1; 0 until the job first has a slot. `attempts` lists them."""
    on_spot: bool | None
    """Whether the current attempt's container was launched on Spot capacity; null until the job first has a slot."""
    phase: PhaseResponse | None
    """The step that the job is at, in more detail than `status`."""
    outcome: OutcomeResponse | None
    """Why the job ended; null until then."""
    warnings: list[WarningResponse]
    """What the last attempt's runner reported besides."""
    files_count: int | None
    """Number of files that the last attempt uploaded; null until its runner reports."""
    files_bytes: int | None
    """Their total size [bytes]."""
    stopped_by: ActorResponse | None
    """Who stopped the job; null if nobody did."""
    cost: CostResponse | None
    """The cost of its attempts that have ended; null until one has."""


class JobRow(JobResponse, Row):
    """A job in a list. Fields that would be null are left out."""


class JobPageResponse(TypedDict):
    """A page of jobs: the stock ListJobsResponse."""

    jobs: list[JobRow]
    """The jobs, in the requested order."""
    total_count: int
    """Number of all matching jobs; -1 (unknown) if counting them would cost too much; known on the last page."""
    next_token: NotRequired[str]
    """Token for the next page, with the same order and filters; absent on the last page."""


class UnfinishedJobsResponse(TypedDict):
    """Jobs that have not ended."""

    jobs: list[JobRow]
    """The jobs, newest first."""
    has_more: bool
    """Whether there are more."""


class JobIdResponse(TypedDict):
    """The job that was created."""

    job_id: str
    """UUID of the job."""


class JobCountResponse(TypedDict):
    """A number of jobs."""

    count: int
    """Number of jobs with the requested status."""


class AttemptResponse(TypedDict):
    """One try of a job. The texts of past attempts are shortened."""

    attempt: int
    """Its number, from 1."""
    compute_type: str
    """Name of the container's size."""
    on_spot: bool | None
    """Whether its container was launched on Spot capacity; null if an earlier release launched it."""
    start_time: int | None
    """When its runner started [ms UTC]; null if it never did."""
    end_time: int | None
    """When it ended [ms UTC]; null while it runs."""
    outcome: OutcomeResponse | None
    """Why it ended; null while it runs."""
    warnings: list[WarningResponse]
    """What its runner reported besides; of past attempts, without names."""
    files_count: int | None
    """Number of files that its runner reported as uploaded; null if it did not report. There may be files nevertheless."""
    files_bytes: int | None
    """Their total size [bytes]."""
    cost: CostResponse | None
    """Its cost; null while it runs."""


class AttemptListResponse(TypedDict):
    """The attempts of a job."""

    attempts: list[AttemptResponse]
    """The attempts, oldest first; of very many, the first two and the last ones."""
    attempts_left_out: int
    """Number of attempts that are not on record any more."""
