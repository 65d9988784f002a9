"""A deadline over several requests and their retries, for callers who wait."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

__all__ = ["deadline", "remaining_seconds"]

_END: Final[ContextVar[float | None]] = ContextVar("_END", default=None)
"""When the requests of this context end, on the monotonic clock [s]."""


@contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """Bound all requests inside the block: no try starts, waits or is repeated after the deadline. An earlier deadline stays.

    Parameters
    ----------
    seconds
        Time from now [s].
    """
    end, outer = time.monotonic() + seconds, _END.get()
    token = _END.set(end if outer is None else min(end, outer))
    try:
        yield
    finally:
        _END.reset(token)


def remaining_seconds() -> float | None:
    """Return the time until the deadline [s], at least 0; None if there is none."""
    end = _END.get()
    return None if end is None else max(0.0, end - time.monotonic())
