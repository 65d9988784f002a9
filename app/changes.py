"""The entry point of the changes function, which loads only what this function uses."""

import chalicelib.services.changes
from chalicelib import events
from chalicelib.observability import observed

__all__ = ["handler"]

handler = observed(events.changes, name="changes")
