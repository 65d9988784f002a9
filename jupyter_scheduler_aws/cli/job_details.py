"""The rows of `nbjobs show`."""

from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from jupyter_scheduler_aws.api.job_models import Attempt, AttemptHistory, Job
from jupyter_scheduler_aws.api.job_texts import earlier_attempt_text, warning_text
from jupyter_scheduler_aws.api.response_models import OutputFile
from jupyter_scheduler_aws.cli.formatting import (
    cost_text,
    format_age,
    format_duration,
    format_size,
    local_time,
    notebook_text,
    outcome_message,
    parameters_text,
    phase_text,
    run_time,
    safe_line,
    safe_text,
    scheduled_time_text,
    status_text,
)
from jupyter_scheduler_aws.cli.tables import details_grid, plain_table

__all__ = ["job_details"]

Row = tuple[str, RenderableType | None]


def job_details(
    job: Job, files: Sequence[OutputFile], *, files_of: int = 0, history: AttemptHistory | None = None
) -> RenderableType:
    """Return the details of a job, its attempts if there are several, and its output files if there are any.

    Parameters
    ----------
    job
        The job.
    files
        Its files.
    files_of
        The attempt that made them; 0 if that is not known.
    history
        Its attempts, if there are several.
    """
    parts: list[RenderableType] = [safe_line(job.name, style="bold"), details_grid(_rows(job))]
    if history:
        parts += [Text(), *_attempts(history)]
    outputs = [file for file in files if file.file_format != "input"]
    if outputs:
        parts += [Text(), _file_table(outputs)]
        if 0 < files_of < job.attempt:
            parts.append(safe_line(f"  {earlier_attempt_text(files_of)}", style="yellow"))
        parts.append(safe_line(f"  download them:  nbjobs download {job.job_id}", style="dim"))
    return Group(*parts)


def _rows(job: Job) -> Iterator[Row]:
    yield "job", safe_line(job.job_id)
    yield "status", status_text(job.status)
    yield "phase", None if job.is_ended else phase_text(job)
    if job.is_ended and not job.is_completed:
        yield "outcome", safe_line(job.outcome.title if job.outcome else "", style="bold")
        yield "", outcome_message(job)
    for number, warning in enumerate(job.warnings):
        yield "" if number else "warnings", safe_text(warning_text(warning), style="yellow")
    if by := job.stopped_by:
        yield "stopped by", safe_line(f"{by.arn}, {local_time(by.time)}")
    yield "notebook", notebook_text(job)
    yield "environment", safe_line(", ".join(filter(None, (job.environment, job.compute_type))))
    yield "parameters", parameters_text(job)
    yield "formats", safe_line(", ".join(job.output_formats))
    yield "tags", safe_line(", ".join(job.tags))
    yield "definition", safe_line(job.job_definition_id or "")
    yield from _time_rows(job)


def _time_rows(job: Job) -> Iterator[Row]:
    if job.scheduled_time and job.scheduled_time != job.create_time:
        yield "scheduled for", scheduled_time_text(job.scheduled_time, job.timezone)
    yield "created", f"{local_time(job.create_time)} ({format_age(job.create_time)})"
    yield "started", local_time(job.start_time) if job.start_time else None
    yield "ended", f"{local_time(job.end_time)} ({format_age(job.end_time)})" if job.end_time else None
    yield "took" if job.is_ended else "running for", run_time(job)
    if job.attempt > 1 or job.max_retries:
        retries = "" if job.max_retries is None else f" ({job.max_retries} retries allowed)"
        yield "attempt", f"{job.attempt}{retries}"
    yield "cost", cost_text(job.cost) if job.cost else None
    yield "time limit", format_duration(job.timeout) if job.timeout else None


def _attempts(history: AttemptHistory) -> Iterator[RenderableType]:
    headings = ("ATTEMPT", "ENDED", "TOOK", "COMPUTE TYPE", "FILES", "OUTCOME")
    yield plain_table(headings, map(_attempt_cells, history.attempts))
    if left_out := history.attempts_left_out:
        yield safe_line(f"  {left_out} attempts in between are not on record any more.", style="dim")


def _attempt_cells(attempt: Attempt) -> tuple[str, ...]:
    start, end, outcome = attempt.start_time, attempt.end_time, attempt.outcome
    return (
        str(attempt.number),
        local_time(end) if end else "",
        format_duration(end - start) if start and end else "",
        attempt.compute_type + (" on Spot" if attempt.on_spot else ""),
        "" if attempt.files_count is None else str(attempt.files_count),
        ". ".join(filter(None, dict.fromkeys((outcome.title, outcome.message)))) if outcome else "",
    )


def _file_table(files: Sequence[OutputFile]) -> Table:
    table = Table(box=None, padding=(0, 1), header_style="bold", pad_edge=False)
    table.add_column("FILE", overflow="fold")
    table.add_column("SIZE", justify="right", no_wrap=True)
    for file in files:
        table.add_row(safe_line(file.path), format_size(file.size_bytes))
    return table
