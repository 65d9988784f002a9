from collections.abc import Iterator

import pytest

from local_cloud.emulator_races import again_after_race


def walk(changes: Iterator[bool]) -> str:
    """Go through a dictionary that changes meanwhile, or not."""
    names = {"a": 1}
    for _ in names:
        if next(changes):
            names["b"] = 2
    return "done"


def test_a_step_that_met_a_change_is_done_again() -> None:
    changes = iter([True, True, False])
    assert again_after_race(lambda: walk(changes)) == "done"


def test_a_step_that_always_meets_one_fails() -> None:
    with pytest.raises(RuntimeError, match="changed size"):
        again_after_race(lambda: walk(iter([True])))


def test_another_fault_is_told_at_once() -> None:
    tries = []

    def step() -> None:
        tries.append(1)
        raise RuntimeError("no container engine")

    with pytest.raises(RuntimeError, match="no container engine"):
        again_after_race(step)
    assert len(tries) == 1
