"""A job: one run of one notebook, with its own copy of the input."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from chalicelib.domain.attempt import Attempt
from chalicelib.domain.attempt_result import JobWarning
from chalicelib.domain.authorization.actor import Actor
from chalicelib.domain.identifiers import RunId, input_key
from chalicelib.domain.outcome import Outcome
from chalicelib.domain.serialization import DAYS, MILLIS, SECONDS

__all__ = [
    "Heartbeat",
    "Job",
    "JobOptions",
    "JobSpec",
    "JobStatus",
    "LiveJob",
    "Phase",
    "PhaseCode",
    "WaitingJob",
    "WaitingQueue",
    "option_values",
    "stop_message",
]


class JobStatus(StrEnum):
    """The stock scheduler's states, as the API returns them."""

    CREATED = "CREATED"
    QUEUED = "QUEUED"
    IN_PROGRESS = "IN_PROGRESS"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    STOPPING = "STOPPING"
    STOPPED = "STOPPED"

    @property
    def is_terminal(self) -> bool:
        """Whether this state is final."""
        return self in (JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.STOPPED)

    @property
    def is_live(self) -> bool:
        """Whether an attempt is in progress: it has a container, or is getting one."""
        return self in (JobStatus.QUEUED, JobStatus.IN_PROGRESS, JobStatus.STOPPING)


class PhaseCode(StrEnum):
    """The step that a job is at, in more detail than its status."""

    WAITING = "waiting"
    LAUNCHING = "launching"
    PROVISIONING = "provisioning"
    STARTING_KERNEL = "starting_kernel"
    RUNNING = "running"
    CONVERTING = "converting"
    UPLOADING = "uploading"
    ENDED = "ended"


@dataclass(frozen=True)
class Phase:
    """A phase, with its details."""

    code: PhaseCode
    message: str = ""
    cell: int | None = None
    """The code cell that runs, numbered from 1."""
    cells: int | None = None
    """Number of code cells."""


@dataclass(frozen=True, kw_only=True)
class JobOptions:
    """What a request chooses for a job and the job keeps: a request, a job and a definition have these fields."""

    runtime_environment_name: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    """Text; the runner converts it to Python values."""
    runtime_environment_parameters: Mapping[str, str | int | float | bool] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    notify: tuple[str, ...] = ()
    """Who is told, and when: subscriptions (`notifications/subscription.py`)."""
    output_filename_template: str | None = None
    package_input_folder: bool = False
    max_retries: int = 0
    """New attempts after a failure of the notebook itself."""
    retry_on_timeout: bool = False
    min_retry_interval: timedelta = field(default=timedelta(0), metadata=MILLIS)
    input_path: str | None = None
    """Path of the notebook in its user's workspace, for clients; the service does not use it."""


@dataclass(frozen=True, kw_only=True)
class JobSpec(JobOptions):
    """What a job runs with. It is fixed when the job is created, except for the compute type, which can change while the job waits."""

    compute_type: str
    output_formats: tuple[str, ...]
    timeout: timedelta = field(metadata=SECONDS)
    """Longest run time of an attempt; both the runner and the sweep enforce it."""
    idempotency_token: str | None = None
    owner_principals: tuple[str, ...] = ()
    """Every name by which an operator can list the owner (`Principal.names`); later checks of the environment's users need them."""
    retention: timedelta | None = field(default=None, metadata=DAYS)
    """How long the job is kept after it ends, if its definition sets that; otherwise the operator's retention applies."""

    @property
    def owner_arn(self) -> str | None:
        """The first of the owner's names: the ARN of the user, session or role; None for a job of an earlier release."""
        return self.owner_principals[0] if self.owner_principals else None


