"""Which steps the client retries, how often, and with what backoff."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from jupyter_scheduler_aws.api.deadline import remaining_seconds
from jupyter_scheduler_aws.errors import SchedulerClientError

if TYPE_CHECKING:
    from tenacity import RetryCallState

__all__ = ["RetryPolicy", "RetryableError"]

T = TypeVar("T")


class RetryableError(Exception):
    """Raised by a step that may succeed if it is retried.

    Parameters
    ----------
    error
        What to raise after the last attempt.
    retry_after_seconds
        The delay that the other side asked for [s], if any.
    """

    def __init__(self, error: SchedulerClientError, *, retry_after_seconds: float | None = None) -> None:
        super().__init__(str(error))
        self.error = error
        self.retry_after_seconds = retry_after_seconds


@dataclass(frozen=True, kw_only=True)
class RetryPolicy:
    """How often a step is retried: exponential backoff with jitter, or the delay that the other side asks for."""

    max_attempts: int = 6
    """With the delays below, they take about 15 s, longer than a short outage of a gateway."""

    first_delay_seconds: float = 0.5
    """Upper bound of the first delay [s]; it doubles with each attempt."""

    max_delay_seconds: float = 20
    """Upper bound of the backoff [s]."""

    max_retry_after_seconds: float = 120
    """Upper bound of a delay that the other side asks for [s]."""

    sleep: Callable[[float], None] = time.sleep
    """Waits for a number of seconds; replace it to make tests fast."""

    def run(self, step: Callable[[], T]) -> T:
        """Run a step until it succeeds, raises something other than `RetryableError`, or has no attempts or no time left: see `deadline`.

        Raises
        ------
        SchedulerClientError
            The error in the last `RetryableError`.
        """
        try:
            return step()
        except RetryableError as error:
            first = error
        return self._retry(step, first)

    def _retry(self, step: Callable[[], T], first: RetryableError) -> T:
        """Go on after the first attempt. Only this imports tenacity: most steps succeed at once."""
        from tenacity import Retrying, retry_if_exception_type

        failures = [first]

        def attempt() -> T:
            if failures:
                raise failures.pop()
            return step()

        retrying = Retrying(
            stop=self._is_last,
            wait=self._delay,
            retry=retry_if_exception_type(RetryableError),
            sleep=self.sleep,
            reraise=True,
        )
        try:
            return retrying(attempt)
        except RetryableError as last:
            raise last.error from last.__cause__

    def _is_last(self, state: "RetryCallState") -> bool:
        """Return whether there are no attempts left, or the next one would start after the deadline."""
        remaining = remaining_seconds()
        return state.attempt_number >= self.max_attempts or (
            remaining is not None and state.upcoming_sleep >= remaining
        )

    def _delay(self, state: "RetryCallState") -> float:
        from tenacity import wait_exponential

        error = state.outcome.exception() if state.outcome else None
        if isinstance(error, RetryableError) and error.retry_after_seconds is not None:
            return min(error.retry_after_seconds, self.max_retry_after_seconds)
        bound = wait_exponential(multiplier=self.first_delay_seconds, max=self.max_delay_seconds)(state)
        return bound * random.uniform(0.5, 1)  # noqa: S311 - it spreads requests and protects no secret
