"""Shows what goes on: one moving line on a terminal, plain lines, on change only, elsewhere."""

from datetime import datetime
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.text import Text

from jupyter_scheduler_aws.api.job_models import Job
from jupyter_scheduler_aws.cli.formatting import phase_text, size
from jupyter_scheduler_aws.sanitize import sanitize_line

__all__ = ["Activity"]


class Activity:
    """Something that takes its time; a context manager that clears its moving line at the end.

    Parameters
    ----------
    console
        Where to show it: stderr.
    says_lines
        Whether to write lines where nothing can move.
    """

    def __init__(self, console: Console, *, says_lines: bool = True) -> None:
        self._console = console
        self._says_lines = says_lines
        self._is_moving = console.is_terminal and not console.is_dumb_terminal
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[detail]}", style="dim", markup=False),
            TimeElapsedColumn(),
            console=console,
            transient=True,
        )
        self._task: TaskID | None = None
        self._said = ""

    def __enter__(self) -> Self:
        if self._is_moving:
            self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._is_moving:
            self._progress.stop()

    def begin(self, title: str) -> None:
        """Say what begins, such as `uploading`."""
        if not self._is_moving:
            self._say(title)
            return
        if self._task is not None:
            self._progress.remove_task(self._task)
        self._task = self._progress.add_task(title, total=None, detail="")

    def on_bytes(self, done: int, total: int) -> None:
        """Show how much of a transfer is done."""
        if self._task is not None:
            detail = f"{size(done)} of {size(total)}"
            self._progress.update(self._task, completed=done, total=total, detail=detail)

    def on_job(self, job: Job) -> None:
        """Show what a job is doing."""
        text = sanitize_line(phase_text(job))
        text = text if job.attempt <= 1 else f"{text} (attempt {job.attempt})"
        if self._task is None:
            self._say(text)
            return
        phase = job.phase
        cell, cells = (phase.cell, phase.cells) if phase and not job.is_ended else (None, None)
        # A cell that runs is not done yet.
        self._progress.update(
            self._task, description=text, completed=cell - 1 if cell else 0, total=cells, detail=sanitize_line(job.name)
        )

    def _say(self, text: str) -> None:
        if self._says_lines and text != self._said:
            self._said = text
            stamp = f"{datetime.now().astimezone():%H:%M:%S}"
            self._console.print(Text.assemble((stamp, "dim"), "  ", text), soft_wrap=True)
