"""`nbjobs definitions list`, `show`, `pause`, `resume`, `take-over` and `delete`."""

import typer

from jupyter_scheduler_aws.cli.definition_details import definition_details, tell_definition
from jupyter_scheduler_aws.cli.listing import MORE, definition_table, first_of, page_size
from jupyter_scheduler_aws.cli.options import (
    AllOption,
    JsonOption,
    LimitOption,
    NameFilter,
    TagFilter,
    YesOption,
    ask,
)
from jupyter_scheduler_aws.cli.schedule_options import DefinitionArgument, DefinitionsArgument
from jupyter_scheduler_aws.cli.terminal import terminal_of

__all__ = ["delete_definitions", "list_definitions", "pause", "resume", "show_definition", "take_over"]


def list_definitions(
    context: typer.Context,
    name: NameFilter = None,
    tag: TagFilter = None,
    limit: LimitOption = 20,
    *,
    all_: AllOption = False,
    _json: JsonOption = False,
) -> None:
    """List your definitions, newest first; times are local."""
    terminal = terminal_of(context)
    with terminal.client() as client:
        found = client.list_definitions(name=name, tags=tag or (), page_size=page_size(limit, all_=all_))
        definitions, is_more = first_of(found, limit, all_=all_)
    terminal.document([definition.document for definition in definitions])
    if terminal.is_json:
        return
    if not definitions:
        terminal.note("There are no such definitions." if name or tag else "You have no definitions yet.")
        return
    terminal.out.print(definition_table(definitions, width=terminal.out.width))
    if is_more:
        terminal.note(MORE)


def show_definition(context: typer.Context, definition_id: DefinitionArgument, *, _json: JsonOption = False) -> None:
    """Show a definition: its schedule, when it ran and runs next, and what its jobs are made of."""
    terminal = terminal_of(context)
    with terminal.client() as client:
        definition = client.get_definition(definition_id)
    terminal.document(definition.document)
    if not terminal.is_json:
        terminal.out.print(definition_details(definition))


def pause(context: typer.Context, definition_ids: DefinitionsArgument, *, _json: JsonOption = False) -> None:
    """Stop following schedules.

    Jobs that are there go on.
    """
    _set_active(context, definition_ids, active=False)


def resume(context: typer.Context, definition_ids: DefinitionsArgument, *, _json: JsonOption = False) -> None:
    """Follow schedules again.

    What was due while they were paused is not made up for.
    """
    _set_active(context, definition_ids, active=True)


def _set_active(context: typer.Context, definition_ids: list[str], *, active: bool) -> None:
    terminal = terminal_of(context)
    changed = []
    with terminal.client() as client:
        for definition_id in definition_ids:
            (client.resume_definition if active else client.pause_definition)(definition_id)
            definition = client.get_definition(definition_id)
            tell_definition(terminal, definition)
            changed.append(definition.document)
    terminal.document(changed)


def take_over(context: typer.Context, definition_id: DefinitionArgument, *, _json: JsonOption = False) -> None:
    """Make a definition of your own of somebody else's, for admins; `nbjobs --owner OWNER` says whose.

    Yours has the same notebook, schedule, options and parameters, and runs with your rights. The old one is paused, and keeps its jobs.
    """
    terminal = terminal_of(context)
    with terminal.client() as client:
        own_id = client.take_over_definition(definition_id)
    with terminal.client(own=True) as client:
        definition = client.get_definition(own_id)
    tell_definition(terminal, definition)
    terminal.document(definition.document)


def delete_definitions(
    context: typer.Context, definition_ids: DefinitionsArgument, *, yes: YesOption = False, _json: JsonOption = False
) -> None:
    """Delete definitions, with all jobs that they made and their files.

    Jobs that run are stopped. What they printed goes about 15 minutes later; the operator can restore the records, with their parameters, for
    35 days. To keep the jobs, pause the definition instead.
    """
    terminal = terminal_of(context)
    if not yes:
        what = "this definition" if len(definition_ids) == 1 else f"these {len(definition_ids)} definitions"
        ask(
            terminal,
            f"Delete {what} with all jobs and their files? The operator can restore records, with parameters, for 35 days, but no files.",
        )
    with terminal.client() as client:
        for definition_id in definition_ids:
            client.delete_definition(definition_id)
            terminal.result(f"deleted: {definition_id}")
    terminal.document({"deleted": definition_ids})
