"""The entry point of the dispatch function, which loads only what this function uses."""

import chalicelib.services.dispatch
from chalicelib import events
from chalicelib.observability import observed

__all__ = ["handler"]

handler = observed(events.dispatch, name="dispatch")
