"""`nbjobs definitions run --from … --to …`: the due times of a past period, each once."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer

from jupyter_scheduler_aws.backfill import BackfillPlan, plan_backfill, run_due_time
from jupyter_scheduler_aws.cli.formatting import scheduled_time_text
from jupyter_scheduler_aws.cli.terminal import Terminal
from jupyter_scheduler_aws.cli.waiting_limit import WaitingLimit
from jupyter_scheduler_aws.client import Client

__all__ = ["backfill", "in_zone"]


def in_zone(instant: datetime, timezone: str | None) -> datetime:
    """Return a time in the zone of a definition, unless it has a zone already.

    Raises
    ------
    typer.BadParameter
        If this machine does not know the zone.
    """
    if instant.tzinfo is not None:
        return instant
    try:
        return instant.replace(tzinfo=ZoneInfo(timezone or "UTC"))
    except (ZoneInfoNotFoundError, ValueError):
        raise typer.BadParameter(
            f"This machine does not know the definition's time zone {timezone}. Write times with a zone, like 2026-12-01T08:30+01:00."
        ) from None


def backfill(
    terminal: Terminal,
    client: Client,
    definition_id: str,
    *,
    start: datetime,
    end: datetime | None,
    parameters: Mapping[str, Any],
    dry_run: bool,
) -> None:
    """Create a job for each due time of a period that has none, oldest first.

    If too many jobs are waiting, wait until some have started. After an interruption, the same command goes on.

    Raises
    ------
    typer.BadParameter
        If the period is not in the past, or empty.
    """
    timezone = client.get_definition(definition_id).timezone
    now = datetime.now(UTC)
    start, end = in_zone(start, timezone), in_zone(end, timezone) if end else now
    if start > end or end > now:
        raise typer.BadParameter("A backfill is for the past: --from is before --to, and --to is not after now.")
    plan = plan_backfill(client, definition_id, start, end)
    _explain(terminal, plan)
    job_ids = [] if dry_run else _run(terminal, client, plan, parameters)
    for due in plan.to_run if dry_run else ():
        terminal.result(scheduled_time_text(due, timezone))
    terminal.document(
        {
            "definition_id": definition_id,
            "due_times": [f"{due:%Y-%m-%dT%H:%MZ}" for due in plan.to_run],
            "job_ids": job_ids,
            "done": {f"{due:%Y-%m-%dT%H:%MZ}": job_id for due, job_id in plan.done.items()},
        }
    )
    if job_ids:
        terminal.note(f"  its jobs:   nbjobs list --definition {definition_id}")


def _explain(terminal: Terminal, plan: BackfillPlan) -> None:
    done = f"; {len(plan.done)} have a job already" if plan.done else ""
    times = "due time" if len(plan.to_run) == 1 else "due times"
    terminal.note(f"{len(plan.to_run)} {times} to run{done}")


def _run(terminal: Terminal, client: Client, plan: BackfillPlan, parameters: Mapping[str, Any]) -> list[str]:
    definition_id, job_ids, limit = (
        plan.definition.definition_id,
        [],
        WaitingLimit(terminal, client.polling_interval.sleep),
    )
    try:
        for number, due in enumerate(plan.to_run, start=1):
            job_id = limit.create(partial(run_due_time, client, definition_id, due, parameters=parameters))
            job_ids.append(job_id)
            when = scheduled_time_text(due, plan.definition.timezone)
            terminal.result(f"job: {job_id} for {when} ({number} of {len(plan.to_run)})")
    except KeyboardInterrupt:
        terminal.note(
            f"interrupted after {len(job_ids)} of {len(plan.to_run)}; the same command goes on", style="yellow"
        )
        raise
    return job_ids
