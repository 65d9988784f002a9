"""Detecting that a process was killed because memory ran out."""

from collections.abc import Callable
from pathlib import Path

import pytest

from runner.memory import MemoryWatch


def version_1(root: Path) -> list[Path]:
    folder = root / "memory" / "ecs" / "task"
    folder.mkdir(parents=True)
    folder.joinpath("memory.limit_in_bytes").write_text(f"{1 << 30}\n")
    counter = folder / "memory.oom_control"
    counter.write_text("oom_kill_disable 0\nunder_oom 0\noom_kill 1\n")
    return [counter]


def version_2(root: Path) -> list[Path]:
    root.joinpath("memory.max").write_text("max\n")
    counter = root / "memory.events"
    counter.write_text("low 0\noom 0\noom_kill 1\noom_group_kill 0\n")
    return [counter]


@pytest.mark.parametrize("version", [version_1, version_2])
def test_an_out_of_memory_kill_is_detected(tmp_path: Path, version: Callable[[Path], list[Path]]) -> None:
    memberships = tmp_path / "cgroup"
    memberships.write_text("9:name=systemd:/\n4:memory:/ecs/task\n0::/\n")
    (counter,) = version(tmp_path)

    watch = MemoryWatch(tmp_path, memberships)
    before = watch.ran_out()
    counter.write_text(counter.read_text().replace("oom_kill 1", "oom_kill 2"))

    assert (before, watch.ran_out()) == (False, True)
    assert 0 < watch.limit_bytes < 1 << 50
    assert version is version_2 or watch.limit_bytes == 1 << 30


def test_without_control_groups_the_memory_of_the_machine_counts(tmp_path: Path) -> None:
    watch = MemoryWatch(tmp_path, tmp_path / "none")
    watch.sample()

    assert watch.ran_out() is False
    assert watch.limit_bytes > 0
