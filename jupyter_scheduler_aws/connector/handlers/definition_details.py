"""A definition with its next and last runs and what they cost, and changes of its options."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from jupyter_scheduler_aws.api.definition_models import Definition
from jupyter_scheduler_aws.client import Client
from jupyter_scheduler_aws.connector.handlers.service import MAX_TIMES, millis
from jupyter_scheduler_aws.connector.list_pages import fetch_job_rows
from jupyter_scheduler_aws.connector.own_options import check_names
from jupyter_scheduler_aws.crontab_words import describe_crontab
from jupyter_scheduler_aws.errors import BadOptionError

__all__ = ["change_options", "describe_definition"]

_MAX_RUNS: Final = 30
_COST_DAYS: Final = 30
_PAGE: Final = 300
_MAX_PAGES: Final = 3
"""Together, the pages reach 30 days back if a definition runs hourly."""


def describe_definition(client: Client, definition_id: str) -> Mapping[str, Any]:
    """Return a definition. It takes two to five requests: one to three for its jobs, and one for the due times of a schedule."""
    definition = client.get_definition(definition_id)
    jobs, is_whole = _jobs_of_days(client, definition_id)
    return {
        "definition": definition.document,
        "words": describe_crontab(definition.schedule) if definition.schedule else None,
        "next_run_times": _next_run_times(client, definition),
        "runs": jobs[:_MAX_RUNS],
        "cost": _cost(jobs, is_whole=is_whole),
    }


def change_options(client: Client, definition_id: str, body: object) -> None:
    """Change options of a definition. Null gives an option its default again. It takes one request.

    Raises
    ------
    BadOptionError
        If the body does not name options, or an unknown one.
    """
    options = body.get("options") if isinstance(body, Mapping) else None
    if not isinstance(options, Mapping) or not options:
        raise BadOptionError('The request changes nothing. Send {"options": {…}} with the options to change.')
    check_names(options)
    client.change_definition(definition_id, options)


def _next_run_times(client: Client, definition: Definition) -> list[int]:
    """Return the next due times of a schedule that runs; the first one is that of the service."""
    first = definition.next_run_time
    if not (definition.schedule and definition.active and first):
        return []
    explanation = client.explain_crontab(definition.schedule, timezone=definition.timezone, start=first)
    left = MAX_TIMES if definition.max_runs is None else max(0, definition.max_runs - definition.run_count)
    times = [time for time in explanation.next_run_times if definition.end is None or time <= definition.end]
    return [millis(time) for time in times[: min(left, MAX_TIMES)]]


def _jobs_of_days(client: Client, definition_id: str) -> tuple[list[Mapping[str, Any]], bool]:
    """Return the newest jobs of a definition, and whether all of the last days are among them."""
    since = millis(datetime.now(UTC) - timedelta(days=_COST_DAYS))
    rows: list[Mapping[str, Any]] = []
    token: str | None = None
    for _ in range(_MAX_PAGES):
        query = [("job_definition_id", definition_id)]
        page, token, _ = fetch_job_rows(client, query, max_items=_PAGE, next_token=token)
        rows += page
        if token is None or (rows and rows[-1]["create_time"] < since):
            return rows, True
    return rows, False


def _cost(jobs: list[Mapping[str, Any]], *, is_whole: bool) -> Mapping[str, Any]:
    """Add up what the jobs of the last days have cost. A job that has not ended costs what its ended attempts did."""
    since = millis(datetime.now(UTC) - timedelta(days=_COST_DAYS))
    recent = [job for job in jobs if job["create_time"] >= since]
    costs = [cost for job in recent if (cost := job.get("cost"))]
    currencies = {cost["currency"] for cost in costs}
    total = round(sum(cost["estimate"] for cost in costs), 6) if len(currencies) <= 1 else None
    return {
        "usd": total if currencies <= {"USD"} else None,
        "estimate": total,
        "currency": next(iter(currencies)) if len(currencies) == 1 else None,
        "days": _COST_DAYS,
        "jobs": len(recent),
        "complete": is_whole,
    }
