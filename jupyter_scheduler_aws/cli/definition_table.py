"""The columns of `nbjobs definitions list`."""

from collections.abc import Sequence
from typing import Final

from rich.table import Table
from rich.text import Text

from jupyter_scheduler_aws.api.definition_models import Definition
from jupyter_scheduler_aws.cli.formatting import local_minute, safe_line
from jupyter_scheduler_aws.cli.tables import MEDIUM, WIDE, fitted_table

__all__ = ["definition_table"]

_MIN_SCHEDULE: Final = 16
"""Columns of a typical crontab, such as `0 9 1,15 * MON`."""


def definition_table(definitions: Sequence[Definition], width: int) -> Table:
    """Return the table of `nbjobs definitions list` for a terminal of some width. Long crontabs are cut."""
    headings = ["DEFINITION", "STATE", "SCHEDULE"] + ["NEXT RUN"] * (width >= MEDIUM) + ["ZONE"] * (width >= WIDE)
    rows = [_cells(item, max(_MIN_SCHEDULE, width - WIDE)) for item in definitions]
    return fitted_table(headings, rows, [item.name for item in definitions], width=width)


def _cells(definition: Definition, max_schedule: int) -> list[Text]:
    schedule = safe_line(definition.schedule or "")
    schedule.truncate(max_schedule, overflow="ellipsis")
    return [
        safe_line(definition.definition_id),
        safe_line(definition.state, style="bold red" if definition.problems else ""),
        schedule,
        Text(local_minute(definition.next_run_time) if definition.next_run_time else ""),
        safe_line((definition.timezone or "UTC") if definition.schedule else ""),
    ]
