"""What the service says of jobs, typed. Times are aware datetimes in UTC; durations are `timedelta`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Final, Self

__all__ = ["Actor", "Job", "JobPage", "JobStatus", "Outcome", "Phase", "read_time"]

Document = Mapping[str, Any]
"""A JSON object."""


def read_time(millis: int | None) -> datetime | None:
    """Read the API's form of an instant [ms]."""
    return None if millis is None else datetime.fromtimestamp(millis / 1000, UTC)


class JobStatus(StrEnum):
    """Where a job is in its life."""

    CREATED = "CREATED"
    """Waits for a place."""
    QUEUED = "QUEUED"
    """Its container is being started."""
    IN_PROGRESS = "IN_PROGRESS"
    """Its notebook runs."""
    COMPLETED = "COMPLETED"
    """Every cell ran."""
    FAILED = "FAILED"
    """It ended otherwise; the outcome says how."""
    STOPPING = "STOPPING"
    """A person stopped it; it is saving what there is."""
    STOPPED = "STOPPED"
    """A person stopped it."""


ENDED: Final = frozenset({JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.STOPPED})
"""States that a job does not leave."""


@dataclass(frozen=True, kw_only=True)
class Phase:
    """What a job is doing, more exactly than its status says."""

    code: str
    """waiting, launching, provisioning, starting_kernel, running, converting, uploading or ended."""
    message: str
    """What can be said of it besides, for a person; may be empty."""
    cell: int | None = None
    """Code cell that runs, counted from 1."""
    cells: int | None = None
    """Number of code cells."""

    @classmethod
    def from_document(cls, document: Document) -> Self:
        """Read the API's form."""
        return cls(
            code=document["code"],
            message=document.get("message") or "",
            cell=document.get("cell"),
            cells=document.get("cells"),
        )


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """Why a job ended."""

    code: str
    """What a program can compare."""
    title: str
    """A few words for a person."""
    message: str
    """What happened and what to do; may have several lines."""
    retryable: bool
    """Whether the same job might succeed if it ran again."""

    @classmethod
    def from_document(cls, document: Document) -> Self:
        """Read the API's form."""
        return cls(
            code=document["code"],
            title=document["title"],
            message=document.get("message") or "",
            retryable=bool(document.get("retryable")),
        )


@dataclass(frozen=True, kw_only=True)
class Actor:
    """Somebody who did something."""

    owner_id: str
    arn: str
    """Who AWS says they are."""
    time: datetime

    @classmethod
    def from_document(cls, document: Document) -> Self:
        """Read the API's form."""
        time = datetime.fromtimestamp(document["time"] / 1000, UTC)
        return cls(owner_id=document["owner_id"], arn=document["arn"], time=time)


@dataclass(frozen=True, kw_only=True)
class Job:
    """One run of one notebook."""

    job_id: str
    name: str
    status: str
    """A `JobStatus`, or one that a newer service invented."""
    input_filename: str
    """Name of the notebook."""
    input_path: str | None
    """Where it is in its user's own workspace, with `/`, as whoever uploaded it said; None if they did not."""
    package_input_folder: bool
    """Whether the notebook's folder went with it."""
    environment: str
    compute_type: str | None
    output_formats: tuple[str, ...]
    parameters: Mapping[str, str]
    """As they travel: Python literals, or text that is none."""
    tags: tuple[str, ...]
    job_definition_id: str | None
    create_time: datetime
    update_time: datetime
    start_time: datetime | None
    end_time: datetime | None
    phase: Phase | None
    outcome: Outcome | None
    status_message: str | None
    stopped_by: Actor | None
    """Who stopped it; None if nobody did."""
    attempt: int
    """Try that runs or ran last, counted from 1; 0 before the first."""
    max_retries: int | None
    timeout: timedelta | None
    """Maximum run time of an attempt."""
    document: Document = field(repr=False, compare=False)
    """All of it as the API gave it."""

    @property
    def is_ended(self) -> bool:
        """Whether the job will not change any more."""
        return self.status in ENDED

    @property
    def is_completed(self) -> bool:
        """Whether every cell ran."""
        return self.status == JobStatus.COMPLETED

    @classmethod
    def from_document(cls, document: Document) -> Self:
        """Read the API's form (`DescribeJob`, whole or as a row of a list)."""
        phase, outcome, timeout = document.get("phase"), document.get("outcome"), document.get("timeout_seconds")
        return cls(
            job_id=document["job_id"],
            name=document["name"],
            status=document["status"],
            input_filename=document["input_filename"],
            input_path=document.get("input_path"),
            package_input_folder=bool(document.get("package_input_folder")),
            environment=document["runtime_environment_name"],
            compute_type=document.get("compute_type"),
            output_formats=tuple(document.get("output_formats") or ()),
            parameters=document.get("parameters") or {},
            tags=tuple(document.get("tags") or ()),
            job_definition_id=document.get("job_definition_id"),
            create_time=datetime.fromtimestamp(document["create_time"] / 1000, UTC),
            update_time=datetime.fromtimestamp(document["update_time"] / 1000, UTC),
            start_time=read_time(document.get("start_time")),
            end_time=read_time(document.get("end_time")),
            phase=Phase.from_document(phase) if phase else None,
            outcome=Outcome.from_document(outcome) if outcome else None,
            status_message=document.get("status_message"),
            stopped_by=Actor.from_document(stopped_by) if (stopped_by := document.get("stopped_by")) else None,
            attempt=document.get("attempt") or 0,
            max_retries=document.get("max_retries"),
            timeout=timedelta(seconds=timeout) if timeout else None,
            document=document,
        )


@dataclass(frozen=True, kw_only=True)
class JobPage:
    """A part of a list of jobs."""

    jobs: tuple[Job, ...]
    next_token: str | None
    """Asks for the next part; None at the end. A page may be short, even empty, and still have one."""

    @classmethod
    def from_document(cls, document: Document) -> Self:
        """Read the API's form."""
        return cls(
            jobs=tuple(Job.from_document(each) for each in document["jobs"]), next_token=document.get("next_token")
        )
