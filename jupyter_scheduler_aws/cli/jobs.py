"""`nbjobs list`, `show`, `stop` and `delete`."""

from typing import Annotated

import typer

from jupyter_scheduler_aws.cli.details import job_details
from jupyter_scheduler_aws.cli.listing import MORE, first_of, job_table, page_size
from jupyter_scheduler_aws.cli.options import (
    AllOption,
    JobArgument,
    JobsArgument,
    JsonOption,
    LimitOption,
    NameFilter,
    TagFilter,
    YesOption,
    ask,
)
from jupyter_scheduler_aws.cli.terminal import terminal_of
from jupyter_scheduler_aws.enums import JobStatus

__all__ = ["delete", "list_jobs", "show", "stop"]


def list_jobs(
    context: typer.Context,
    *,
    status: Annotated[
        JobStatus | None, typer.Option("--status", "-s", case_sensitive=False, help="Only jobs in this state.")
    ] = None,
    name: NameFilter = None,
    tag: TagFilter = None,
    definition: Annotated[
        str | None, typer.Option("--definition", metavar="ID", help="Only jobs of this definition.")
    ] = None,
    limit: LimitOption = 20,
    all_: AllOption = False,
    _json: JsonOption = False,
) -> None:
    """List your jobs, newest first."""
    terminal = terminal_of(context)
    with terminal.client() as client:
        found = client.list_jobs(
            status=status,
            name=name,
            tags=tag or (),
            job_definition_id=definition,
            page_size=page_size(limit, all_=all_),
        )
        jobs, is_more = first_of(found, limit, all_=all_)
    terminal.document([job.document for job in jobs])
    if terminal.is_json:
        return
    if not jobs:
        is_filtered = status or name or tag or definition
        terminal.note("There are no such jobs." if is_filtered else "You have no jobs yet.")
        return
    terminal.out.print(job_table(jobs, width=terminal.out.width))
    if is_more:
        terminal.note(MORE)


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
    yes: YesOption = False,
    _json: JsonOption = False,
) -> None:
    """Delete jobs and their files.

    Those that run are stopped. Up to 100 go at once, all or none. What they printed goes about 15 minutes later; the operator can restore
    their records, with their parameters, for 35 days.
    """
    terminal = terminal_of(context)
    if not yes:
        what = "this job" if len(job_ids) == 1 else f"these {len(job_ids)} jobs"
        ask(
            terminal,
            f"Delete {what} and all files? The operator can restore records, with parameters, for 35 days, but no files.",
        )
    with terminal.client() as client:
        client.delete_jobs(job_ids)
    for job_id in job_ids:
        terminal.result(f"deleted: {job_id}")
    terminal.document({"deleted": job_ids})
