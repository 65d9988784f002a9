"""The bounds of an exploration."""

from typing import NamedTuple

__all__ = ["Bounds"]


class Bounds(NamedTuple):
    """The bounds of the exploration."""

    operations: int = 2
    """The number of functions that run at the same time."""
    double: bool = True
    """Whether the first launch may start two tasks by mistake."""
    faults: bool = True
    """Whether a function may be interrupted between two calls, and the response to a launch be lost or delayed for hours."""
    outages: bool = False
    """Whether the service may become unreachable for all runners."""
    late_results: bool = True
    """Whether a runner may be lost, or report, between the end of its notebook and the storing of its result."""
    last_attempt_without_capacity: int = 1
    """The last attempt for which ECS may lack capacity repeatedly; later ones only until the capacity deadline."""