@dataclass(frozen=True)
class Job:
    """A stored job."""

    owner_id: str
    job_id: str
    name: str
    input_filename: str
    status: JobStatus
    spec: JobSpec
    create_time: datetime
    update_time: datetime
    input_size_bytes: int = 0
    """Size of the job's copy of the snapshot."""
    upload_id: str | None = None
    """The upload that the job was created from, which is deleted with it; None for a job of a definition."""
    attempt: int = 0
    """Numbered from 1; 0 until dispatch claims a slot for the job."""
    launch: int = 0
    """Number of the attempt's current launch."""
    on_spot: bool | None = None
    """Whether the current launch uses Spot capacity; None before the first claim."""
    start_time: datetime | None = None
    """When the last attempt whose runner checked in began; limits use `run_start`."""
    end_time: datetime | None = None
    phase: Phase | None = None
    outcome: Outcome | None = None
    warnings: tuple[JobWarning, ...] = ()
    """What the last attempt's runner reported besides the outcome."""
    files_count: int | None = None
    """Number of files that the last attempt uploaded; None until its runner reports."""
    files_bytes: int | None = None
    """Their total size [bytes]."""
    past_attempts: tuple[Attempt, ...] = ()
    """The attempts before the current one, oldest first, their texts shortened."""
    attempts_left_out: int = 0
    """Number of past attempts that are not on record any more."""
    job_definition_id: str | None = None
    scheduled_time: datetime | None = None
    """The time that the job is for: the due time of a tick, else what the request says or when the job was created. The same in every
    attempt."""
    last_success: datetime | None = None
    """The scheduled time of the newest successful run of its definition when the job was created."""
    timezone: str | None = None
    """The zone of `scheduled_time` for people and templates: that of the definition; None for UTC."""
    not_before: datetime | None = None
    """While the job waits: dispatch does not claim it before this time."""
    waiting_since: datetime | None = None
    """When the job first had a slot but AWS had no capacity; None while the job waits only for a slot."""
    deadline: datetime | None = None
    """When the sweep checks the job; None only while none of its tasks can be running. A job that has ended, or that waits for a retry,
    has a deadline until its last task is known to have stopped."""
    launch_code: str | None = field(default=None, repr=False)
    """The random code, made by the claim, that the attempt's container proves its identity with, besides the runner key."""
    task_arn: str | None = None
    instance_id: str | None = None
    """The runner instance that the attempt is bound to."""
    stopped_by: Actor | None = None
    """Who stopped the job."""
    notebook_retries: int = 0
    infrastructure_retries: int = 0
    expires_at: datetime | None = None
    """When retention deletes the job."""

    @property
    def is_watched(self) -> bool:
        """Whether one of its tasks may be running. The job then holds a slot, whatever its status, and cannot be claimed."""
        return self.deadline is not None

    @property
    def run_id(self) -> RunId:
        """The id of the job's current attempt."""
        return RunId(self.owner_id, self.job_id, self.attempt)

    @property
    def run_start(self) -> datetime | None:
        """When the current attempt's runner checked in; None if it has not: `start_time` is of an earlier attempt then."""
        return self.start_time if self.instance_id is not None else None

    def waiting_time(self, now: datetime) -> timedelta:
        """Return for how long a waiting job could have run: since it may, or since AWS first had no capacity for it."""
        return now - (self.waiting_since or self.not_before or self.create_time)

    @property
    def input_key(self) -> str:
        """S3 key of its own copy of the snapshot."""
        return input_key(self.owner_id, self.job_id, packaged=self.spec.package_input_folder)


@dataclass(frozen=True)
class WaitingJob:
    """A row of the index of waiting jobs."""

    owner_id: str
    job_id: str
    not_before: datetime
    job_definition_id: str | None


@dataclass(frozen=True)
class WaitingQueue:
    """An owner's waiting jobs of one definition, or those without a definition."""

    owner_id: str
    job_definition_id: str | None
    jobs: Iterator[WaitingJob]
    """At least one, oldest first; read as they are needed."""


@dataclass(frozen=True)
class LiveJob:
    """A row of the index of live jobs: a job that holds a slot because one of its tasks may be running."""

    owner_id: str
    job_id: str
    status: JobStatus
    job_definition_id: str | None
    task_arn: str | None


@dataclass(frozen=True)
class Heartbeat:
    """The last heartbeat of a run."""

    attempt: int
    time: datetime
    phase: Phase
    connected_since: datetime | None = None
    """Since when the service has answered every heartbeat of this run; None from a runner that does not say."""


def option_values(options: JobOptions) -> dict[str, Any]:
    """Return the fields that requests, jobs and definitions share, as arguments for another of these classes."""
    return {each.name: getattr(options, each.name) for each in fields(JobOptions)}


def stop_message(owner_id: str, stopped_by: Actor | None) -> str:
    """Return the message of a job that was stopped on request. It names who stopped the job, unless the owner did."""
    if stopped_by is None or stopped_by.owner_id == owner_id:
        return "Stopped on request."
    return f"Stopped by {stopped_by.arn}, an admin."
