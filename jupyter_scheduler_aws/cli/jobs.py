"""`nbjobs list`, `show` and `delete`."""

from typing import Annotated

import typer

from jupyter_scheduler_aws.cli.listing import page_size, print_list
from jupyter_scheduler_aws.cli.options import FilterOptions, JobArgument, JobsArgument, YesOption, confirm
from jupyter_scheduler_aws.cli.terminal import Terminal
from jupyter_scheduler_aws.enums import JobStatus
from jupyter_scheduler_aws.groups import group_tag

__all__ = ["delete", "list_jobs", "show"]


def list_jobs(
    terminal: Terminal,
    *,
    status: Annotated[
        JobStatus | None, typer.Option("--status", "-s", case_sensitive=False, help="Only jobs with this status.")
    ] = None,
    options: FilterOptions,
    definition: Annotated[
        str | None, typer.Option("--definition", metavar="ID", help="Only jobs of this definition.")
    ] = None,
    group: Annotated[
        str | None, typer.Option("--group", metavar="NAME", help="Only jobs of this group of a matrix.")
    ] = None,
) -> None:
    """List your jobs, newest first. An exclamation mark after the status means that there are warnings."""
    from jupyter_scheduler_aws.cli.job_table import job_table

    is_filtered = status or options.name or options.tag or definition
    tags = [*(options.tag or ()), *([] if group is None else [group_tag(group)])]
    with terminal.client() as client:
        jobs = client.list_jobs(
            status=status,
            name=options.name,
            tags=tags,
            job_definition_id=definition,
            page_size=page_size(options),
        )
        if_empty = "No jobs match." if is_filtered else "You have no jobs yet."
        if group is not None and not is_filtered:
            if_empty = f"Group {group} has no jobs."
        print_list(terminal, jobs, options, table=job_table, if_empty=if_empty)


def show(terminal: Terminal, job_id: JobArgument) -> None:
    """Show a job, its attempts if there are several, its warnings and its files."""
    from jupyter_scheduler_aws.cli.job_details import job_details

    with terminal.client() as client:
        job = client.get_job(job_id)
        history = client.attempts(job_id) if job.attempt > 1 else None
        terminal.document({**job.document, **(history.document if history else {})})
        if not terminal.is_json:
            files_of, files = client.attempt_files(job_id) if job.is_ended else (0, [])
            terminal.view(job_details(job, files, files_of=files_of, history=history))


def delete(terminal: Terminal, job_ids: JobsArgument, *, yes: YesOption = False) -> None:
    """Delete jobs and their files.

    Running jobs are stopped. You can delete up to 100 jobs at once: all or none. Their logs are deleted about 15 minutes
    later. For 35 days, the operator can restore the records with their parameters, but no files.
    """
    if not yes:
        jobs = "this job" if len(job_ids) == 1 else f"these {len(job_ids)} jobs"
        confirm(
            terminal,
            f"Delete {jobs} and all files? For 35 days, the operator can restore records with parameters, but no files.",
        )
    with terminal.client() as client:
        client.delete_jobs(job_ids)
    for job_id in job_ids:
        terminal.result(f"deleted: {job_id}")
    terminal.document({"deleted": job_ids})
