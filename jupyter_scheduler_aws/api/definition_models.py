"""Models of definitions and crontabs. Times are aware datetimes in UTC; durations are `timedelta`."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated

from jupyter_scheduler_aws.api.documents import WHOLE, Document, Model, Wire
from jupyter_scheduler_aws.api.job_models import Actor, NotebookOptions
from jupyter_scheduler_aws.enums import OverlapPolicy

__all__ = [
    "Definition",
    "DefinitionPage",
    "EndedRun",
    "Explanation",
    "LastRun",
    "OverlapPolicy",
    "Problem",
    "TakenOver",
]


@dataclass(frozen=True, kw_only=True)
class LastRun(Model):
    """The last job that a definition's schedule created."""

    job_id: str
    due_time: datetime
    """When it was due; it may have run later."""


@dataclass(frozen=True, kw_only=True)
class EndedRun(Model):
    """A run of a definition that has succeeded or failed."""

    job_id: str
    scheduled_time: datetime
    """The time that the run was for."""
    end_time: datetime


@dataclass(frozen=True, kw_only=True)
class Problem(Model):
    """Background work for a definition that fails; the service retries it until it succeeds."""

    work: str
    """What fails: `schedules` (writing the schedule), `ticks` (creating due jobs), or a value that a newer service added."""
    code: str
    """Why, for programs: `denied`, `quota`, `invalid`, `missing`, `busy`, `unavailable`,
    `owner_disabled`, `limit_reached`, or `failing`: too many runs failed, so the schedule was paused."""
    title: str
    """What fails, in a few words."""
    message: str
    """What fails, the error from AWS, and what to do."""
    since: datetime
    """First failure."""
    attempts: int
    """Number of failures since then."""


@dataclass(frozen=True, kw_only=True)
class TakenOver(Model):
    """Which admin took over a definition, and as which new one."""

    by: Annotated[Actor, WHOLE]
    definition_id: Annotated[str, Wire("job_definition_id")]
    """The admin's definition."""


@dataclass(frozen=True, kw_only=True)
class Definition(NotebookOptions):
    """A saved snapshot plus options, usually with a schedule."""

    definition_id: Annotated[str, Wire("job_definition_id")]
    schedule: str | None = None
    """The crontab as it was entered; None if it runs only on request."""
    timezone: str | None = None
    """Time zone of the crontab; None means UTC."""
    active: bool
    """False while it is paused."""
    next_run_time: datetime | None = None
    """None if it is paused, if there is no further due time, or if a problem keeps it from running."""
    last_run: LastRun | None = None
    run_count: int = 0
    """Number of jobs that its schedule created."""
    missed_count: int = 0
    """Number of due times that were too late to catch up. Skipped ones do not count."""
    skipped_count: int = 0
    """Number of due times that were skipped because the previous scheduled job had not ended."""
    last_skipped: datetime | None = None
    """The last of them."""
    consecutive_failures: int = 0
    """Number of runs that have failed since the last success, or since the schedule was resumed."""
    failing_since: datetime | None = None
    """When the first of them ended."""
    late_since: datetime | None = None
    """When a run should have succeeded, by `success_within`; None unless none has."""
    last_failure: EndedRun | None = None
    """The newest run that failed."""
    last_success: EndedRun | None = None
    """The newest run that succeeded."""
    overlap_policy: str = OverlapPolicy.ALLOW
    """An `OverlapPolicy`, or a value that a newer service added."""
    catch_up: Annotated[timedelta, Wire("catch_up_seconds")] = timedelta()
    """How late a missed due time may still run."""
    start: Annotated[datetime | None, Wire("schedule_start")] = None
    end: Annotated[datetime | None, Wire("schedule_end")] = None
    max_runs: int | None = None
    job_retention: Annotated[timedelta | None, Wire("job_retention_days", lambda days: timedelta(days=days))] = None
    """How long its jobs are kept after they end. None: the operator's default."""
    keep_last: int | None = None
    """How many of its ended jobs are kept; the newest success always is. None: all, for the retention."""
    pause_after_failures: int | None = None
    """How many failed runs in a row pause the schedule; 0 never pauses it. None: the operator's default."""
    success_within: Annotated[timedelta | None, Wire("success_within_seconds")] = None
    """How long after a due time a run must have succeeded. None: any time will do."""
    problems: tuple[Problem, ...] = ()
    """Background work for it that fails; empty if there is none."""
    taken_over: Annotated[TakenOver | None, Wire("taken_over_by")] = None
    """Which admin took it over, and as which new definition."""

    @property
    def state(self) -> str:
        """What its schedule does, in a word: `active`, `failing`, `paused`, `ended`, or `unscheduled` if there is none."""
        if not self.schedule:
            return "unscheduled"
        if not self.active:
            return "paused"
        if self.problems:
            return "failing"
        return "active" if self.next_run_time else "ended"


@dataclass(frozen=True, kw_only=True)
class DefinitionPage(Model):
    """One page of a list of definitions."""

    definitions: Annotated[tuple[Definition, ...], Wire("job_definitions")]
    next_token: str | None = None
    """Requests the next page; None at the end. A page can be short, even empty, and still have one."""


@dataclass(frozen=True, kw_only=True)
class Explanation(Model):
    """What a crontab means."""

    schedule: str
    """The crontab as it was entered."""
    timezone: str
    eventbridge_expressions: tuple[str, ...]
    """Cron expressions of EventBridge Scheduler that together cover every due time."""
    next_run_times: tuple[datetime, ...]
    document: Document = field(repr=False, compare=False)
    """The whole document from the API."""
