"""The health of a definition: its last success and failure, and how many of its newest runs have failed in a row."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from chalicelib.domain.job import Job, JobStatus
from chalicelib.domain.serialization import wire_name

__all__ = ["REMINDER_INTERVAL", "EndedRun", "Health", "ended_run", "health_after"]

REMINDER_INTERVAL: Final = timedelta(days=1)
"""While runs keep failing, people are reminded at most this often."""


@dataclass(frozen=True)
class EndedRun:
    """A run of a definition that has succeeded or failed."""

    job_id: str
    scheduled_time: datetime
    """The time that the run was for."""
    end_time: datetime


@dataclass(frozen=True)
class Health:
    """What the ended runs of a definition say about it. Stopped runs say nothing."""

    failures: int = field(default=0, metadata=wire_name("consecutive_failures"))
    """Number of failures since the last success, or since a person resumed the schedule."""
    failing_since: datetime | None = None
    """End of the first of these failures."""
    reminded_at: datetime | None = None
    """End of the failure that people were last told about."""
    late_since: datetime | None = None
    """When people were to be told that no run has succeeded in time; None again after the next success."""
    last_failure: EndedRun | None = None
    last_success: EndedRun | None = None

    @property
    def newest_time(self) -> datetime | None:
        """The scheduled time of the newest run that counts."""
        runs = [run.scheduled_time for run in (self.last_failure, self.last_success) if run]
        return max(runs, default=None)

    def resumed(self) -> "Health":
        """Return the health after a person has resumed the schedule: failures count from zero."""
        return replace(self, failures=0, failing_since=None, reminded_at=None, late_since=None)


def ended_run(job: Job) -> EndedRun | None:
    """Return the run of a job that has succeeded or failed; None for other jobs."""
    if job.status not in (JobStatus.COMPLETED, JobStatus.FAILED):
        return None
    end = job.end_time or job.update_time
    return EndedRun(job.job_id, job.scheduled_time or job.create_time, end)


def health_after(health: Health, run: EndedRun, *, succeeded: bool) -> Health:
    """Return the health after a run has ended.

    A run for an earlier time than the newest one does not change whether the definition is failing: a backfill of last year says nothing
    about the schedule of today.
    """
    newest = health.newest_time
    if newest is not None and run.scheduled_time < newest:
        last = health.last_success
        is_newest_success = succeeded and (last is None or run.scheduled_time > last.scheduled_time)
        return replace(health, last_success=run) if is_newest_success else health
    if succeeded:
        return replace(health.resumed(), last_success=run)
    is_due = health.reminded_at is None or run.end_time - health.reminded_at >= REMINDER_INTERVAL
    return replace(
        health,
        failures=health.failures + 1,
        failing_since=health.failing_since or run.end_time,
        reminded_at=run.end_time if is_due else health.reminded_at,
        last_failure=run,
    )
