"""The columns of `nbjobs list`."""

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from jupyter_scheduler_aws.api.job_models import Job
from jupyter_scheduler_aws.cli.formatting import format_age, local_minute, run_time, safe_line, status_text
from jupyter_scheduler_aws.cli.tables import MEDIUM, WIDE, fitted_table

__all__ = ["job_table"]


def job_table(jobs: Sequence[Job], width: int) -> Table:
    """Return the table of `nbjobs list` for a terminal of some width."""
    headings = ["JOB", "STATUS", "CREATED"] + ["TOOK"] * (width >= MEDIUM) + ["NOTEBOOK"] * (width >= WIDE)
    rows = [_cells(job, is_wide=width >= WIDE) for job in jobs]
    return fitted_table(headings, rows, [job.name for job in jobs], width=width)


def _cells(job: Job, *, is_wide: bool) -> list[Text]:
    age = format_age(job.create_time)
    return [
        safe_line(job.job_id),
        status_text(job.status) + Text(" !" if job.warnings else "", style="yellow"),
        Text(f"{local_minute(job.create_time)} ({age})" if is_wide else age),
        Text(run_time(job)),
        safe_line(job.input_filename),
    ]
