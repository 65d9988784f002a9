"""Estimates of what attempts cost."""

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.config import ComputeType, Prices
from chalicelib.domain.attempt import Attempt
from chalicelib.domain.costs import cost_of
from tests.chalicelib.domain.builders import NOW

TYPES = {"small": ComputeType(vcpu=1, memory_gib=4), "large": ComputeType(vcpu=4, memory_gib=16)}
PRICES = Prices(vcpu_hour=0.04, gib_hour=0.005, spot_discount=0.7, currency="USD", as_of="2026-11")


def attempt(minutes: float | None = 60, **changes: Any) -> Attempt:
    end = None if minutes is None else NOW + timedelta(minutes=minutes)
    fields = {"number": 1, "compute_type": "small", "on_spot": False, "start_time": NOW, "end_time": end}
    return Attempt(**{**fields, "task_arn": "arn", **changes})


def estimate(*attempts: Attempt) -> float | None:
    cost = cost_of(attempts, TYPES, PRICES)
    return cost.estimate if cost else None


def test_an_hour_costs_what_the_table_says() -> None:
    cost = cost_of([attempt()], TYPES, PRICES)
    assert cost is not None
    assert (cost.vcpu_seconds, cost.gib_seconds, cost.estimate) == (3600, 4 * 3600, 0.06)
    assert (cost.currency, cost.prices_as_of) == ("USD", "2026-11")


@pytest.mark.parametrize(
    ("attempts", "expected"),
    [
        ([attempt(on_spot=True)], 0.018),
        ([attempt(compute_type="large")], 0.24),
        ([attempt(), attempt(30), attempt(30, on_spot=True)], 0.099),
        ([attempt(1 / 60)], 0.001),  # a minute is billed at least
        ([attempt(5, start_time=None)], 0.001),  # a container that died before its check-in
        ([attempt(5, start_time=None, task_arn=None)], 0),  # no container
        ([attempt(), attempt(None)], 0.06),  # the second one is running
    ],
)
def test_attempts_add_up(attempts: list[Attempt], expected: float) -> None:
    assert estimate(*attempts) == pytest.approx(expected)


@pytest.mark.parametrize("attempts", [[], [attempt(None)], [attempt(compute_type="gone")]])
def test_without_a_known_end_there_is_no_estimate(attempts: list[Attempt]) -> None:
    assert estimate(*attempts) is None
