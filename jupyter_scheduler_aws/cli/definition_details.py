"""Everything about one definition, for a person; and what a command says of one that it made or changed."""

from collections.abc import Iterable, Iterator

from rich.console import Group, RenderableType
from rich.table import Table

from jupyter_scheduler_aws.api.definition_models import Definition
from jupyter_scheduler_aws.cli.crontab_text import in_words, zone_time
from jupyter_scheduler_aws.cli.formatting import ago, duration, local_time, shown, shown_line
from jupyter_scheduler_aws.cli.terminal import Terminal

__all__ = ["definition_details", "tell_definition"]


def tell_definition(terminal: Terminal, definition: Definition) -> None:
    """Print the line for programs, and say when it runs next."""
    terminal.result(f"definition: {definition.definition_id} {definition.state}")
    if definition.schedule and definition.next_run_time:
        words = in_words(definition.schedule)
        terminal.note(f"  schedule:   {definition.schedule}" + (f" ({words})" if words else ""))
        terminal.note(f"  next run:   {zone_time(definition.next_run_time, definition.timezone)}")
    elif definition.state == "ended":
        terminal.note("  next run:   none: its end, or its number of runs, is reached", style="yellow")
    for problem in definition.problems:
        terminal.note(f"  problem:    {problem.title}. {problem.message}", style="yellow")


def definition_details(definition: Definition) -> RenderableType:
    """Lay out a definition."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    for label, value in (*_schedule_rows(definition), *_job_rows(definition)):
        if value:
            grid.add_row(label, shown(value))
    hint = shown_line(f"  its jobs:  nbjobs list --definition {definition.definition_id}", style="dim")
    return Group(shown_line(definition.name, style="bold"), grid, hint)


def _schedule_rows(definition: Definition) -> Iterator[tuple[str, str | None]]:
    yield "definition", definition.definition_id
    yield "state", definition.state
    for problem in definition.problems:
        since = f"since {local_time(problem.since)}, {problem.attempts} attempt{'s' * (problem.attempts != 1)}"
        yield "problem", f"{problem.title} ({since})\n{problem.message}"
    if taken := definition.taken_over:
        yield (
            "taken over",
            f"by {taken.by.arn} ({taken.by.owner_id})\nas {taken.definition_id}, {local_time(taken.by.time)}",
        )
    if definition.schedule:
        yield "schedule", definition.schedule
        yield "", in_words(definition.schedule)
        yield "zone", definition.timezone or "UTC"
    if definition.next_run_time:
        yield "next run", zone_time(definition.next_run_time, definition.timezone)
    if last := definition.last_run:
        yield "last run", f"{zone_time(last.due_time, definition.timezone)}: job {last.job_id}"
    yield "runs", f"{definition.run_count}" + (f" of {definition.max_runs}" if definition.max_runs else "")
    yield "missed", str(definition.missed_count) if definition.missed_count else None
    yield "start", local_time(definition.start) if definition.start else None
    yield "end", local_time(definition.end) if definition.end else None
    yield "overlap", definition.overlap_policy
    yield "catch-up", duration(definition.catch_up) if definition.catch_up else "none"


def _job_rows(definition: Definition) -> Iterable[tuple[str, str | None]]:
    retention, retries = definition.job_retention, definition.max_retries
    return [
        ("keep jobs", duration(retention) if retention else None),
        ("notebook", definition.input_filename + (" with its folder" if definition.package_input_folder else "")),
        ("environment", ", ".join(filter(None, (definition.environment, definition.compute_type)))),
        ("parameters", "\n".join(f"{name} = {value}" for name, value in definition.parameters.items())),
        ("formats", ", ".join(definition.output_formats)),
        ("tags", ", ".join(definition.tags)),
        ("time limit", duration(definition.timeout) if definition.timeout else None),
        ("retries", str(retries) if retries else None),
        ("created", f"{local_time(definition.create_time)} ({ago(definition.create_time)})"),
        ("changed", f"{local_time(definition.update_time)} ({ago(definition.update_time)})"),
    ]
