"""Everything about one job, for a person."""

from collections.abc import Iterable, Iterator, Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from jupyter_scheduler_aws.api.job_models import Job
from jupyter_scheduler_aws.api.response_models import OutputFile
from jupyter_scheduler_aws.cli.formatting import (
    ago,
    duration,
    local_time,
    phase_text,
    shown,
    shown_line,
    size,
    status_text,
    took,
)

__all__ = ["job_details"]


def job_details(job: Job, files: Sequence[OutputFile]) -> RenderableType:
    """Lay out a job, and its files if there are any."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    for label, value in _rows(job):
        grid.add_row(label, value)
    parts: list[RenderableType] = [shown_line(job.name, style="bold"), grid]
    outputs = [file for file in files if file.file_format != "input"]
    if outputs:
        parts += [Text(), _files(outputs), shown_line(f"  get them:  nbjobs download {job.job_id}", style="dim")]
    return Group(*parts)


def _rows(job: Job) -> Iterator[tuple[str, RenderableType]]:
    yield "job", shown_line(job.job_id)
    yield "status", status_text(job.status)
    if not job.is_ended:
        yield "doing", shown(phase_text(job))
    yield from _outcome_rows(job)
    yield from _stopped_rows(job)
    yield "notebook", shown_line(job.input_filename + (" with its folder" if job.package_input_folder else ""))
    yield "environment", shown_line(", ".join(filter(None, (job.environment, job.compute_type))))
    yield from _optional("parameters", shown("\n".join(f"{name} = {value}" for name, value in job.parameters.items())))
    yield from _optional("formats", shown_line(", ".join(job.output_formats)))
    yield from _optional("tags", shown_line(", ".join(job.tags)))
    yield from _optional("definition", shown_line(job.job_definition_id or ""))
    yield from _time_rows(job)


def _stopped_rows(job: Job) -> Iterator[tuple[str, RenderableType]]:
    if by := job.stopped_by:
        yield "stopped by", shown_line(f"{by.arn}, {local_time(by.time)}")


def _outcome_rows(job: Job) -> Iterator[tuple[str, RenderableType]]:
    if job.is_completed or not job.is_ended:
        return
    title = job.outcome.title if job.outcome else ""
    message = (job.outcome.message if job.outcome else "") or job.status_message or ""
    yield from _optional("outcome", shown_line(title, style="bold"))
    yield from _optional("", shown(message if message != title else ""))


def _time_rows(job: Job) -> Iterator[tuple[str, RenderableType]]:
    yield "created", f"{local_time(job.create_time)} ({ago(job.create_time)})"
    if job.start_time:
        yield "started", local_time(job.start_time)
    if job.end_time:
        yield "ended", f"{local_time(job.end_time)} ({ago(job.end_time)})"
    yield from _optional("took" if job.is_ended else "runs for", Text(took(job)))
    if job.attempt > 1 or job.max_retries:
        retries = "" if job.max_retries is None else f" ({job.max_retries} retries allowed)"
        yield "attempt", f"{job.attempt}{retries}"
    if job.timeout:
        yield "time limit", duration(job.timeout)


def _optional(label: str, value: Text) -> Iterable[tuple[str, RenderableType]]:
    return [(label, value)] if value.plain else []


def _files(files: Sequence[OutputFile]) -> Table:
    table = Table(box=None, padding=(0, 1), header_style="bold", pad_edge=False)
    table.add_column("FILE", overflow="fold")
    table.add_column("SIZE", justify="right", no_wrap=True)
    for file in files:
        table.add_row(shown_line(file.path), size(file.size_bytes))
    return table
