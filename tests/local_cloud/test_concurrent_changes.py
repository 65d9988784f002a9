from collections.abc import Iterator

import pytest

from local_cloud.concurrent_changes import retry_on_concurrent_change


def iterate(changes: Iterator[bool]) -> str:
    """Iterate over a dictionary that changes during the iteration, or not."""
    names = {"a": 1}
    for _ in names:
        if next(changes):
            names["b"] = 2
    return "done"


def test_a_step_is_retried_after_a_concurrent_change() -> None:
    changes = iter([True, True, False])
    assert retry_on_concurrent_change(lambda: iterate(changes)) == "done"


def test_a_step_fails_if_every_attempt_meets_a_change() -> None:
    with pytest.raises(RuntimeError, match="changed size"):
        retry_on_concurrent_change(lambda: iterate(iter([True])))


def test_another_error_is_raised_without_a_retry() -> None:
    attempts = []

    def step() -> None:
        attempts.append(1)
        raise RuntimeError("no container engine")

    with pytest.raises(RuntimeError, match="no container engine"):
        retry_on_concurrent_change(step)
    assert len(attempts) == 1
