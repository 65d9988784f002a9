"""`nbjobs stop`: jobs by their ids, or those of a group."""

import shlex
from typing import TYPE_CHECKING, Any

import typer

from jupyter_scheduler_aws.cli.exit_codes import ExitCode, exit_code_of
from jupyter_scheduler_aws.cli.job_choice import (
    GroupOption,
    JobsOrGroupArgument,
    check_jobs_or_group,
    jobs_of_group,
)
from jupyter_scheduler_aws.cli.options import YesOption, confirm
from jupyter_scheduler_aws.cli.terminal import Terminal
from jupyter_scheduler_aws.errors import ConfigurationError, SchedulerClientError

if TYPE_CHECKING:
    from jupyter_scheduler_aws.client import Client

__all__ = ["stop"]


def stop(
    terminal: Terminal, job_ids: JobsOrGroupArgument = None, *, group: GroupOption = None, yes: YesOption = False
) -> None:
    """Stop jobs that are waiting or running. Outputs made so far are kept.

    With --group, all jobs of the group that have not ended are stopped, after a
    confirmation. If a job cannot be stopped, the command goes on with the others,
    and fails at its end.
    """
    ids = check_jobs_or_group(job_ids, group)
    with terminal.client() as client:
        if group is not None:
            ids = _running(terminal, client, group, yes=yes)
        if job_ids and len(ids) == 1:
            terminal.document([_stop(terminal, client, ids[0])])
        else:
            _stop_all(terminal, client, ids)


def _running(terminal: Terminal, client: "Client", group: str, *, yes: bool) -> list[str]:
    """Return the jobs of a group that have not ended, after a confirmation."""
    ids = [job.job_id for job in jobs_of_group(client, group) if not job.is_ended]
    if not ids:
        terminal.note(f"Every job of group {group} has ended.")
    elif not yes:
        jobs = "1 job" if len(ids) == 1 else f"{len(ids)} jobs"
        confirm(terminal, f"Stop {jobs} of group {shlex.quote(group)}? Outputs made so far are kept.")
    return ids


def _stop(terminal: Terminal, client: "Client", job_id: str) -> Any:
    client.stop_job(job_id)
    job = client.get_job(job_id)
    terminal.result(f"job: {job_id} {job.status}")
    return job.document


def _stop_all(terminal: Terminal, client: "Client", job_ids: list[str]) -> None:
    """Stop each job. Only an error that concerns none of them in particular, such as missing credentials, ends the command."""
    documents: list[Any] = []
    codes: list[ExitCode] = []
    for job_id in job_ids:
        try:
            documents.append(_stop(terminal, client, job_id))
        except ConfigurationError:
            raise
        except SchedulerClientError as error:
            documents.append({"job_id": job_id, "error": terminal.failure(error, of=f"job {job_id}")})
            codes.append(exit_code_of(error))
    terminal.document(documents)
    if codes:
        terminal.note(f"{len(codes)} of {len(job_ids)} failed; the same command tries again", style="yellow")
        raise typer.Exit(max(codes))
