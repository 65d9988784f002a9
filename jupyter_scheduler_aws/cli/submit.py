"""`nbjobs submit` and `nbjobs wait`."""

from typing import Annotated

import typer

from jupyter_scheduler_aws.cli.job_choice import GroupOption, JobsOrGroupArgument, check_jobs_or_group
from jupyter_scheduler_aws.cli.options import (
    AllowUnknownOption,
    FolderOption,
    JobOptions,
    NotebookArgument,
    ResultOptions,
    ScheduledTimeOption,
    WaitOptions,
)
from jupyter_scheduler_aws.cli.terminal import Terminal

__all__ = ["submit", "wait"]


def submit(
    terminal: Terminal,
    notebook: NotebookArgument,
    *,
    folder: FolderOption = False,
    options: JobOptions,
    allow_unknown: AllowUnknownOption = False,
    idempotency_token: Annotated[
        str | None,
        typer.Option(metavar="TEXT", help="Submitting the same input with the same token again returns the same job."),
    ] = None,
    scheduled_time: ScheduledTimeOption = None,
    matrix: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=VALUES",
            help="Values of a parameter, like eu,us or 2024..2026; one job for each combination. Repeatable.",
        ),
    ] = None,
    group: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="The name of a matrix's jobs. With the same one, an interrupted command goes on."
        ),
    ] = None,
    max_jobs: Annotated[int, typer.Option(min=1, metavar="N", help="The largest matrix that you mean.")] = 100,
    dry_run: Annotated[bool, typer.Option(help="Show the combinations of a matrix, and create no job.")] = False,
    results: WaitOptions,
) -> None:
    """Run a notebook as a job.

    The command uploads the notebook as it is now, alone or with its folder. By
    default, the job has the name of the notebook, uses the first environment,
    and makes the formats ipynb and html. With --wait or --download, the command
    runs until the job has ended. Interrupting it does not stop the job.
    """
    from jupyter_scheduler_aws.cli.matrix import parse_matrix, submit_matrix
    from jupyter_scheduler_aws.cli.parameter_check import check_known_parameters
    from jupyter_scheduler_aws.cli.upload_progress import show_upload
    from jupyter_scheduler_aws.cli.waiting import finish_or_explain

    arguments = options.arguments()
    chosen = parse_matrix(matrix or (), arguments.get("parameters") or {}, max_jobs) if matrix else []
    if not matrix and (group or dry_run):
        raise typer.BadParameter("It needs --matrix.", param_hint="--group" if group else "--dry-run")
    if matrix and (scheduled_time or idempotency_token):
        raise typer.BadParameter("A matrix makes several jobs: leave out --scheduled-time and --idempotency-token.")
    names = [*(arguments.get("parameters") or ()), *(chosen[0] if chosen else ())]
    check_known_parameters(terminal, notebook, names, allow_unknown=allow_unknown)
    if dry_run:
        for each in chosen:
            terminal.result(",".join(f"{name}={value}" for name, value in each.items()))
        terminal.document({"jobs": chosen})
        return
    with terminal.client() as client:
        if chosen:
            submit_matrix(
                terminal, client, notebook, chosen, group=group, folder=folder, arguments=arguments, results=results
            )
            return
        with show_upload(terminal, notebook) as callbacks:
            job_id = client.submit(
                notebook,
                folder=folder,
                idempotency_token=idempotency_token,
                scheduled_time=scheduled_time,
                **arguments,
                **callbacks,
            )
        finish_or_explain(terminal, client, job_id, results)


def wait(
    terminal: Terminal, job_ids: JobsOrGroupArgument = None, *, group: GroupOption = None, results: ResultOptions
) -> None:
    """Wait until jobs have ended, and show their progress.

    Several jobs, or all of a group, have one progress and one summary, and the
    exit code of the one that ended worst. With --download, each job has a folder
    of its own, and results.csv has a row for each.
    """
    from jupyter_scheduler_aws.cli.group import wait_for_jobs
    from jupyter_scheduler_aws.cli.waiting import finish

    ids = check_jobs_or_group(job_ids, group)
    with terminal.client() as client:
        if len(ids) == 1:
            finish(terminal, client, ids[0], results)
        else:
            wait_for_jobs(terminal, client, ids, group=group, results=results)
