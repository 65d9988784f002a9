"""How fast the client repeats and polls."""

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from jupyter_scheduler_aws.errors import SchedulerClientError

__all__ = ["RepeatError", "RetryPolicy"]

T = TypeVar("T")


class RepeatError(Exception):
    """Raised by a step that may succeed if it is repeated.

    Parameters
    ----------
    error
        What to raise when there is no patience left.
    after_seconds
        How long the other side asked to wait, if it did [s].
    """

    def __init__(self, error: SchedulerClientError, *, after_seconds: float | None = None) -> None:
        super().__init__(str(error))
        self.error = error
        self.after_seconds = after_seconds


@dataclass(frozen=True, kw_only=True)
class RetryPolicy:
    """How often a step is repeated, how long is waited between, and how often a job is looked at."""

    tries: int = 6
    """Times that a step is tried: with the delays below some 15 s, longer than a gateway's hiccup."""

    first_delay_seconds: float = 0.5
    """Upper bound of the first delay [s]; it doubles each time."""

    longest_delay_seconds: float = 20
    """Upper bound of any delay of our own choice [s]."""

    longest_asked_delay_seconds: float = 120
    """Upper bound of a delay that the other side asks for [s]."""

    first_poll_seconds: float = 1
    """Time between the first two looks at a job [s]."""

    longest_poll_seconds: float = 5
    """Time between looks at a job that takes long [s]."""

    poll_growth: float = 1.25
    """Factor from one such time to the next: eight looks until the longest."""

    sleep: Callable[[float], None] = time.sleep
    """Waits; another function makes tests fast."""

    def repeat(self, step: Callable[[], T]) -> T:
        """Run a step until it succeeds, raises something other than `RepeatError`, or was tried often enough.

        Raises
        ------
        SchedulerClientError
            The error that the last `RepeatError` carries.
        """
        for attempt in range(1, self.tries):
            try:
                return step()
            except RepeatError as repeat:
                self.sleep(self._delay(attempt, repeat.after_seconds))
        try:
            return step()
        except RepeatError as repeat:
            raise repeat.error from repeat.__cause__

    def polls(self) -> Iterator[None]:
        """Yield at once, and then at growing intervals without an end."""
        interval = self.first_poll_seconds
        while True:
            yield
            self.sleep(interval)
            interval = min(interval * self.poll_growth, self.longest_poll_seconds)

    def _delay(self, attempt: int, asked_seconds: float | None) -> float:
        if asked_seconds is not None:
            return min(asked_seconds, self.longest_asked_delay_seconds)
        bound: float = min(self.first_delay_seconds * 2 ** (attempt - 1), self.longest_delay_seconds)
        return bound * random.uniform(0.5, 1)  # noqa: S311 - spreads clients, keeps no secret
