"""Progress on stderr: one animated line on a terminal, with the last lines of a log, otherwise a plain line for each change."""

from collections.abc import Sequence
from datetime import datetime
from types import TracebackType
from typing import Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.text import Text

from jupyter_scheduler_aws.api.job_models import Job
from jupyter_scheduler_aws.cli.formatting import format_size, phase_text
from jupyter_scheduler_aws.sanitize import sanitize_line

__all__ = ["ProgressLine"]


class ProgressLine:
    """The progress of one command. As a context manager, it clears the animated line at the end.

    Parameters
    ----------
    console
        The console for stderr.
    prints_lines
        Whether to print plain lines if the console is not a terminal.
    is_quiet
        Whether to show nothing at all.
    """

    def __init__(self, console: Console, *, prints_lines: bool = True, is_quiet: bool = False) -> None:
        self._console = console
        self._prints_lines = prints_lines and not is_quiet
        self.is_animated = console.is_terminal and not console.is_dumb_terminal and not is_quiet
        """Whether the progress is one animated line, with the last lines of a log below it."""
        self._tail: Sequence[str] = ()
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[detail]}", style="dim", markup=False),
            TimeElapsedColumn(),
            console=console,
        )
        self._live = Live(console=console, get_renderable=self._view, transient=True, refresh_per_second=10)
        self._task: TaskID | None = None
        self._last_line = ""

    def __enter__(self) -> Self:
        if self.is_animated:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.is_animated:
            self._live.stop()

    def start(self, title: str) -> None:
        """Show that a step starts, such as `uploading`."""
        if not self.is_animated:
            self._print_line(title)
            return
        if self._task is not None:
            self._progress.remove_task(self._task)
        self._task = self._progress.add_task(title, total=None, detail="")

    def on_bytes(self, done: int, total: int) -> None:
        """Show how much is transferred."""
        if self._task is not None:
            detail = f"{format_size(done)} of {format_size(total)}"
            self._progress.update(self._task, completed=done, total=total, detail=detail)

    def on_job(self, job: Job) -> None:
        """Show the phase of a job."""
        text = sanitize_line(phase_text(job))
        text = text if job.attempt <= 1 else f"{text} (attempt {job.attempt})"
        if self._task is None:
            self._print_line(text)
            return
        phase = job.phase
        cell, cells = (phase.cell, phase.cells) if phase and not job.is_ended else (None, None)
        # The current cell is not done yet.
        self._progress.update(
            self._task, description=text, completed=cell - 1 if cell else 0, total=cells, detail=sanitize_line(job.name)
        )

    def on_count(self, done: int, total: int, detail: str) -> None:
        """Show how many of several jobs have ended."""
        text = f"{done} of {total} ended"
        if self._task is None:
            self._print_line(f"{text}, {detail}" if detail else text)
        else:
            self._progress.update(self._task, description=text, completed=done, total=total, detail=detail)

    def show_tail(self, lines: Sequence[str]) -> None:
        """Show the last lines of a log below an animated line; the lines are sanitized."""
        self._tail = lines

    def _view(self) -> RenderableType:
        lines = (Text(f"  {line}", style="dim", no_wrap=True, overflow="ellipsis") for line in self._tail)
        return Group(self._progress.get_renderable(), *lines)

    def _print_line(self, text: str) -> None:
        if self._prints_lines and text != self._last_line:
            self._last_line = text
            time = f"{datetime.now().astimezone():%H:%M:%S}"
            self._console.print(Text.assemble((time, "dim"), "  ", text), soft_wrap=True)
