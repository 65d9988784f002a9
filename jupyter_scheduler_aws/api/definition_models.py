"""What the service says of definitions, typed. Times are aware datetimes in UTC; durations are `timedelta`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Self

from jupyter_scheduler_aws.api.job_models import Actor, read_time

__all__ = ["Definition", "DefinitionPage", "Explanation", "LastRun", "OverlapPolicy", "Problem", "TakenOver"]

Document = Mapping[str, Any]
"""A JSON object."""


class OverlapPolicy(StrEnum):
    """What a due minute does while the definition's last scheduled job has not ended."""

    ALLOW = "allow"
    """It makes a job that runs beside it."""
    SKIP = "skip"
    """It makes none."""


@dataclass(frozen=True, kw_only=True)
class LastRun:
    """The last job that a definition's schedule made."""

    job_id: str
    due_time: datetime
    """When it was due; it may have run later."""

    @classmethod
    def from_document(cls, document: Document) -> Self:
        """Read the API's form."""
        return cls(job_id=document["job_id"], due_time=datetime.fromtimestamp(document["due_time"] / 1000, UTC))


@dataclass(frozen=True, kw_only=True)
class Problem:
    """Background work for a definition that fails; the service tries it again until it succeeds."""

    work: str
    """What fails: `schedules` (writing the schedule) or `ticks` (making due jobs), or something that a newer service does."""
    code: str
    """Why, for programs: `denied`, `quota`, `invalid`, `missing`, `busy`, `unavailable`,
    `owner_disabled` or `limit_reached`."""
    title: str
    """What fails, in a few words."""
    message: str
    """What fails, what AWS says, and what to do."""
    since: datetime
    """First failure."""
    attempts: int
    """Number of failures since then."""

    @classmethod
    def from_document(cls, document: Document) -> Self:
        """Read the API's form."""
        return cls(
            work=document["work"],
            code=document["code"],
            title=document["title"],
            message=document["message"],
            since=datetime.fromtimestamp(document["since"] / 1000, UTC),
            attempts=document["attempts"],
        )


@dataclass(frozen=True, kw_only=True)
class TakenOver:
    """That an admin has made a definition of their own of another."""

    by: Actor
    definition_id: str
    """The admin's definition."""

    @classmethod
    def from_document(cls, document: Document) -> Self:
        """Read the API's form."""
        return cls(by=Actor.from_document(document), definition_id=document["job_definition_id"])


@dataclass(frozen=True, kw_only=True)
class Definition:
    """A saved snapshot plus options, usually with a schedule."""

    definition_id: str
    name: str
    input_filename: str
    """Name of the notebook."""
    input_path: str | None
    """Where it is in its user's own workspace, with `/`, as whoever uploaded it said; None if they did not."""
    package_input_folder: bool
    """Whether the notebook's folder is in the snapshot."""
    environment: str
    compute_type: str | None
    output_formats: tuple[str, ...]
    parameters: Mapping[str, str]
    """As they travel: Python literals, or text that is none."""
    tags: tuple[str, ...]
    schedule: str | None
    """The crontab as it was typed; None if it runs only when told."""
    timezone: str | None
    """Name of the crontab's zone; None is UTC."""
    active: bool
    """False while it is paused."""
    create_time: datetime
    update_time: datetime
    next_run_time: datetime | None
    """None if it is paused, if no more will come, or if a problem keeps it from running."""
    last_run: LastRun | None
    run_count: int
    """Number of jobs that its schedule made."""
    missed_count: int
    """Number of due minutes that came too late to catch up; those that were skipped do not count."""
    overlap_policy: str
    """An `OverlapPolicy`, or one that a newer service invented."""
    catch_up: timedelta
    """How late a due minute that was missed may still run."""
    start: datetime | None
    end: datetime | None
    max_runs: int | None
    job_retention: timedelta | None
    """How long its jobs are kept after they end; None: as the operator chose."""
    max_retries: int | None
    timeout: timedelta | None
    """Maximum run time of an attempt."""
    problems: tuple[Problem, ...]
    """Background work for it that fails; empty while all is well."""
    taken_over: TakenOver | None
    """Which admin has taken it over, and as what."""
    document: Document = field(repr=False, compare=False)
    """All of it as the API gave it."""

    @property
    def state(self) -> str:
        """Say in a word what its schedule does: `active`, `failing`, `paused`, `ended`, or `unscheduled` where there is none."""
        if not self.schedule:
            return "unscheduled"
        if not self.active:
            return "paused"
        if self.problems:
            return "failing"
        return "active" if self.next_run_time else "ended"

    @classmethod
    def from_document(cls, document: Document) -> Self:
        """Read the API's form (`DescribeJobDefinition`, whole or as a row of a list)."""
        last, timeout, days = (document.get(key) for key in ("last_run", "timeout_seconds", "job_retention_days"))
        return cls(
            definition_id=document["job_definition_id"],
            name=document["name"],
            input_filename=document["input_filename"],
            input_path=document.get("input_path"),
            package_input_folder=bool(document.get("package_input_folder")),
            environment=document["runtime_environment_name"],
            compute_type=document.get("compute_type"),
            output_formats=tuple(document.get("output_formats") or ()),
            parameters=document.get("parameters") or {},
            tags=tuple(document.get("tags") or ()),
            schedule=document.get("schedule"),
            timezone=document.get("timezone"),
            active=bool(document["active"]),
            create_time=datetime.fromtimestamp(document["create_time"] / 1000, UTC),
            update_time=datetime.fromtimestamp(document["update_time"] / 1000, UTC),
            next_run_time=read_time(document.get("next_run_time")),
            last_run=LastRun.from_document(last) if last else None,
            run_count=document.get("run_count") or 0,
            missed_count=document.get("missed_count") or 0,
            overlap_policy=document.get("overlap_policy") or OverlapPolicy.ALLOW,
            catch_up=timedelta(seconds=document.get("catch_up_seconds") or 0),
            start=read_time(document.get("schedule_start")),
            end=read_time(document.get("schedule_end")),
            max_runs=document.get("max_runs"),
            job_retention=timedelta(days=days) if days else None,
            max_retries=document.get("max_retries"),
            timeout=timedelta(seconds=timeout) if timeout else None,
            taken_over=TakenOver.from_document(taken) if (taken := document.get("taken_over_by")) else None,
            problems=tuple(Problem.from_document(each) for each in document.get("problems") or ()),
            document=document,
        )


@dataclass(frozen=True, kw_only=True)
class DefinitionPage:
    """A part of a list of definitions."""

    definitions: tuple[Definition, ...]
    next_token: str | None
    """Asks for the next part; None at the end. A page may be short, even empty, and still have one."""

    @classmethod
    def from_document(cls, document: Document) -> Self:
        """Read the API's form."""
        return cls(
            definitions=tuple(Definition.from_document(each) for each in document["job_definitions"]),
            next_token=document.get("next_token"),
        )


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """What becomes of a crontab."""

    schedule: str
    """The crontab as it was typed."""
    timezone: str
    eventbridge_expressions: tuple[str, ...]
    """Cron expressions of EventBridge Scheduler; together they cover every due minute."""
    next_run_times: tuple[datetime, ...]
    document: Document = field(repr=False, compare=False)
    """All of it as the API gave it."""

    @classmethod
    def from_document(cls, document: Document) -> Self:
        """Read the API's form."""
        return cls(
            schedule=document["schedule"],
            timezone=document["timezone"],
            eventbridge_expressions=tuple(document["eventbridge_expressions"]),
            next_run_times=tuple(datetime.fromtimestamp(each / 1000, UTC) for each in document["next_run_times"]),
            document=document,
        )
