"""A definition: a saved snapshot plus options, usually with a schedule."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from chalicelib.domain.authorization.actor import Actor
from chalicelib.domain.definitions.health import Health
from chalicelib.domain.definitions.problem import Problem
from chalicelib.domain.identifiers import snapshot_key
from chalicelib.domain.job import JobSpec
from chalicelib.domain.serialization import DAYS, SECONDS, wire_name

__all__ = [
    "DEFAULT_CATCH_UP",
    "MAX_CATCH_UP",
    "MAX_JOB_RETENTION",
    "MAX_PAUSE_AFTER_FAILURES",
    "Definition",
    "LastRun",
    "OverlapPolicy",
    "ScheduleOptions",
    "TakenOver",
]

DEFAULT_CATCH_UP: Final = timedelta(hours=1)
"""How late a tick may run by default. EventBridge Scheduler retries the delivery of a tick for the same time (see infra)."""


MAX_CATCH_UP: Final = timedelta(days=30)
"""How late a tick may run at most."""

MAX_JOB_RETENTION: Final = timedelta(days=36_500)
"""How long a definition may keep its jobs."""

MAX_PAUSE_AFTER_FAILURES: Final = 1000
"""How many failed runs in a row a definition may allow before it is paused."""


class OverlapPolicy(StrEnum):
    """What happens to a tick while the definition's last scheduled job is still in progress."""

    ALLOW = "allow"
    """It makes a job that runs at the same time, as in the stock scheduler."""
    SKIP = "skip"
    """It is marked as skipped and makes no job."""


@dataclass(frozen=True)
class ScheduleOptions:
    """Options of a schedule."""

    overlap_policy: OverlapPolicy = OverlapPolicy.ALLOW
    catch_up: timedelta = field(default=DEFAULT_CATCH_UP, metadata=SECONDS)
    """How late a missed tick may still run; later it is recorded as missed."""
    start: datetime | None = field(default=None, metadata=wire_name("schedule_start"))
    """No tick runs before this time."""
    end: datetime | None = field(default=None, metadata=wire_name("schedule_end"))
    """No tick runs after this time."""
    max_runs: int | None = None
    """No tick runs after this number of jobs."""
    job_retention: timedelta | None = field(default=None, metadata=DAYS)
    """How long jobs are kept after they end; by default, the operator's retention applies."""
    keep_last: int | None = None
    """How many ended jobs are kept; older ones expire at once, but for the newest success. By default, only the retention counts."""
    pause_after_failures: int | None = None
    """How many failed runs in a row pause the schedule; 0 never pauses it. By default, the operator's limit applies."""
    success_within: timedelta | None = field(default=None, metadata=SECONDS)
    """How long after a due time a run must have succeeded; people are told if none has. By default, nobody is."""


@dataclass(frozen=True)
class LastRun:
    """The last scheduled job of a definition."""

    job_id: str
    due: datetime = field(metadata=wire_name("due_time"))


@dataclass(frozen=True)
class TakenOver(Actor):
    """The admin who took over a definition, and the definition that replaces it."""

    definition_id: str = field(metadata=wire_name("job_definition_id"))
    """The admin's definition."""


@dataclass(frozen=True)
class Definition:
    """A stored definition."""

    owner_id: str
    definition_id: str = field(metadata=wire_name("job_definition_id"))
    name: str
    input_filename: str
    spec: JobSpec
    snapshot_id: str
    """The current snapshot. It is part of the snapshot's key, so that an edit never overwrites a snapshot that a tick is copying."""
    create_time: datetime
    update_time: datetime
    effective_from: datetime
    """Ticks before this time do not run. It is set when the schedule is created, changed or resumed."""
    schedule: str | None = None
    """The crontab, exactly as the user typed it; everything else is derived from it."""
    timezone: str | None = None
    active: bool = True
    options: ScheduleOptions = ScheduleOptions()
    input_size_bytes: int = 0
    upload_id: str | None = None
    """The upload that the snapshot was created from, which is deleted with the definition."""
    revision: int = 1
    """Number of the current version; each EventBridge schedule contains the revision that it was written for."""
    synced_revision: int = 0
    """The last revision for which all EventBridge schedules were written."""
    schedule_slots: int = 0
    """EventBridge schedules with a number below this can exist."""
    next_due: datetime | None = None
    """The earliest due time without a mark; None if there are no more."""
    run_count: int = 0
    missed_count: int = 0
    skipped_count: int = 0
    """Number of due times that were skipped because the previous scheduled job had not ended."""
    last_skipped: datetime | None = None
    """The last of them."""
    last_run: LastRun | None = None
    schedule_problem: Problem | None = None
    """Why the EventBridge schedules could not be written; None once they are."""
    tick_problem: Problem | None = None
    """Why the latest due time made no job; None once one does."""
    missed_problem: Problem | None = None
    """The due times that were missed recently; None again a day later."""
    notification_problem: Problem | None = None
    """Why the latest notification about the definition could not be delivered; None again after an edit."""
    pause_problem: Problem | None = None
    """Why the service has paused the schedule; None again once a person resumes it."""
    counted_runs: int = 0
    """Number of ended runs that `health` contains."""
    health: Health = field(default_factory=Health)
    taken_over: TakenOver | None = field(default=None, metadata=wire_name("taken_over_by"))
    """Who took the definition over; None again once it is resumed."""

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Problems with the definition's background work."""
        known = (
            self.pause_problem,
            self.schedule_problem,
            self.tick_problem,
            self.missed_problem,
            self.notification_problem,
        )
        return tuple(problem for problem in known if problem)

    @property
    def is_synced(self) -> bool:
        """Whether the EventBridge schedules match the definition."""
        return self.synced_revision == self.revision

    @property
    def snapshot_key(self) -> str:
        """S3 key of its current snapshot."""
        packaged = self.spec.package_input_folder
        return snapshot_key(self.owner_id, self.definition_id, self.snapshot_id, packaged=packaged)
