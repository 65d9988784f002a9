"""Sizes, times and states in words."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from rich.filesize import decimal
from rich.text import Text

from jupyter_scheduler_aws.api.job_models import Job, JobStatus
from jupyter_scheduler_aws.sanitize import sanitize_line, sanitize_text

__all__ = [
    "ago",
    "duration",
    "local_minute",
    "local_time",
    "phase_text",
    "shown",
    "shown_line",
    "size",
    "status_text",
    "took",
]

_STATUS_STYLES: Final[Mapping[str, str]] = {
    JobStatus.COMPLETED: "green",
    JobStatus.FAILED: "bold red",
    JobStatus.STOPPED: "yellow",
    JobStatus.STOPPING: "yellow",
    JobStatus.IN_PROGRESS: "cyan",
}

_PHASES: Final[Mapping[str, str]] = {
    "waiting": "waiting for a slot",
    "launching": "asking AWS for a container",
    "provisioning": "starting the container",
    "starting_kernel": "starting the kernel",
    "running": "running",
    "converting": "making the output formats",
    "uploading": "uploading the outputs",
}

_MINUTE: Final = 60
_HOUR: Final = 3600
_DAY: Final = 86400


def shown(text: str, *, style: str = "") -> Text:
    """Make a text of the service's plain before it is laid out; the console would do it only afterwards."""
    return Text(sanitize_text(text), style=style)


def shown_line(text: str, *, style: str = "") -> Text:
    """As `shown`, in one line: a name, a path, a cell of a table."""
    return Text(sanitize_line(text), style=style)


def size(count: int) -> str:
    """Write a number of bytes, such as `5.1 kB`."""
    return "1 byte" if count == 1 else decimal(count)


def duration(span: timedelta) -> str:
    """Write a length of time in its two largest units, such as `1 min 5 s`."""
    seconds = max(0, round(span.total_seconds()))
    if seconds < _MINUTE:
        return f"{seconds} s"
    if seconds < _HOUR:
        return _units(seconds // _MINUTE, "min", seconds % _MINUTE, "s")
    if seconds < _DAY:
        return _units(seconds // _HOUR, "h", seconds % _HOUR // _MINUTE, "min")
    return _units(seconds // _DAY, "d", seconds % _DAY // _HOUR, "h")


def _units(large: int, large_unit: str, small: int, small_unit: str) -> str:
    return f"{large} {large_unit} {small} {small_unit}" if small else f"{large} {large_unit}"


def ago(instant: datetime, *, now: datetime | None = None) -> str:
    """Say how long ago something was, in its largest unit."""
    seconds = ((now or datetime.now(UTC)) - instant).total_seconds()
    if seconds < _MINUTE:
        return "just now"
    if seconds < _HOUR:
        return f"{seconds // _MINUTE:.0f} min ago"
    if seconds < _DAY:
        return f"{seconds // _HOUR:.0f} h ago"
    return f"{seconds // _DAY:.0f} d ago"


def local_time(instant: datetime) -> str:
    """Write an instant in the zone of this machine, to the second."""
    return f"{instant.astimezone():%Y-%m-%d %H:%M:%S %Z}"


def local_minute(instant: datetime) -> str:
    """Write an instant in the zone of this machine, to the minute."""
    return f"{instant.astimezone():%Y-%m-%d %H:%M}"


def took(job: Job, *, now: datetime | None = None) -> str:
    """Say how long a job ran, or has been running; empty if it never started."""
    if job.start_time is None:
        return ""
    if job.end_time is None and job.is_ended:
        return ""
    return duration((job.end_time or now or datetime.now(UTC)) - job.start_time)


def status_text(status: str) -> Text:
    """Write a status in its colour."""
    return shown_line(status, style=_STATUS_STYLES.get(status, ""))


def phase_text(job: Job) -> str:
    """Say what a job is doing."""
    phase = job.phase
    if job.is_ended or phase is None:
        return job.status.lower().replace("_", " ")
    if job.status == JobStatus.STOPPING:
        return "stopping"
    if phase.cell and phase.cells:
        return f"cell {phase.cell} of {phase.cells}"
    return phase.message or _PHASES.get(phase.code, phase.code.replace("_", " "))
