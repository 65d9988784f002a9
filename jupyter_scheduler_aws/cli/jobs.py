"""`nbjobs list`, `show`, `stop` and `delete`."""

import sys
from itertools import islice
from typing import Annotated

import typer

from jupyter_scheduler_aws.cli.details import job_details
from jupyter_scheduler_aws.cli.listing import job_table
from jupyter_scheduler_aws.cli.options import JobArgument, JobsArgument, JsonOption
from jupyter_scheduler_aws.cli.terminal import Terminal, terminal_of
from jupyter_scheduler_aws.models import JobStatus

__all__ = ["delete", "list_jobs", "show", "stop"]


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
    terminal.out.print(job_table(shown, width=terminal.out.width))
    if len(jobs) > len(shown):
        terminal.note("There are more: --limit N, or --all.")


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
