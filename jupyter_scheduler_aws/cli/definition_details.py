"""The rows of `nbjobs definitions show`, and what a command prints about a definition that it changed."""

from collections.abc import Iterator

from rich.console import Group, RenderableType

from jupyter_scheduler_aws.api.definition_models import Definition
from jupyter_scheduler_aws.api.job_models import Job
from jupyter_scheduler_aws.api.job_texts import warning_text
from jupyter_scheduler_aws.cli.crontab_text import zone_time
from jupyter_scheduler_aws.cli.formatting import (
    format_age,
    format_duration,
    local_time,
    notebook_text,
    parameters_text,
    safe_line,
)
from jupyter_scheduler_aws.cli.tables import details_grid
from jupyter_scheduler_aws.cli.terminal import Terminal
from jupyter_scheduler_aws.crontab_words import describe_crontab

__all__ = ["definition_details", "show_change"]


def show_change(terminal: Terminal, definition: Definition) -> None:
    """Print the result line for programs, and to stderr the schedule, the next run and problems."""
    terminal.result(f"definition: {definition.definition_id} {definition.state}")
    if definition.schedule and definition.next_run_time:
        words = describe_crontab(definition.schedule)
        terminal.note(f"  schedule:   {definition.schedule}" + (f" ({words})" if words else ""))
        terminal.note(f"  next run:   {zone_time(definition.next_run_time, definition.timezone)}")
    elif definition.state == "ended":
        terminal.note("  next run:   none: the end or the maximum number of runs is reached", style="yellow")
    for problem in definition.problems:
        terminal.note(f"  problem:    {problem.title}. {problem.message}", style="yellow")


def definition_details(definition: Definition, last_job: Job | None = None) -> RenderableType:
    """Return the details of a definition, and how its last scheduled job has ended."""
    grid = details_grid([*_schedule_rows(definition, last_job), *_job_rows(definition)])
    hint = safe_line(f"  its jobs:  nbjobs list --definition {definition.definition_id}", style="dim")
    return Group(safe_line(definition.name, style="bold"), grid, hint)


def _schedule_rows(definition: Definition, last_job: Job | None) -> Iterator[tuple[str, str | None]]:
    yield "definition", definition.definition_id
    yield "state", definition.state
    for problem in definition.problems:
        since = f"since {local_time(problem.since)}, {problem.attempts} attempt{'s' * (problem.attempts != 1)}"
        yield "problem", f"{problem.title} ({since})\n{problem.message}"
    if taken := definition.taken_over:
        new = f"as {taken.definition_id}, {local_time(taken.by.time)}"
        yield "taken over", f"by {taken.by.arn} ({taken.by.owner_id})\n{new}"
    if definition.schedule:
        yield "schedule", definition.schedule
        yield "", describe_crontab(definition.schedule)
        yield "zone", definition.timezone or "UTC"
    if definition.next_run_time:
        yield "next run", zone_time(definition.next_run_time, definition.timezone)
    if last := definition.last_run:
        status = f" {last_job.status}" if last_job else ""
        yield "last run", f"{zone_time(last.due_time, definition.timezone)}: job {last.job_id}{status}"
        for warning in last_job.warnings if last_job else ():
            yield "", f"! {warning_text(warning)}"
    yield "runs", f"{definition.run_count}" + (f" of {definition.max_runs}" if definition.max_runs else "")
    if success := definition.last_success:
        yield "last success", f"{zone_time(success.scheduled_time, definition.timezone)}: job {success.job_id}"
    if definition.consecutive_failures and definition.failing_since:
        since = f"since {local_time(definition.failing_since)}"
        yield "failures", f"{definition.consecutive_failures} in a row, {since}"
    yield "late", f"since {local_time(definition.late_since)}" if definition.late_since else None
    yield "missed", str(definition.missed_count) if definition.missed_count else None
    yield "skipped", str(definition.skipped_count) if definition.skipped_count else None
    yield "start", local_time(definition.start) if definition.start else None
    yield "end", local_time(definition.end) if definition.end else None
    yield "overlap", definition.overlap_policy
    yield "catch-up", format_duration(definition.catch_up) if definition.catch_up else "none"
    yield "succeeds", f"within {format_duration(definition.success_within)}" if definition.success_within else None
    if definition.pause_after_failures is not None:
        most = definition.pause_after_failures
        yield "pauses", f"after {most} failed run{'s' * (most != 1)} in a row" if most else "never"


def _retries(definition: Definition) -> str:
    wait = definition.min_retry_interval
    parts = [
        str(definition.max_retries),
        "also after the time limit" if definition.retry_on_timeout else "",
        f"after {format_duration(wait)}" if wait else "",
    ]
    return ", ".join(filter(None, parts))


def _job_rows(definition: Definition) -> Iterator[tuple[str, str | None]]:
    yield "keep jobs", format_duration(definition.job_retention) if definition.job_retention else None
    yield "keep last", str(definition.keep_last) if definition.keep_last else None
    yield "notebook", notebook_text(definition)
    yield "environment", ", ".join(filter(None, (definition.environment, definition.compute_type)))
    yield "parameters", parameters_text(definition)
    yield "formats", ", ".join(definition.output_formats)
    yield "tags", ", ".join(definition.tags)
    yield "notify", ", ".join(definition.notify)
    yield "time limit", format_duration(definition.timeout) if definition.timeout else None
    yield "retries", _retries(definition) if definition.max_retries else None
    yield "created", f"{local_time(definition.create_time)} ({format_age(definition.create_time)})"
    yield "changed", f"{local_time(definition.update_time)} ({format_age(definition.update_time)})"
