"""A definition: a saved snapshot plus options, usually with a schedule."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from chalicelib.domain.authorization.actor import Actor
from chalicelib.domain.definitions.problem import Problem
from chalicelib.domain.identifiers import snapshot_key
from chalicelib.domain.job import JobSpec

__all__ = ["DEFAULT_CATCH_UP", "Definition", "LastRun", "OverlapPolicy", "ScheduleOptions", "TakenOver"]

DEFAULT_CATCH_UP: Final = timedelta(hours=1)
"""How late a tick may run when nothing is said: EventBridge Scheduler goes on delivering a tick for as long (see infra)."""


class OverlapPolicy(StrEnum):
    """What happens to a tick while the definition's last scheduled job has not ended."""

    ALLOW = "allow"
    """It runs beside it, as in the stock scheduler."""
    SKIP = "skip"
    """It is marked as skipped and makes no job."""


@dataclass(frozen=True)
class ScheduleOptions:
    """How a schedule is followed."""

    overlap_policy: OverlapPolicy = OverlapPolicy.ALLOW
    catch_up: timedelta = DEFAULT_CATCH_UP
    """How late a missed tick may still run; later it is recorded as missed."""
    start: datetime | None = None
    """No tick before this."""
    end: datetime | None = None
    """No tick after this."""
    max_runs: int | None = None
    """No tick after so many jobs."""
    job_retention: timedelta | None = None
    """How long its jobs are kept after they end; the operator's retention if nothing is said."""


@dataclass(frozen=True)
class LastRun:
    """The last scheduled job of a definition."""

    job_id: str
    due: datetime


@dataclass(frozen=True)
class TakenOver:
    """That an admin has made a definition of their own of this one."""

    by: Actor
    definition_id: str
    """The admin's definition."""


@dataclass(frozen=True)
class Definition:
    """A definition as it is stored."""

    owner_id: str
    definition_id: str
    name: str
    input_filename: str
    spec: JobSpec
    snapshot_id: str
    """Which snapshot is the current one: part of its key, so that an edit never overwrites what a tick is copying."""
    create_time: datetime
    update_time: datetime
    effective_from: datetime
    """Only ticks after this: set when the schedule is made, changed or resumed."""
    schedule: str | None = None
    """The crontab, as the user typed it: the truth, and always what is returned."""
    timezone: str | None = None
    active: bool = True
    options: ScheduleOptions = ScheduleOptions()
    input_size_bytes: int = 0
    upload_id: str | None = None
    """The upload that its snapshot was made of, which is removed with it."""
    revision: int = 1
    """Counts changes; the EventBridge schedules carry the one that they were written for."""
    synced_revision: int = 0
    """The revision that the EventBridge schedules were last written for, completely."""
    schedule_slots: int = 0
    """EventBridge schedules numbered below this may exist."""
    next_due: datetime | None = None
    """The earliest due minute that has no mark yet; None if none will come."""
    run_count: int = 0
    missed_count: int = 0
    last_run: LastRun | None = None
    schedule_problem: Problem | None = None
    """Why its EventBridge schedules are not written; None once they are."""
    tick_problem: Problem | None = None
    """Why the jobs of its due minutes are not made; None once one is."""
    taken_over: TakenOver | None = None
    """Who has taken it over, and as what; None again once it is resumed."""

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Background work for it that fails."""
        return tuple(each for each in (self.schedule_problem, self.tick_problem) if each)

    @property
    def is_synced(self) -> bool:
        """Whether the EventBridge schedules say what the definition says."""
        return self.synced_revision == self.revision

    @property
    def snapshot_key(self) -> str:
        """S3 key of its current snapshot."""
        packaged = self.spec.package_input_folder
        return snapshot_key(self.owner_id, self.definition_id, self.snapshot_id, packaged=packaged)
