"""Sizes, times, durations and states as text."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from math import floor, log10
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from rich.text import Text

from jupyter_scheduler_aws.api.definition_models import Definition
from jupyter_scheduler_aws.api.job_models import Cost, Job
from jupyter_scheduler_aws.enums import JobStatus
from jupyter_scheduler_aws.sanitize import sanitize_line, sanitize_text

__all__ = [
    "cost_text",
    "format_age",
    "format_duration",
    "format_size",
    "local_minute",
    "local_time",
    "notebook_text",
    "outcome_message",
    "parameters_text",
    "phase_text",
    "price_text",
    "run_time",
    "safe_line",
    "safe_text",
    "scheduled_time_text",
    "status_text",
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
    "launching": "requesting a container",
    "provisioning": "starting the container",
    "starting_kernel": "starting the kernel",
    "running": "running",
    "converting": "converting the outputs",
    "uploading": "uploading the outputs",
}

_MINUTE: Final = 60
_HOUR: Final = 3600
_DAY: Final = 86400
_UNITS: Final = ((_DAY, "d", _HOUR, "h"), (_HOUR, "h", _MINUTE, "min"), (_MINUTE, "min", 1, "s"))
"""A unit and the next smaller one, each in seconds with its abbreviation."""

_KIB: Final = 1024
_BINARY_UNITS: Final = ("KiB", "MiB", "GiB", "TiB")


def safe_text(text: str, *, style: str = "") -> Text:
    """Sanitize untrusted text before rich lays it out. The console sanitizes only the result."""
    return Text(sanitize_text(text), style=style)


def safe_line(text: str, *, style: str = "") -> Text:
    """Sanitize untrusted text that must stay on one line, such as a name or a path."""
    return Text(sanitize_line(text), style=style)


def format_size(size_bytes: int) -> str:
    """Format a number of bytes, such as `5.1 KiB`."""
    if size_bytes < _KIB:
        return "1 byte" if size_bytes == 1 else f"{size_bytes} bytes"
    exponent = min((size_bytes.bit_length() - 1) // 10, len(_BINARY_UNITS))
    return f"{size_bytes / _KIB**exponent:,.1f} {_BINARY_UNITS[exponent - 1]}"


def format_duration(duration: timedelta) -> str:
    """Format a duration in its two largest units, such as `1 min 5 s`."""
    seconds = max(0, round(duration.total_seconds()))
    for large, large_unit, small, small_unit in _UNITS:
        if seconds >= large:
            rest = seconds % large // small
            return f"{seconds // large} {large_unit}" + (f" {rest} {small_unit}" if rest else "")
    return f"{seconds} s"


def format_age(instant: datetime, *, now: datetime | None = None) -> str:
    """Format how long ago something was, in its largest unit."""
    age = (now or datetime.now(UTC)) - instant
    if age.total_seconds() < _MINUTE:
        return "just now"
    number, unit, *_ = format_duration(timedelta(seconds=int(age.total_seconds()))).split()
    return f"{number} {unit} ago"


def local_time(instant: datetime) -> str:
    """Format a time in the zone of this machine, to the second."""
    return f"{instant.astimezone():%Y-%m-%d %H:%M:%S %Z}"


def local_minute(instant: datetime) -> str:
    """Format a time in the zone of this machine, to the minute."""
    return f"{instant.astimezone():%Y-%m-%d %H:%M}"


def price_text(amount: float, currency: str) -> str:
    """Format a price with two digits that count, at least cents: `0.0012 USD`, `3.40 USD`."""
    digits = max(2, 1 - floor(log10(amount))) if amount else 2
    return f"{amount:,.{digits}f} {sanitize_line(currency)}"


def cost_text(cost: Cost) -> str:
    """Format what attempts cost."""
    hours = f"{cost.vcpu_seconds / 3600:.2g} vCPU-hours, {cost.gib_seconds / 3600:.2g} GiB-hours"
    prices = f"prices of {sanitize_line(cost.prices_as_of)}"
    return f"about {price_text(cost.estimate, cost.currency)} ({hours}; {prices}, without the start)"


def scheduled_time_text(instant: datetime, timezone: str | None) -> str:
    """Format the time that a job is for in the zone of its definition, as templates of parameters show it; without one, in UTC."""
    try:
        return f"{instant.astimezone(ZoneInfo(timezone or 'UTC')):%Y-%m-%d %H:%M %Z}"
    except (ZoneInfoNotFoundError, ValueError):  # this machine does not know the zone
        return f"{instant.astimezone(UTC):%Y-%m-%d %H:%M %Z}"


def run_time(job: Job, *, now: datetime | None = None) -> str:
    """Format how long a job ran or has been running. Empty if it never started."""
    end = job.end_time or (None if job.is_ended else now or datetime.now(UTC))
    return format_duration(end - job.start_time) if job.start_time and end else ""


def status_text(status: str) -> Text:
    """Return a status in its color."""
    return safe_line(status, style=_STATUS_STYLES.get(status, ""))


def phase_text(job: Job) -> str:
    """Describe what a job is doing."""
    phase = job.phase
    if job.is_ended or phase is None:
        return job.status.lower().replace("_", " ")
    if job.status == JobStatus.STOPPING:
        return "stopping"
    if phase.cell and phase.cells:
        return f"cell {phase.cell} of {phase.cells}"
    return phase.message or _PHASES.get(phase.code, phase.code.replace("_", " "))


def outcome_message(job: Job) -> str:
    """Return why a job ended, unless its title says the same."""
    title, message = (job.outcome.title, job.outcome.message) if job.outcome else ("", "")
    message = message or job.status_message or ""
    return "" if message == title else message


def notebook_text(source: Job | Definition) -> str:
    """Return the name of the notebook, and whether its folder is part of the input."""
    return sanitize_line(source.input_filename) + (" with its folder" if source.package_input_folder else "")


def parameters_text(source: Job | Definition) -> str:
    """Return the parameters, one on each line."""
    return "\n".join(f"{name} = {value}" for name, value in source.parameters.items())
