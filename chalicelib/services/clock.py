"""The clock of the services; tests pass another one."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

__all__ = ["NEVER", "Clock", "system_clock"]

NEVER: Final = datetime.max.replace(tzinfo=UTC)
"""An instant that does not come: for work without a time limit."""

Clock = Callable[[], datetime]
"""Returns the time, as an aware datetime in UTC."""


def system_clock() -> datetime:
    """Return the machine's time."""
    return datetime.now(UTC)
