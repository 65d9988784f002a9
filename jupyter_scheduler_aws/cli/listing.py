"""Lists as tables that fit the terminal."""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Final, TypeVar

from rich.table import Table
from rich.text import Text

from jupyter_scheduler_aws.api.definition_models import Definition
from jupyter_scheduler_aws.api.job_models import Job
from jupyter_scheduler_aws.cli.formatting import ago, local_minute, shown_line, status_text, took

__all__ = ["MORE", "definition_table", "first_of", "job_table", "page_size"]

T = TypeVar("T")

MORE: Final = "There are more: --limit N, or --all."

_GAP: Final = 2
"""Columns between two cells."""

_WIDE: Final = 120
"""Columns of a terminal that has room for everything."""

_MEDIUM: Final = 96
"""Columns of a terminal that has room for one cell more than the least."""

_SHORTEST_NAME: Final = 8

_SHORTEST_SCHEDULE: Final = 16
"""Columns of a crontab that is as long as they usually are, such as `0 9 1,15 * MON`."""

_MOST_AT_ONCE: Final = 100


def page_size(limit: int, *, all_: bool) -> int:
    """Choose how many to ask for at one time: one more than are shown tells whether there are more."""
    return _MOST_AT_ONCE if all_ else limit + 1


def first_of(found: Iterator[T], limit: int, *, all_: bool) -> tuple[list[T], bool]:
    """Take the first of a list, or all of it; say whether there are more."""
    if all_:
        return list(found), False
    taken = list(islice(found, limit + 1))
    return taken[:limit], len(taken) > limit


def job_table(jobs: Sequence[Job], *, width: int) -> Table:
    """Lay out jobs for so many columns: ids stay whole, names are cut."""
    headings = ["JOB", "STATUS", "CREATED"] + ["TOOK"] * (width >= _MEDIUM) + ["NOTEBOOK"] * (width >= _WIDE)
    rows = [_job_cells(job, is_wide=width >= _WIDE)[: len(headings)] for job in jobs]
    return _table(headings, rows, [job.name for job in jobs], width=width)


def definition_table(definitions: Sequence[Definition], *, width: int) -> Table:
    """Lay out definitions for so many columns: ids stay whole, crontabs and names are cut."""
    headings = ["DEFINITION", "STATE", "SCHEDULE"]
    headings += ["NEXT RUN"] * (width >= _MEDIUM) + ["ZONE"] * (width >= _WIDE)
    longest = max(_SHORTEST_SCHEDULE, width - _WIDE)
    rows = [_definition_cells(each, longest)[: len(headings)] for each in definitions]
    return _table(headings, rows, [each.name for each in definitions], width=width)


def _table(headings: Sequence[str], rows: Sequence[Sequence[Text]], names: Sequence[str], *, width: int) -> Table:
    table = Table(box=None, padding=(0, _GAP // 2), pad_edge=False, header_style="bold")
    for heading in headings:
        table.add_column(heading, no_wrap=True)
    used = sum(max(map(len, column)) + _GAP for column in zip(headings, *rows, strict=True))
    table.add_column("NAME", no_wrap=True, overflow="ellipsis", max_width=max(_SHORTEST_NAME, width - used))
    for name, row in zip(names, rows, strict=True):
        table.add_row(*row, shown_line(name))
    return table


def _job_cells(job: Job, *, is_wide: bool) -> list[Text]:
    created = ago(job.create_time)
    if is_wide:
        created = f"{job.create_time.astimezone():%Y-%m-%d %H:%M} ({created})"
    return [
        shown_line(job.job_id),
        status_text(job.status),
        Text(created),
        Text(took(job)),
        shown_line(job.input_filename),
    ]


def _definition_cells(definition: Definition, longest_schedule: int) -> list[Text]:
    schedule = shown_line(definition.schedule or "")
    schedule.truncate(longest_schedule, overflow="ellipsis")
    next_run = local_minute(definition.next_run_time) if definition.next_run_time else ""
    zone = (definition.timezone or "UTC") if definition.schedule else ""
    state = shown_line(definition.state, style="bold red" if definition.problems else "")
    return [shown_line(definition.definition_id), state, schedule, Text(next_run), shown_line(zone)]
