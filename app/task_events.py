"""The entry point of the task-events function, which loads only what this function uses."""

import chalicelib.services.task_events
from chalicelib import events
from chalicelib.observability import observed

__all__ = ["handler"]

handler = observed(events.task_events, name="task-events")
