"""The entry point of the notifications function, which loads only what this function uses."""

import chalicelib.services.notifications
from chalicelib import events
from chalicelib.observability import observed

__all__ = ["handler"]

handler = observed(events.notifications, name="notifications")
