"""Backfill: the due times of a past period, each once, oldest first."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from jupyter_scheduler_aws.api.definition_models import Definition
from jupyter_scheduler_aws.client import Client
from jupyter_scheduler_aws.errors import ConflictError, SchedulerClientError, is_limit_reached

__all__ = ["BackfillPlan", "plan_backfill", "run_due_time"]

_MINUTE: Final = timedelta(minutes=1)


@dataclass(frozen=True, kw_only=True)
class BackfillPlan:
    """What a backfill does."""

    definition: Definition
    to_run: tuple[datetime, ...]
    """The due times without a job, oldest first, in UTC."""
    done: Mapping[datetime, str]
    """The ids of the jobs that exist, by the due time that each is for: those of the schedule, or of an earlier backfill."""


def plan_backfill(client: Client, definition_id: str, start: datetime, end: datetime) -> BackfillPlan:
    """Find the due times of a definition's crontab from `start` to `end`, and which of them have a job.

    A backfill can be repeated: it goes on with what has no job. To run a due time again, delete its job before.

    Raises
    ------
    SchedulerClientError
        If the definition has no schedule.
    """
    definition = client.get_definition(definition_id)
    if not definition.schedule:
        raise SchedulerClientError(
            f"Definition {definition_id} has no schedule, so it has no due times. Run it for one time with --scheduled-time."
        )
    jobs = client.list_jobs(job_definition_id=definition_id)
    existing = {job.scheduled_time: job.job_id for job in jobs if job.scheduled_time}
    due = list(_due_times(client, definition.schedule, definition.timezone, start, end))
    return BackfillPlan(
        definition=definition,
        to_run=tuple(time for time in due if time not in existing),
        done={time: existing[time] for time in due if time in existing},
    )


def run_due_time(
    client: Client, definition_id: str, due: datetime, *, parameters: Mapping[str, Any] | None = None
) -> str:
    """Create the job of a past due time, and return its id. A second backfill at the same time creates no second job.

    Raises
    ------
    ConflictError
        If you have as many waiting jobs as the operator allows (`is_limit_reached`): try again when some have started.
    """
    token = f"backfill {definition_id} {due:%Y-%m-%dT%H:%MZ}"
    try:
        return client.run_definition(definition_id, parameters=parameters, scheduled_time=due, idempotency_token=token)
    except ConflictError as error:
        if is_limit_reached(error):
            raise
    # The token's job was deleted, so it is to run again.
    return client.run_definition(definition_id, parameters=parameters, scheduled_time=due)


def _due_times(
    client: Client, crontab: str, timezone: str | None, start: datetime, end: datetime
) -> Iterator[datetime]:
    while start <= end:
        times = client.explain_crontab(crontab, timezone=timezone, start=start, end=end).next_run_times
        yield from times
        if not times:
            return
        start = times[-1] + _MINUTE
