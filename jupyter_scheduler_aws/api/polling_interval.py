"""How often the client polls while it waits for a job."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

__all__ = ["PollingInterval"]


@dataclass(frozen=True, kw_only=True)
class PollingInterval:
    """The time between two requests for the state of a job; it grows while the job runs."""

    first_seconds: float = 1
    """Between the first two polls [s]."""

    max_seconds: float = 5
    """Upper bound [s]."""

    growth: float = 1.25
    """Factor from one interval to the next: the longest one comes after eight polls."""

    sleep: Callable[[float], None] = time.sleep
    """Waits for a number of seconds; replace it to make tests fast."""

    def polls(self) -> Iterator[None]:
        """Yield at once, and then at growing intervals without end."""
        interval = self.first_seconds
        while True:
            yield
            self.sleep(interval)
            interval = min(interval * self.growth, self.max_seconds)
