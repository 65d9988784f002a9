"""The clock that services are given: tests give them another."""

from collections.abc import Callable
from datetime import UTC, datetime

__all__ = ["Clock", "system_clock"]

Clock = Callable[[], datetime]
"""Tells the time, as an aware datetime in UTC."""


def system_clock() -> datetime:
    """Tell the machine's time."""
    return datetime.now(UTC)
