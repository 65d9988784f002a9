"""Models of jobs. Times are aware datetimes in UTC; durations are `timedelta`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated

from jupyter_scheduler_aws.api.documents import Document, Model, Wire
from jupyter_scheduler_aws.enums import FINAL_STATUSES, JobStatus

__all__ = [
    "Actor",
    "Attempt",
    "AttemptHistory",
    "Cost",
    "Job",
    "JobPage",
    "JobStatus",
    "JobWarning",
    "NotebookOptions",
    "Outcome",
    "Phase",
    "UnfinishedJobs",
]


@dataclass(frozen=True, kw_only=True)
class Phase(Model):
    """What a job is doing, in more detail than its status."""

    code: str
    """waiting, launching, provisioning, starting_kernel, running, converting, uploading or ended."""
    message: str = ""
    """More about it, for a person; may be empty."""
    cell: int | None = None
    """Code cell that is running, counted from 1."""
    cells: int | None = None
    """Number of code cells."""


@dataclass(frozen=True, kw_only=True)
class Outcome(Model):
    """Why a job ended."""

    code: str
    """For programs to compare."""
    title: str
    """A few words for a person."""
    message: str = ""
    """What happened and what to do; may have several lines."""
    retryable: bool = False
    """Whether the same job might succeed if it ran again."""
    cell: int | None = None
    """Code cell in which the attempt ended, counted from 1."""
    error_name: str | None = None
    """Class of the exception that a cell raised."""


@dataclass(frozen=True, kw_only=True)
class JobWarning(Model):
    """Something to know although it did not decide how the job ended."""

    code: str
    """For programs to compare."""
    message: str
    """What happened and what to do."""
    names: tuple[str, ...] = ()
    """What it concerns, such as files; the first ones, if there are many."""
    count: int = 0
    """How many it concerns; 0 if it does not concern things that can be counted."""


@dataclass(frozen=True, kw_only=True)
class Cost(Model):
    """What ended attempts have used, and an estimate of its price: from check-in to end, without the start."""

    vcpu_seconds: int
    gib_seconds: int
    estimate: float
    """In `currency`, computed from the operator's price table; not a bill."""
    currency: str
    """Three letters of ISO 4217."""
    prices_as_of: str
    """When the operator looked up the prices."""


@dataclass(frozen=True, kw_only=True)
class Actor(Model):
    """The person who did something, and when."""

    owner_id: str
    arn: str
    """Their identity, as AWS verified it."""
    time: datetime


@dataclass(frozen=True, kw_only=True)
class NotebookOptions(Model):
    """The fields that jobs and definitions share."""

    name: str
    input_filename: str
    """Name of the notebook."""
    input_path: str | None = None
    """Path of the notebook in its user's workspace, with `/`, as stated at the upload; None if it was not stated."""
    package_input_folder: bool = False
    """Whether the snapshot has the notebook's folder."""
    environment: Annotated[str, Wire("runtime_environment_name")]
    compute_type: str | None = None
    output_formats: tuple[str, ...] = ()
    parameters: Mapping[str, str] = field(default_factory=dict)
    """As sent: Python literals, or text that is not one."""
    tags: tuple[str, ...] = ()
    notify: tuple[str, ...] = ()
    """Who is told, and when: `[WHEN:]CHANNEL[:ADDRESS]`."""
    create_time: datetime
    update_time: datetime
    max_retries: int | None = None
    """How often a failed notebook is retried."""
    retry_on_timeout: bool = False
    """Whether a run that reached its maximum run time counts as failed."""
    min_retry_interval: Annotated[
        timedelta, Wire("min_retry_interval_millis", lambda millis: timedelta(milliseconds=millis))
    ] = timedelta()
    """Minimum wait before such a retry."""
    timeout: Annotated[timedelta | None, Wire("timeout_seconds")] = None
    """Maximum run time of an attempt."""
    document: Document = field(repr=False, compare=False)
    """The whole document from the API."""


@dataclass(frozen=True, kw_only=True)
class Job(NotebookOptions):
    """One run of one notebook."""

    job_id: str
    status: str
    """A `JobStatus`, or a value that a newer service added."""
    job_definition_id: str | None = None
    scheduled_time: datetime | None = None
    """The time that the job is for, the same in every attempt: the due time of a definition, else what was requested or when it was created."""
    last_success: datetime | None = None
    """The scheduled time of the newest successful run of the definition when the job was created; None if there was none."""
    timezone: str | None = None
    """The zone in which templates of parameters show that time: that of the definition; None for UTC."""
    start_time: datetime | None = None
    end_time: datetime | None = None
    phase: Phase | None = None
    outcome: Outcome | None = None
    warnings: tuple[JobWarning, ...] = ()
    files_count: int | None = None
    """Number of files that the last attempt uploaded; None until it ends."""
    files_bytes: int | None = None
    """Their total size."""
    status_message: str | None = None
    stopped_by: Actor | None = None
    """Who stopped it; None if nobody did."""
    cost: Cost | None = None
    """The cost of its attempts that have ended; None until one has."""
    attempt: int = 0
    """Attempt that is running or ran last, counted from 1; 0 before the first. `Client.attempts` returns all of them."""
    on_spot: bool | None = None
    """Whether that attempt was launched on Spot capacity; None before the first."""

    @property
    def is_ended(self) -> bool:
        """Whether the job has ended, so that its status no longer changes."""
        return self.status in FINAL_STATUSES

    @property
    def is_completed(self) -> bool:
        """Whether every cell ran."""
        return self.status == JobStatus.COMPLETED


@dataclass(frozen=True, kw_only=True)
class Attempt(Model):
    """One try of a job. The texts of past attempts are shortened."""

    number: Annotated[int, Wire("attempt")]
    """Counted from 1. Numbers can be missing: a launch for which AWS had no capacity is no attempt."""
    compute_type: str
    on_spot: bool | None = None
    """Whether it was launched on Spot capacity; None if an older service launched it."""
    start_time: datetime | None = None
    """When its runner started; None if it never did."""
    end_time: datetime | None = None
    outcome: Outcome | None = None
    """Why it ended; None while it runs."""
    warnings: tuple[JobWarning, ...] = ()
    files_count: int | None = None
    """Number of files that it reported as uploaded; None if it did not report. There may be files nevertheless."""
    files_bytes: int | None = None
    """Their total size."""
    cost: Cost | None = None
    """Its cost; None while it runs."""


@dataclass(frozen=True, kw_only=True)
class AttemptHistory(Model):
    """The attempts of a job."""

    attempts: tuple[Attempt, ...]
    """Oldest first; of very many, the first two and the last ones."""
    attempts_left_out: int = 0
    """Number of attempts that are not on record any more."""
    document: Document = field(repr=False, compare=False)
    """The whole document from the API."""


@dataclass(frozen=True, kw_only=True)
class JobPage(Model):
    """One page of a list of jobs."""

    jobs: tuple[Job, ...]
    next_token: str | None = None
    """Requests the next page; None at the end. A page can be short, even empty, and still have one."""


@dataclass(frozen=True, kw_only=True)
class UnfinishedJobs(Model):
    """Jobs that have not ended."""

    jobs: tuple[Job, ...]
    """Newest first."""
    has_more: bool
    """Whether there are more."""
