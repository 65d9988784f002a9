"""Retry what fails because another of MiniStack's threads changed a dictionary during iteration."""

from collections.abc import Callable
from typing import Final, TypeVar

__all__ = ["retry_on_concurrent_change"]

T = TypeVar("T")

_MESSAGE: Final = "changed size during iteration"
"""What Python's RuntimeError says in this case."""

_MAX_ATTEMPTS: Final = 20
"""More than the threads that could interfere."""


def retry_on_concurrent_change(step: Callable[[], T]) -> T:
    """Run a step, and repeat it if a dictionary changes during its iteration; the step must be idempotent.

    Raises
    ------
    RuntimeError
        If it fails at every attempt, or for another reason.
    """
    for _ in range(_MAX_ATTEMPTS - 1):
        try:
            return step()
        except RuntimeError as error:
            if _MESSAGE not in str(error):
                raise
    return step()
