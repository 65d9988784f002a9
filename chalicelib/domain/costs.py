"""What attempts have used and cost: an estimate from the operator's price table, not a bill."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from chalicelib.config import ComputeType, Prices
from chalicelib.domain.attempt import Attempt

__all__ = ["Cost", "cost_of", "hourly_price"]

_BILLED_SECONDS: Final = 60
"""Fargate bills a container for at least a minute (https://aws.amazon.com/fargate/pricing/)."""


@dataclass(frozen=True, kw_only=True)
class Cost:
    """The resources of attempts that have ended, and an estimate of their price."""

    vcpu_seconds: int
    gib_seconds: int
    """Memory [GiB·s]."""
    estimate: float
    """In `currency`, to a millionth."""
    currency: str
    prices_as_of: str
    """When the operator looked up the prices, as they wrote it."""


def hourly_price(size: ComputeType, prices: Prices, *, on_spot: bool) -> float:
    """Return the estimated price of a container for an hour, in the operator's currency."""
    discount = prices.spot_discount if on_spot else 0
    return (size.vcpu * prices.vcpu_hour + size.memory_gib * prices.gib_hour) * (1 - discount)


def cost_of(attempts: Iterable[Attempt], compute_types: Mapping[str, ComputeType], prices: Prices) -> Cost | None:
    """Return what attempts cost. The time before a runner checks in, mostly the pull of the image, is not known and not counted.

    Parameters
    ----------
    attempts
        The attempts; those that have no end yet are left out.
    compute_types
        Their sizes, by name.
    prices
        The operator's prices.

    Returns
    -------
        None if no attempt with a known size has ended.
    """
    vcpu_seconds = gib_seconds = estimate = 0.0
    is_known = False
    for attempt in attempts:
        size = compute_types.get(attempt.compute_type)
        if size is None or attempt.end_time is None:
            continue
        is_known = True
        seconds = _billed_seconds(attempt)
        vcpu, gib = seconds * size.vcpu, seconds * size.memory_gib
        estimate += seconds / 3600 * hourly_price(size, prices, on_spot=bool(attempt.on_spot))
        vcpu_seconds, gib_seconds = vcpu_seconds + vcpu, gib_seconds + gib
    if not is_known:
        return None
    return Cost(
        vcpu_seconds=round(vcpu_seconds),
        gib_seconds=round(gib_seconds),
        estimate=round(estimate, 6),
        currency=prices.currency,
        prices_as_of=prices.as_of,
    )


def _billed_seconds(attempt: Attempt) -> float:
    if attempt.end_time is None or (attempt.start_time is None and attempt.task_arn is None):
        return 0
    run = (attempt.end_time - attempt.start_time).total_seconds() if attempt.start_time else 0
    return max(run, _BILLED_SECONDS)
