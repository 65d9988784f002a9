"""A job: one run of one notebook, with its own copy of the input."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from chalicelib.domain.authorization.actor import Actor
from chalicelib.domain.identifiers import RunId, input_key
from chalicelib.domain.outcome import Outcome

__all__ = ["Heartbeat", "Job", "JobSpec", "JobStatus", "LiveJob", "Phase", "PhaseCode", "WaitingJob", "stop_message"]


class JobStatus(StrEnum):
    """The stock scheduler's states, as they go over the wire."""

    CREATED = "CREATED"
    QUEUED = "QUEUED"
    IN_PROGRESS = "IN_PROGRESS"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    STOPPING = "STOPPING"
    STOPPED = "STOPPED"

    @property
    def is_terminal(self) -> bool:
        """Whether a job in this state stays in it."""
        return self in (JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.STOPPED)

    @property
    def is_live(self) -> bool:
        """Whether an attempt is under way: it has, or is getting, a container."""
        return self in (JobStatus.QUEUED, JobStatus.IN_PROGRESS, JobStatus.STOPPING)


class PhaseCode(StrEnum):
    """Where in its life a job is, finer than its status."""

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
    """A phase, with what can be said of it."""

    code: PhaseCode
    message: str = ""
    cell: int | None = None
    """The code cell that runs, counted from 1."""
    cells: int | None = None
    """Number of code cells."""


@dataclass(frozen=True)
class JobSpec:
    """What was asked for: fixed when the job is created (but for the compute type, while it waits)."""

    runtime_environment_name: str
    compute_type: str
    output_formats: tuple[str, ...]
    timeout: timedelta
    """Longest run time; a runner and the sweep both hold it."""
    parameters: Mapping[str, str] = field(default_factory=dict)
    """Strings on the wire; the runner types them."""
    runtime_environment_parameters: Mapping[str, str | int | float | bool] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    output_filename_template: str | None = None
    idempotency_token: str | None = None
    package_input_folder: bool = False
    max_retries: int = 0
    """New attempts after a failure of the notebook itself."""
    retry_on_timeout: bool = False
    min_retry_interval: timedelta = timedelta(0)
    owner_principals: tuple[str, ...] = ()
    """Everything that an operator may write to mean the owner (`Principal.names`), to check the environment's users again later."""
    input_path: str | None = None
    """Where the notebook is in its user's own workspace, for clients; it decides nothing here."""
    retention: timedelta | None = None
    """How long it is kept after it ends, where its definition says so; else the operator's retention."""


@dataclass(frozen=True)
class Job:
    """A job as it is stored."""

    owner_id: str
    job_id: str
    name: str
    input_filename: str
    status: JobStatus
    spec: JobSpec
    create_time: datetime
    update_time: datetime
    input_size_bytes: int = 0
    """Size of its copy of the snapshot."""
    upload_id: str | None = None
    """The upload that it was made of, which is removed with it; None for a job of a definition."""
    attempt: int = 0
    """Numbered from 1; 0 until dispatch has claimed it a slot."""
    launch: int = 0
    """Which launch of the attempt is the current one."""
    start_time: datetime | None = None
    end_time: datetime | None = None
    phase: Phase | None = None
    outcome: Outcome | None = None
    job_definition_id: str | None = None
    not_before: datetime | None = None
    """While it waits: not claimed before this."""
    waiting_since: datetime | None = None
    """When it first had a slot but no capacity for it; None while nothing but a slot is missing."""
    deadline: datetime | None = None
    """When the sweep looks at it; None only while no task of its can be running. A job that has ended, or that waits for a retry,
    keeps one until its last task is known to have stopped."""
    launch_code: str | None = field(default=None, repr=False)
    """What the attempt's container proves itself with, besides the runner key; random, made by the claim."""
    task_arn: str | None = None
    instance_id: str | None = None
    """The runner instance that the attempt is bound to."""
    stopped_by: Actor | None = None
    """Who asked for it to be stopped."""
    notebook_retries: int = 0
    infrastructure_retries: int = 0
    expires_at: datetime | None = None
    """When retention deletes it."""

    @property
    def is_watched(self) -> bool:
        """Whether a task of its may be running: it then holds a slot, whatever its status, and cannot be claimed."""
        return self.deadline is not None

    @property
    def run_id(self) -> RunId:
        """The address of its current attempt."""
        return RunId(self.owner_id, self.job_id, self.attempt)

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
class LiveJob:
    """A row of the index of live jobs: one that holds a slot, because a task of its may be running."""

    owner_id: str
    job_id: str
    status: JobStatus
    job_definition_id: str | None
    task_arn: str | None


@dataclass(frozen=True)
class Heartbeat:
    """The last sign of life of a run."""

    attempt: int
    time: datetime
    phase: Phase


def stop_message(owner_id: str, stopped_by: Actor | None) -> str:
    """Say that a job was stopped on request, and by whom if it was not its owner."""
    if stopped_by is None or stopped_by.owner_id == owner_id:
        return "Stopped on request."
    return f"Stopped by {stopped_by.arn}, an admin."
