"""`nbjobs owners list`, `show`, `disable` and `enable`, for admins."""

from typing import Annotated, Final

import typer

from jupyter_scheduler_aws.cli.listing import page_size, print_list
from jupyter_scheduler_aws.cli.options import PageOptions
from jupyter_scheduler_aws.cli.terminal import Terminal
from jupyter_scheduler_aws.enums import JobStatus

__all__ = ["disable", "enable", "list_owners", "show"]

OwnerArgument = Annotated[str, typer.Argument(metavar="OWNER", help="The id of the owner.", show_default=False)]

_STOPPABLE: Final = (JobStatus.CREATED, JobStatus.QUEUED, JobStatus.IN_PROGRESS)


def list_owners(terminal: Terminal, *, options: PageOptions) -> None:
    """List everyone who has created jobs or definitions."""
    from jupyter_scheduler_aws.cli.owner_views import owner_table

    with terminal.client() as client:
        owners = client.list_owners(page_size=page_size(options))
        print_list(terminal, owners, options, table=owner_table, if_empty="Nobody has created anything yet.")


def show(terminal: Terminal, owner_id: OwnerArgument) -> None:
    """Show an owner, and how to list what they have."""
    from jupyter_scheduler_aws.cli.owner_views import owner_details

    with terminal.client() as client:
        owner = client.get_owner(owner_id)
    terminal.document(owner.document)
    terminal.view(owner_details(owner))
    terminal.note(f"  their definitions:  nbjobs --owner {owner_id} definitions list")
    terminal.note(f"  their jobs:         nbjobs --owner {owner_id} list")


def disable(
    terminal: Terminal,
    owner_id: OwnerArgument,
    *,
    reason: Annotated[str, typer.Option("--reason", "-r", metavar="TEXT", help="The reason that the owner sees.")] = "",
    stop_jobs: Annotated[bool, typer.Option("--stop-jobs", help="Also stop their waiting and running jobs.")] = False,
) -> None:
    """Disable an owner.

    Within a minute, the service refuses every request of the owner. Their definitions create no more jobs, and their
    waiting jobs end. Running jobs continue, unless you use --stop-jobs. Nothing is deleted.
    """
    with terminal.client() as client:
        client.disable_owner(owner_id, reason=reason)
        owner = client.get_owner(owner_id)
    stopped = _stop_jobs(terminal, owner_id) if stop_jobs else []
    terminal.result(f"owner: {owner_id} disabled")
    for job_id in stopped:
        terminal.result(f"stopped: {job_id}")
    terminal.document({**owner.document, "stopped": stopped})


def enable(terminal: Terminal, owner_id: OwnerArgument) -> None:
    """Enable an owner again.

    Their definitions continue with the next due time. Runs that were due in the meantime do not start.
    """
    with terminal.client() as client:
        client.enable_owner(owner_id)
        owner = client.get_owner(owner_id)
    terminal.result(f"owner: {owner_id} enabled")
    terminal.document(owner.document)


def _stop_jobs(terminal: Terminal, owner_id: str) -> list[str]:
    with terminal.client(of_owner=owner_id) as client:
        jobs = [job.job_id for status in _STOPPABLE for job in client.list_jobs(status=status)]
        for job_id in jobs:
            client.stop_job(job_id)
    return jobs
