"""The entry point of the cleanup function, which loads only what this function uses."""

import chalicelib.services.cleanup
import chalicelib.services.definition_cleanup
import chalicelib.services.unfinished_copies
import chalicelib.services.upload_and_log_cleanup
from chalicelib import events
from chalicelib.observability import observed

__all__ = ["handler"]

handler = observed(events.cleanup, name="cleanup")
