"""Wire models of answers about definitions."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from chalicelib.domain.definition import Definition
from chalicelib.domain.instants import to_millis
from chalicelib.routes.answers import describe_spec
from chalicelib.storage.definition_table import DefinitionPage

__all__ = ["definition_page", "describe_definition", "describe_explanation"]


def describe_definition(definition: Definition) -> dict[str, Any]:
    """Describe a definition as the stock DescribeJobDefinition does, with what it cannot say beside it. Absent values are null.

    The schedule is the user's own text: the panel cannot show anything else.
    """
    last, options = definition.last_run, definition.options
    return {
        "job_definition_id": definition.definition_id,
        "name": definition.name,
        "input_filename": definition.input_filename,
        "schedule": definition.schedule,
        "timezone": definition.timezone,
        "active": definition.active,
        "create_time": to_millis(definition.create_time),
        "update_time": to_millis(definition.update_time),
        **describe_spec(definition.spec),
        "packaged_files": [],
        "owner_id": definition.owner_id,
        "next_run_time": _millis(definition.next_due) if definition.active else None,
        "last_run": {"job_id": last.job_id, "due_time": to_millis(last.due)} if last else None,
        "run_count": definition.run_count,
        "missed_count": definition.missed_count,
        "overlap_policy": options.overlap_policy.value,
        "catch_up_seconds": int(options.catch_up.total_seconds()),
        "schedule_start": _millis(options.start),
        "schedule_end": _millis(options.end),
        "max_runs": options.max_runs,
        "job_retention_days": options.job_retention.days if options.job_retention else None,
    }


def definition_page(page: DefinitionPage) -> dict[str, Any]:
    """Describe a page of definitions: absent values are left out, as the panel needs it of `next_token` and `schedule`."""
    described = [describe_definition(each) for each in page.definitions]
    rows = [{name: value for name, value in row.items() if value is not None} for row in described]
    token = {"next_token": page.next_token} if page.next_token else {}
    return {"job_definitions": rows, "total_count": -1 if page.total is None else page.total, **token}


def describe_explanation(
    schedule: str, timezone: str, expressions: Sequence[str], ticks: Sequence[datetime]
) -> dict[str, Any]:
    """Describe what becomes of a crontab."""
    return {
        "schedule": schedule,
        "timezone": timezone,
        "eventbridge_expressions": list(expressions),
        "next_run_times": [to_millis(each) for each in ticks],
    }


def _millis(instant: datetime | None) -> int | None:
    return to_millis(instant) if instant else None
