"""Containers of the local cloud: limits, exit codes, logs, and cleanup."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from local_cloud.container_command import ContainerCommand
from local_cloud.container_engine import ContainerStartError, RealContainers
from local_cloud.container_options import ContainerOptions
from local_cloud.paths import ROOT, RUNNER_IMAGE
from local_cloud.process_engine import EngineClosedError, NoSuchContainerError
from local_cloud.real_container import RealContainer

Start = Callable[..., RealContainer]

LIMITS = """
import os, pathlib
group = pathlib.Path("/sys/fs/cgroup")
memory = [group / "memory.max", group / "memory/memory.limit_in_bytes"]
print(next(path.read_text().strip() for path in memory if path.exists()))
quota = [group / "cpu.max", group / "cpu/cpu.cfs_quota_us"]
print(next(path.read_text().split()[0] for path in quota if path.exists()))
"""


@pytest.fixture
def start(containers: RealContainers) -> Iterator[Start]:
    started: list[RealContainer] = []

    def run(*command: str, environment: dict[str, str] | None = None, **options: Any) -> RealContainer:
        chosen = ContainerOptions(entry_point=command[:1], **options)
        started.append(containers.run(RUNNER_IMAGE, command=command[1:], environment=environment, options=chosen))
        return started[-1]

    yield run
    for container in started:
        container.kill()
        container.wait(60)


def output(container: RealContainer) -> list[str]:
    container.wait(60)
    written = container.logs()
    assert isinstance(written, bytes)
    return written.decode().splitlines()


def ids(command: ContainerCommand) -> set[str]:
    return set(command.output("ps", "--all", "--quiet", "--no-trunc").split())


def test_an_image_name_that_looks_like_an_option_is_refused(containers: RealContainers) -> None:
    with pytest.raises(ContainerStartError, match="--privileged is not the name of an image"):
        containers.run("--privileged", command=[RUNNER_IMAGE])


def test_memory_and_processors_are_limited(start: Start) -> None:
    assert output(start("python", "-c", LIMITS, memory_mib=96, cpu_units=512)) == [str(96 << 20), "50000"]


def test_the_exit_code_and_the_log_outlive_the_container(start: Start, engine: ContainerCommand) -> None:
    container = start("sh", "-c", "echo one; echo two >&2; exit 13")
    assert container.wait(60) == {"StatusCode": 13}
    assert container.status == "exited"
    assert sorted(output(container)) == ["one", "two"]
    assert container.id not in ids(engine)


def test_a_stop_sends_sigterm(start: Start) -> None:
    container = start("sh", "-c", "trap 'exit 17' TERM; echo ready; while :; do sleep 0.05; done")
    assert next(iter(container.logs(stream=True, follow=True))) == b"ready"
    container.stop(60)
    assert container.wait(0) == {"StatusCode": 17}


def test_a_container_that_ignores_sigterm_is_killed_after_the_stop_timeout(start: Start) -> None:
    container = start("sh", "-c", "trap '' TERM; echo ready; while :; do sleep 0.05; done")
    assert next(iter(container.logs(stream=True, follow=True))) == b"ready"
    container.stop(1)
    assert container.wait(0) == {"StatusCode": 137}


def test_only_the_given_variables_reach_the_container(start: Start) -> None:
    os.environ["ONLY_HERE"] = "x"
    try:
        lines = output(start("env", environment={"A": "b c", "PATH": "/usr/bin"}))
    finally:
        del os.environ["ONLY_HERE"]
    assert {"A=b c", "PATH=/usr/bin"} <= set(lines)
    assert "ONLY_HERE=x" not in lines


def test_a_variable_with_two_lines_is_refused(start: Start) -> None:
    with pytest.raises(ContainerStartError, match="variables with more than one line are not supported: A"):
        start("env", environment={"A": "b\nc"})


def test_a_missing_image_is_refused_with_the_message_of_ecs(containers: RealContainers) -> None:
    with pytest.raises(ContainerStartError, match=r"CannotPullContainerError: .* has no image nobody/none:1"):
        containers.run("nobody/none:1")


def test_a_container_that_cannot_start_leaves_nothing_behind(engine: ContainerCommand, tmp_path: Path) -> None:
    containers = RealContainers(tmp_path / "tasks", command=engine, rewrite=dict)
    with pytest.raises(ContainerStartError, match="CannotStartContainerError"):
        containers.run(RUNNER_IMAGE, options=ContainerOptions(entry_point=("/no/such/program",)))
    assert engine.labelled(f"jupyter-scheduler-aws.local-cloud={tmp_path / 'tasks'}") == []


def test_a_container_that_is_removed_externally_has_ended(start: Start, engine: ContainerCommand) -> None:
    container = start("sleep", "600")
    engine.output("rm", "--force", container.id)
    assert container.wait(60) == {"StatusCode": 137}
    assert not container.out_of_memory


def test_closing_removes_running_containers_and_prevents_new_ones(engine: ContainerCommand, tmp_path: Path) -> None:
    containers = RealContainers(tmp_path / "tasks", command=engine, rewrite=dict)
    options = ContainerOptions(entry_point=("sleep",))
    running = [containers.run(RUNNER_IMAGE, command=["600"], options=options) for _ in range(2)]
    containers.close()
    assert [container.wait(0)["StatusCode"] for container in running] == [137, 137]
    assert {container.id for container in running} & ids(engine) == set()
    with pytest.raises(EngineClosedError):
        containers.run(RUNNER_IMAGE)
    with pytest.raises(NoSuchContainerError, match="'feedbeef'"):
        containers.get("feedbeef")


def test_only_containers_of_a_killed_launcher_are_removed_by_the_next(
    start: Start, engine: ContainerCommand, tmp_path: Path
) -> None:
    script = (
        "import json, os, pathlib, sys\n"
        "from local_cloud.container_command import ContainerCommand\n"
        "from local_cloud.container_engine import RealContainers\n"
        "from local_cloud.container_options import ContainerOptions\n"
        "command = ContainerCommand(name=sys.argv[1], executable=sys.argv[2], environment=dict(os.environ))\n"
        "containers = RealContainers(pathlib.Path(sys.argv[3]), command=command, rewrite=dict)\n"
        "options = ContainerOptions(entry_point=('sleep',))\n"
        f"print(containers.run({RUNNER_IMAGE!r}, command=['600'], options=options).id, flush=True)\n"
        "os._exit(0)\n"
    )
    folder = tmp_path / "tasks"
    left = subprocess.run(
        [sys.executable, "-c", script, engine.name, engine.executable, str(folder)],
        cwd=ROOT,
        check=True,
        env=dict(engine.environment),
        stdout=subprocess.PIPE,
        text=True,
        timeout=60,
    ).stdout.strip()
    other = start("sleep", "600")
    assert {left, other.id} <= ids(engine)
    RealContainers(folder, command=engine, rewrite=dict)
    assert left not in ids(engine)
    assert other.id in ids(engine)
    assert [*folder.iterdir()] == []
