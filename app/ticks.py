"""The entry point of the ticks function, which loads only what this function uses."""

import chalicelib.services.late_definitions
import chalicelib.services.missed_ticks
import chalicelib.services.schedule_sync
import chalicelib.services.ticks
from chalicelib import events
from chalicelib.observability import observed

__all__ = ["handler"]

handler = observed(events.ticks, name="ticks")
