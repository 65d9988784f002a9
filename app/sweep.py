"""The entry point of the sweep function, which loads only what this function uses."""

import chalicelib.services.definition_sweep
import chalicelib.services.notifications
import chalicelib.services.orphaned_tasks
import chalicelib.services.sweep
import chalicelib.services.waiting_jobs
from chalicelib import events
from chalicelib.observability import observed

__all__ = ["handler"]

handler = observed(events.sweep, name="sweep")
