"""`nbjobs owners list`, `show`, `disable` and `enable`, for admins."""

from typing import Annotated, Final

import typer
from rich.table import Table

from jupyter_scheduler_aws.api.owner_models import Owner
from jupyter_scheduler_aws.cli.formatting import ago, local_time, shown_line
from jupyter_scheduler_aws.cli.listing import MORE, first_of, page_size
from jupyter_scheduler_aws.cli.options import AllOption, JsonOption, LimitOption
from jupyter_scheduler_aws.cli.terminal import Terminal, terminal_of
from jupyter_scheduler_aws.enums import JobStatus

__all__ = ["disable", "enable", "list_owners", "show_owner"]

OwnerArgument = Annotated[str, typer.Argument(metavar="OWNER", help="Id of the owner.", show_default=False)]

_NOT_ENDED: Final = (JobStatus.CREATED, JobStatus.QUEUED, JobStatus.IN_PROGRESS)
"""States of jobs that can be stopped."""


def list_owners(
    context: typer.Context, limit: LimitOption = 20, *, all_: AllOption = False, _json: JsonOption = False
) -> None:
    """List everybody who has created jobs or definitions."""
    terminal = terminal_of(context)
    with terminal.client() as client:
        found = client.list_owners(page_size=page_size(limit, all_=all_))
        owners, is_more = first_of(found, limit, all_=all_)
    terminal.document([owner.document for owner in owners])
    if terminal.is_json:
        return
    if not owners:
        terminal.note("Nobody has created anything yet.")
        return
    table = Table(box=None, padding=(0, 1), pad_edge=False, header_style="bold")
    for heading in ("OWNER", "STATE", "LAST SEEN", "ARN"):
        table.add_column(heading, overflow="fold")
    for owner in owners:
        table.add_row(shown_line(owner.owner_id), _state(owner), ago(owner.last_seen), shown_line(owner.arn))
    terminal.out.print(table)
    if is_more:
        terminal.note(MORE)


def show_owner(context: typer.Context, owner_id: OwnerArgument, *, _json: JsonOption = False) -> None:
    """Show an owner, and how to see what it has."""
    terminal = terminal_of(context)
    with terminal.client() as client:
        _tell(terminal, client.get_owner(owner_id))
    terminal.note(f"  its definitions:  nbjobs --owner {owner_id} definitions list")
    terminal.note(f"  its jobs:         nbjobs --owner {owner_id} list")


def disable(
    context: typer.Context,
    owner_id: OwnerArgument,
    *,
    reason: Annotated[str, typer.Option("--reason", "-r", metavar="TEXT", help="What whoever is refused reads.")] = "",
    stop_jobs: Annotated[
        bool, typer.Option("--stop-jobs", help="Stop its jobs, too, those that run and those that wait.")
    ] = False,
    _json: JsonOption = False,
) -> None:
    """Keep an owner from doing anything more.

    Every request of theirs is refused within a minute, their definitions make no jobs, their waiting jobs end. Jobs that run go on, unless
    you say --stop-jobs. Nothing is deleted.
    """
    terminal = terminal_of(context)
    with terminal.client() as client:
        client.disable_owner(owner_id, reason=reason)
        owner = client.get_owner(owner_id)
    stopped = _stop_jobs(terminal, owner_id) if stop_jobs else []
    terminal.result(f"owner: {owner_id} disabled")
    for job_id in stopped:
        terminal.result(f"stopped: {job_id}")
    terminal.document({**owner.document, "stopped": stopped})


def enable(context: typer.Context, owner_id: OwnerArgument, *, _json: JsonOption = False) -> None:
    """Let an owner do everything again.

    Their definitions go on with the next due minute; what was due meanwhile is not made up for.
    """
    terminal = terminal_of(context)
    with terminal.client() as client:
        client.enable_owner(owner_id)
        owner = client.get_owner(owner_id)
    terminal.result(f"owner: {owner_id} enabled")
    terminal.document(owner.document)


def _stop_jobs(terminal: Terminal, owner_id: str) -> list[str]:
    with terminal.client(of_owner=owner_id) as client:
        jobs = [job.job_id for status in _NOT_ENDED for job in client.list_jobs(status=status)]
        for job_id in jobs:
            client.stop_job(job_id)
    return jobs


def _tell(terminal: Terminal, owner: Owner) -> None:
    terminal.document(owner.document)
    if terminal.is_json:
        return
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    grid.add_row("owner", shown_line(owner.owner_id))
    grid.add_row("arn", shown_line(owner.arn))
    grid.add_row("state", _state(owner))
    if disabled := owner.disabled:
        grid.add_row("disabled by", shown_line(disabled.by.arn))
        grid.add_row("", local_time(disabled.by.time))
        grid.add_row("reason", shown_line(disabled.reason))
    grid.add_row("first seen", local_time(owner.first_seen))
    grid.add_row("last seen", f"{local_time(owner.last_seen)} ({ago(owner.last_seen)})")
    terminal.out.print(grid)


def _state(owner: Owner) -> str:
    return "disabled" if owner.disabled else "enabled"
