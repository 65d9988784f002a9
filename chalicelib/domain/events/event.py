"""An event, as docs/events.md describes it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

__all__ = ["EVENT_SOURCE", "EVENT_VERSION", "Event", "EventKind", "iso_time"]

EVENT_SOURCE: Final = "jupyter-scheduler"
"""The `source` of every event."""

EVENT_VERSION: Final = "1"
"""Version of the details. A release that adds fields keeps it; one that changes or removes fields raises it."""


class EventKind(StrEnum):
    """The kinds of events: EventBridge's `detail-type`."""

    JOB_CREATED = "Job Created"
    JOB_STARTED = "Job Started"
    """The runner of an attempt has checked in; each attempt has one such event."""
    JOB_RETRIED = "Job Retried"
    """An attempt failed, and the job waits for the next one."""
    JOB_COMPLETED = "Job Completed"
    JOB_FAILED = "Job Failed"
    JOB_STOPPED = "Job Stopped"
    JOB_DELETED = "Job Deleted"
    """The job was deleted before it ended, so no event about its end follows."""
    TICK_MISSED = "Tick Missed"
    """Due times passed without a job, because the service was late by more than the catch-up window."""
    TICK_REFUSED = "Tick Refused"
    """The service created no job for a due time: the settings do not allow it, or a limit is reached."""
    TICK_SKIPPED = "Tick Skipped"
    """A due time was skipped because the previous job of the schedule had not ended."""
    DEFINITION_UNSCHEDULABLE = "Definition Unschedulable"
    """Background work for the definition fails lastingly: its schedule cannot be written, or its jobs cannot be created."""
    DEFINITION_FAILING = "Definition Failing"
    """A run failed after a success, or the first one did; again once a day while runs keep failing."""
    DEFINITION_LATE = "Definition Late"
    """No run for a due time has succeeded within the time that the definition sets. The next success ends it."""
    DEFINITION_RECOVERED = "Definition Recovered"
    """A run succeeded after others had failed or were late."""
    DEFINITION_PAUSED = "Definition Paused"
    """The service paused the schedule because too many runs failed in a row."""


@dataclass(frozen=True, kw_only=True)
class Event:
    """One event. The same change makes the same event, however often the table's stream delivers it."""

    event_id: str
    """Made from the record's id and what happened. Consumers can ignore an id that they know."""
    kind: EventKind
    time: datetime
    detail: Mapping[str, Any]
    is_repeated: bool = False
    """Whether people were told the same before: the problem that it is about was there already."""

    @property
    def whole_detail(self) -> dict[str, Any]:
        """The detail as EventBridge gets it, with the event's id and the version."""
        return {"version": EVENT_VERSION, "event_id": self.event_id, **self.detail}


def iso_time(instant: datetime | None) -> str | None:
    """Write an instant in UTC to the millisecond, such as `2026-11-27T06:00:00.000Z`; None stays None."""
    if instant is None:
        return None
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
