"""The messages of notifications: plain text, in the words of the outcome, without content of the notebook but its error."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from chalicelib.domain.costs import Cost
from chalicelib.domain.definitions.definition import Definition
from chalicelib.domain.events.event import Event, EventKind
from chalicelib.domain.job import Job
from chalicelib.domain.outcome import Outcome
from chalicelib.domain.sanitize import shorten

__all__ = ["Message", "definition_message", "job_message"]

_SUBJECT_CHARACTERS: Final = 150
_ERROR_LINES: Final = 12
_ERROR_CHARACTERS: Final = 1500

_VERBS: Final = {
    EventKind.JOB_STARTED: "started",
    EventKind.JOB_RETRIED: "failed and will be retried",
    EventKind.JOB_COMPLETED: "completed",
    EventKind.JOB_FAILED: "failed",
    EventKind.JOB_STOPPED: "was stopped",
    EventKind.DEFINITION_FAILING: "is failing",
    EventKind.DEFINITION_RECOVERED: "has recovered",
    EventKind.DEFINITION_PAUSED: "was paused",
    EventKind.DEFINITION_LATE: "has no result in time",
    EventKind.DEFINITION_UNSCHEDULABLE: "cannot be scheduled",
    EventKind.TICK_MISSED: "was missed",
    EventKind.TICK_REFUSED: "was not run",
    EventKind.TICK_SKIPPED: "was skipped",
}


@dataclass(frozen=True)
class Message:
    """A message."""

    subject: str
    """One line."""
    text: str
    """Plain text of several lines."""


def job_message(event: Event, job: Job, outcome: Outcome | None, cost: Cost | None) -> Message:
    """Return the message of an event about a job.

    Parameters
    ----------
    event, job
        The event, and the job after it.
    outcome
        How the job or its last attempt ended; None if the event is not about an end.
    cost
        What the job has cost so far.
    """
    verb = _VERBS[event.kind]
    lines = [
        f"{job.name} {verb}.",
        *_outcome_lines(outcome),
        "",
        *_job_lines(job, cost),
        "",
        *_job_commands(job.job_id),
    ]
    return _message(f"{job.name} {verb}{_in_short(outcome)}", lines)


def definition_message(event: Event, definition: Definition, job: Job | None, cost: Cost | None) -> Message:
    """Return the message of an event about a definition.

    Parameters
    ----------
    event, definition
        The event, and the definition after it.
    job, cost
        The run that the event is about and what it has cost; None if it is about no run.
    """
    verb, health = _VERBS[event.kind], definition.health
    about = _about(event, definition)
    outcome = job.outcome if job and event.kind in (EventKind.DEFINITION_FAILING, EventKind.DEFINITION_PAUSED) else None
    short = (
        f" ({health.failures:,} in a row)" if event.kind is EventKind.DEFINITION_FAILING and health.failures > 1 else ""
    )
    lines = [f"{definition.name} {verb}{short}.", *about, *_outcome_lines(outcome), ""]
    lines += [*(_job_lines(job, cost) if job else ()), *_definition_lines(definition), ""]
    lines += [*(_job_commands(job.job_id) if job else ()), f"nbjobs definitions show {definition.definition_id}"]
    return _message(f"{definition.name} {verb}{short}{_in_short(outcome)}", lines)


def _about(event: Event, definition: Definition) -> Iterator[str]:
    health, zone = definition.health, definition.timezone
    if problem := event.detail.get("problem"):
        yield str(problem["message"])
    if event.kind is EventKind.DEFINITION_FAILING and health.failing_since:
        yield f"It has failed since {_time(health.failing_since, zone)}. You are told once a day while it fails, and when it recovers."
    if event.kind is EventKind.DEFINITION_LATE:
        within = definition.options.success_within
        yield f"No run has succeeded within {_duration(within)} after it was due." if within else ""
    if event.kind is EventKind.TICK_SKIPPED and definition.last_skipped:
        yield f"The run of {_time(definition.last_skipped, zone)} was skipped, because the previous one had not ended."


def _outcome_lines(outcome: Outcome | None) -> Iterator[str]:
    if outcome is None or outcome.code == "succeeded":
        return
    where = f" in cell {outcome.cell}" if outcome.cell else ""
    yield f"{outcome.title}{where}."
    if outcome.message:
        last = outcome.message.strip().splitlines()[-_ERROR_LINES:]
        yield ""
        yield from (f"    {line}" for line in shorten("\n".join(last), _ERROR_CHARACTERS).splitlines())


def _in_short(outcome: Outcome | None) -> str:
    if outcome is None or outcome.code == "succeeded":
        return ""
    where = f" in cell {outcome.cell}" if outcome.cell else ""
    return f": {outcome.error_name or outcome.title}{where}"


def _job_lines(job: Job, cost: Cost | None) -> Iterator[str]:
    yield f"notebook:   {job.input_filename}"
    if job.scheduled_time:
        yield f"run for:    {_time(job.scheduled_time, job.timezone)}"
    if job.attempt:
        end = job.end_time or job.update_time
        took = f", took {_duration(end - job.start_time)}" if job.start_time and job.end_time else ""
        yield f"attempt:    {job.attempt} on {job.spec.compute_type}{took}"
    if cost:
        yield f"cost:       about {cost.estimate:.4f} {cost.currency} (prices of {cost.prices_as_of})"
    if job.spec.tags:
        yield f"tags:       {', '.join(job.spec.tags)}"


def _definition_lines(definition: Definition) -> Iterator[str]:
    zone, success = definition.timezone, definition.health.last_success
    if definition.schedule:
        yield f"schedule:   {definition.schedule} ({zone or 'UTC'})"
    if success:
        yield f"succeeded:  last for {_time(success.scheduled_time, zone)}"


def _job_commands(job_id: str) -> tuple[str, str]:
    return f"nbjobs show {job_id}", f"nbjobs download {job_id}"


def _message(subject: str, lines: list[str]) -> Message:
    """Make a message. Names and tags can contain anything, so each stays in its line; the lines of an error are indented."""
    text = "\n".join(
        line if line.startswith("    ") else shorten(line, _ERROR_CHARACTERS).replace("\n", " ") for line in lines
    )
    return Message(" ".join(shorten(subject, _SUBJECT_CHARACTERS).split()), f"{text}\n")


def _time(instant: datetime, zone: str | None) -> str:
    return f"{instant.astimezone(ZoneInfo(zone or 'UTC')):%Y-%m-%d %H:%M} {zone or 'UTC'}"


def _duration(span: timedelta) -> str:
    seconds = int(span.total_seconds())
    hours, minutes = seconds // 3600, seconds % 3600 // 60
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {seconds % 60} s" if minutes else f"{seconds} s"
