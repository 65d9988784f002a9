"""`nbjobs definitions list`, `show`, `pause`, `resume`, `take-over` and `delete`."""

from typing import TYPE_CHECKING

from jupyter_scheduler_aws.cli.listing import page_size, print_list
from jupyter_scheduler_aws.cli.options import (
    DefinitionArgument,
    DefinitionsArgument,
    FilterOptions,
    YesOption,
    confirm,
)
from jupyter_scheduler_aws.cli.terminal import Terminal
from jupyter_scheduler_aws.errors import NotFoundError

if TYPE_CHECKING:
    from jupyter_scheduler_aws.api.definition_models import Definition
    from jupyter_scheduler_aws.api.job_models import Job
    from jupyter_scheduler_aws.client import Client

__all__ = ["delete", "list_definitions", "pause", "resume", "show", "take_over"]


def list_definitions(terminal: Terminal, *, options: FilterOptions) -> None:
    """List your definitions, newest first. Times are local."""
    from jupyter_scheduler_aws.cli.definition_table import definition_table

    with terminal.client() as client:
        definitions = client.list_definitions(name=options.name, tags=options.tag or (), page_size=page_size(options))
        if_empty = "No definitions match." if options.name or options.tag else "You have no definitions yet."
        print_list(terminal, definitions, options, table=definition_table, if_empty=if_empty)


def show(terminal: Terminal, definition_id: DefinitionArgument) -> None:
    """Show a definition: its schedule, its last and next run with warnings, and how its jobs run."""
    from jupyter_scheduler_aws.cli.definition_details import definition_details

    with terminal.client() as client:
        definition = client.get_definition(definition_id)
        terminal.document(definition.document)
        if not terminal.is_json:
            terminal.view(definition_details(definition, _last_job(client, definition)))


def _last_job(client: "Client", definition: "Definition") -> "Job | None":
    """Return the last scheduled job of a definition; None if there is none, or it has been deleted."""
    try:
        return client.get_job(definition.last_run.job_id) if definition.last_run else None
    except NotFoundError:
        return None


def pause(terminal: Terminal, definition_ids: DefinitionsArgument) -> None:
    """Pause schedules. Existing jobs continue."""
    _set_active(terminal, definition_ids, active=False)


def resume(terminal: Terminal, definition_ids: DefinitionsArgument) -> None:
    """Resume schedules. Runs that were due during the pause do not start."""
    _set_active(terminal, definition_ids, active=True)


def _set_active(terminal: Terminal, definition_ids: list[str], *, active: bool) -> None:
    from jupyter_scheduler_aws.cli.definition_details import show_change

    changed = []
    with terminal.client() as client:
        for definition_id in definition_ids:
            (client.resume_definition if active else client.pause_definition)(definition_id)
            definition = client.get_definition(definition_id)
            show_change(terminal, definition)
            changed.append(definition.document)
    terminal.document(changed)


def take_over(terminal: Terminal, definition_id: DefinitionArgument) -> None:
    """Copy a definition of another owner to you. Admins only.

    Name the owner with `nbjobs --owner OWNER_ID`. Your copy has the same notebook, schedule, options, and parameters,
    and runs with your permissions. The old definition is paused and keeps its jobs.
    """
    from jupyter_scheduler_aws.cli.definition_details import show_change

    with terminal.client() as client:
        own_id = client.take_over_definition(definition_id)
    with terminal.client(own=True) as client:
        definition = client.get_definition(own_id)
    show_change(terminal, definition)
    terminal.document(definition.document)


def delete(terminal: Terminal, definition_ids: DefinitionsArgument, *, yes: YesOption = False) -> None:
    """Delete definitions with all of their jobs and files.

    Running jobs are stopped. Their logs are deleted about 15 minutes later. For 35 days, the operator can restore the
    records with their parameters, but no files. To keep the jobs, pause the definition instead.
    """
    if not yes:
        definitions = "this definition" if len(definition_ids) == 1 else f"these {len(definition_ids)} definitions"
        confirm(
            terminal,
            f"Delete {definitions} with all jobs and their files? For 35 days, the operator can restore records with "
            "parameters, but no files.",
        )
    with terminal.client() as client:
        for definition_id in definition_ids:
            client.delete_definition(definition_id)
            terminal.result(f"deleted: {definition_id}")
    terminal.document({"deleted": definition_ids})
