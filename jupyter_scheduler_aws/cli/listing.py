"""A list of jobs as a table that fits the terminal."""

from collections.abc import Sequence
from typing import Final

from rich.table import Table
from rich.text import Text

from jupyter_scheduler_aws.cli.text import ago, status_text, took
from jupyter_scheduler_aws.models import Job

__all__ = ["job_table"]

_GAP: Final = 2
"""Columns between two cells."""

_WIDE: Final = 120
"""Columns of a terminal that has room for the notebook's name and the full time."""

_MEDIUM: Final = 96
"""Columns of a terminal that has room for how long a job took."""

_SHORTEST_NAME: Final = 8


def job_table(jobs: Sequence[Job], *, width: int) -> Table:
    """Lay out jobs for so many columns: ids stay whole, names are cut."""
    headings = ["JOB", "STATUS", "CREATED"] + ["TOOK"] * (width >= _MEDIUM) + ["NOTEBOOK"] * (width >= _WIDE)
    rows = [_cells(job, is_wide=width >= _WIDE)[: len(headings)] for job in jobs]
    table = Table(box=None, padding=(0, _GAP // 2), pad_edge=False, header_style="bold")
    for heading in headings:
        table.add_column(heading, no_wrap=True)
    used = sum(max(map(len, column)) + _GAP for column in zip(headings, *rows, strict=True))
    table.add_column("NAME", no_wrap=True, overflow="ellipsis", max_width=max(_SHORTEST_NAME, width - used))
    for job, row in zip(jobs, rows, strict=True):
        table.add_row(*row, Text(job.name))
    return table


def _cells(job: Job, *, is_wide: bool) -> list[Text]:
    created = ago(job.create_time)
    if is_wide:
        created = f"{job.create_time.astimezone():%Y-%m-%d %H:%M} ({created})"
    return [Text(job.job_id), status_text(job.status), Text(created), Text(took(job)), Text(job.input_filename)]
