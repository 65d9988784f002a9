"""The retry policy of every request: exponential backoff with jitter."""

import random
import time
from collections.abc import Iterator

__all__ = ["backoff_delays"]


def backoff_delays(*, total_seconds: float, first_seconds: float = 0.5, longest_seconds: float = 15) -> Iterator[float]:
    """Yield the delays [s] between attempts. They double, with a jitter of one half each way, until the time is used up.

    Parameters
    ----------
    total_seconds
        The time for all delays, counted from the first one that is requested.
    first_seconds, longest_seconds
        The first delay and the longest, before jitter.
    """
    end = time.monotonic() + total_seconds
    delay = first_seconds
    while (left := end - time.monotonic()) > 0:
        yield min(left, delay * random.uniform(0.5, 1.5))  # noqa: S311 - spreads load, protects nothing
        delay = min(delay * 2, longest_seconds)
