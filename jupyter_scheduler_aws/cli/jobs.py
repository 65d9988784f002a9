"""`nbjobs list`, `show`, `stop` and `delete`."""

import sys
from itertools import islice
from typing import Annotated, Final

import typer
from rich.table import Table

from jupyter_scheduler_aws.cli.details import job_details
from jupyter_scheduler_aws.cli.options import JobArgument, JobsArgument, JsonOption
from jupyter_scheduler_aws.cli.terminal import Terminal, terminal_of
from jupyter_scheduler_aws.cli.text import ago, status_text, took
from jupyter_scheduler_aws.models import Job, JobStatus

__all__ = ["delete", "list_jobs", "show", "stop"]

_WIDE: Final = 110
"""Columns from which a list has room for the notebook's name."""


def list_jobs(
    context: typer.Context,
    status: Annotated[
        JobStatus | None, typer.Option("--status", "-s", case_sensitive=False, help="Only jobs in this state.")
    ] = None,
    name: Annotated[
        str | None, typer.Option("--name", "-n", metavar="TEXT", help="Only jobs whose name begins so.")
    ] = None,
    tag: Annotated[
        list[str] | None, typer.Option("--tag", "-t", metavar="TEXT", help="Only jobs with this tag. May be repeated.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", "-l", min=1, metavar="N", help="How many at most.")] = 20,
    *,
    all_: Annotated[bool, typer.Option("--all", "-a", help="All of them, however many.")] = False,
    _json: JsonOption = False,
) -> None:
    """List your jobs, newest first."""
    terminal = terminal_of(context)
    with terminal.client() as client:
        found = client.list_jobs(status=status, name=name, tags=tag or (), page_size=100 if all_ else limit + 1)
        jobs = list(found if all_ else islice(found, limit + 1))
    shown = jobs if all_ else jobs[:limit]
    terminal.document([job.document for job in shown])
    if terminal.is_json:
        return
    if not shown:
        terminal.note("There are no such jobs." if status or name or tag else "You have no jobs yet.")
        return
    terminal.out.print(_table(shown, is_wide=terminal.out.width >= _WIDE))
    if len(jobs) > len(shown):
        terminal.note("There are more: --limit N, or --all.")


def _table(jobs: list[Job], *, is_wide: bool) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold", pad_edge=False)
    table.add_column("JOB", no_wrap=True)
    table.add_column("NAME", no_wrap=True, overflow="ellipsis", min_width=4)
    if is_wide:
        table.add_column("NOTEBOOK", no_wrap=True, overflow="ellipsis")
    table.add_column("STATUS", no_wrap=True)
    table.add_column("CREATED", no_wrap=True)
    table.add_column("TOOK", no_wrap=True)
    for job in jobs:
        created = (
            f"{job.create_time.astimezone():%Y-%m-%d %H:%M} ({ago(job.create_time)})"
            if is_wide
            else ago(job.create_time)
        )
        notebook = [job.input_filename] if is_wide else []
        table.add_row(job.job_id, job.name, *notebook, status_text(job.status), created, took(job))
    return table


def show(context: typer.Context, job_id: JobArgument, *, _json: JsonOption = False) -> None:
    """Show a job and its files."""
    terminal = terminal_of(context)
    with terminal.client() as client:
        job = client.get_job(job_id)
        terminal.document(job.document)
        if not terminal.is_json:
            terminal.out.print(job_details(job, client.files(job_id) if job.is_ended else []))


def stop(context: typer.Context, job_ids: JobsArgument, *, _json: JsonOption = False) -> None:
    """Stop jobs.

    They may wait or run; what they have made so far is kept.
    """
    terminal = terminal_of(context)
    stopped = []
    with terminal.client() as client:
        for job_id in job_ids:
            client.stop_job(job_id)
            job = client.get_job(job_id)
            terminal.result(f"job: {job_id} {job.status}")
            stopped.append(job.document)
    terminal.document(stopped)


def delete(
    context: typer.Context,
    job_ids: JobsArgument,
    *,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    _json: JsonOption = False,
) -> None:
    """Delete jobs and their files.

    Those that run are stopped. Up to 100 go at once, all or none.
    """
    terminal = terminal_of(context)
    if not yes:
        _ask(terminal, len(job_ids))
    with terminal.client() as client:
        client.delete_jobs(job_ids)
    for job_id in job_ids:
        terminal.result(f"deleted: {job_id}")
    terminal.document({"deleted": job_ids})


def _ask(terminal: Terminal, count: int) -> None:
    if terminal.is_json or not sys.stdin.isatty():
        raise typer.BadParameter("There is nobody to ask; say --yes to delete.", param_hint="--yes")
    what = "this job" if count == 1 else f"these {count} jobs"
    typer.confirm(f"Delete {what} and all files, for good?", abort=True, err=True)
