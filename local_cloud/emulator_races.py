"""MiniStack's threads go through dictionaries that other threads change: a step that met such a change is done again."""

from collections.abc import Callable
from typing import Final, TypeVar

__all__ = ["again_after_race"]

T = TypeVar("T")

_RACE: Final = "changed size during iteration"
"""How Python says it."""

_TRIES: Final = 20
"""More than there are threads that could get in the way."""


def again_after_race(step: Callable[[], T]) -> T:
    """Run a step, again if what it went through was changed meanwhile; the step must do no harm when it is repeated.

    Raises
    ------
    RuntimeError
        If that happens every time, or for another reason.
    """
    for _ in range(_TRIES - 1):
        try:
            return step()
        except RuntimeError as error:
            if _RACE not in str(error):
                raise
    return step()
