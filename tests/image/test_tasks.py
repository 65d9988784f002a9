"""ECS tasks as containers, over HTTP, and the cleanup of containers whose launcher was killed."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest

from local_cloud.container_command import ContainerCommand
from local_cloud.daemon import Daemon
from local_cloud.engine_choice import write_engine
from local_cloud.paths import ROOT, RUNNER_IMAGE, LocalPaths
from tests.local_cloud.conftest import administrator_session, free_port

CLUSTER = "jobs"
LIMITS = "cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory/memory.limit_in_bytes 2> /dev/null; id -u; touch /x; touch /tmp/x"


@pytest.fixture
def paths(tmp_path_factory: pytest.TempPathFactory, engine: ContainerCommand) -> LocalPaths:
    paths = LocalPaths(folder=tmp_path_factory.mktemp("cloud"), port=free_port())
    write_engine(paths, engine)
    return paths


@pytest.fixture
def daemon(paths: LocalPaths) -> Iterator[Daemon]:
    daemon = Daemon(paths)
    daemon.start()
    yield daemon
    daemon.stop()
    local_cloud(paths, "down")


@pytest.fixture
def ecs(daemon: Daemon, paths: LocalPaths) -> Any:
    ecs = administrator_session(paths).client("ecs", endpoint_url=paths.endpoint_url)
    ecs.create_cluster(clusterName=CLUSTER)
    ecs.register_task_definition(
        family="runner",
        cpu="1024",
        memory="4096",
        volumes=[{"name": "tmp"}],
        containerDefinitions=[
            {
                "name": "runner",
                "image": RUNNER_IMAGE,
                "entryPoint": ["sh", "-c"],
                "user": "10001:10001",
                "stopTimeout": 2,
                "readonlyRootFilesystem": True,
                "mountPoints": [{"sourceVolume": "tmp", "containerPath": "/tmp"}],
            }
        ],
    )
    return ecs


def local_cloud(paths: LocalPaths, action: str) -> str:
    environ = {**os.environ, "LOCAL_CLOUD_DIR": str(paths.folder), "LOCAL_CLOUD_PORT": str(paths.port)}
    command = [sys.executable, "-m", "local_cloud", action]
    return subprocess.run(
        command, cwd=ROOT, env=environ, check=True, capture_output=True, text=True, timeout=120
    ).stdout


def run(ecs: Any, script: str, **overrides: str) -> str:
    override = {"name": "runner", "command": [script]}
    tasks = ecs.run_task(
        cluster=CLUSTER, taskDefinition="runner", overrides={"containerOverrides": [override], **overrides}
    )
    return str(tasks["tasks"][0]["taskArn"])


def until(ecs: Any, arn: str, status: str) -> dict[str, Any]:
    while True:
        (task,) = ecs.describe_tasks(cluster=CLUSTER, tasks=[arn])["tasks"]
        if task["lastStatus"] in (status, "STOPPED"):
            return dict(task)
        time.sleep(0.05)


def logged(paths: LocalPaths) -> list[str]:
    """Return the log of the only container."""
    (log,) = paths.tasks.glob("*/log")
    return log.read_text(encoding="utf-8").splitlines()


def running(engine: ContainerCommand, paths: LocalPaths) -> list[str]:
    return engine.labelled(f"jupyter-scheduler-aws.local-cloud={paths.tasks.resolve()}")


def test_a_task_gets_the_options_of_its_definition_and_its_overrides(ecs: Any, paths: LocalPaths) -> None:
    task = until(ecs, run(ecs, f"{LIMITS}; exit 13", memory="512"), "STOPPED")
    assert task["containers"][0]["exitCode"] == 13
    assert "reason" not in task["containers"][0]
    assert sorted(logged(paths)) == sorted([str(512 << 20), "10001", "touch: cannot touch '/x': Read-only file system"])


def test_out_of_memory_is_reported_as_on_ecs(ecs: Any) -> None:
    (container,) = until(ecs, run(ecs, "exec tail /dev/zero", memory="64"), "STOPPED")["containers"]
    assert (container["exitCode"], container["reason"]) == (
        137,
        "OutOfMemoryError: Container killed due to memory usage",
    )


def test_a_stopped_task_that_ignores_sigterm_is_killed_and_not_out_of_memory(ecs: Any, paths: LocalPaths) -> None:
    arn = run(ecs, "trap '' TERM; echo ready; while :; do sleep 0.05; done")
    until(ecs, arn, "RUNNING")
    ecs.stop_task(cluster=CLUSTER, task=arn)
    (container,) = until(ecs, arn, "STOPPED")["containers"]
    assert container["exitCode"] == 137
    assert "reason" not in container


def test_down_removes_the_containers(ecs: Any, daemon: Daemon, paths: LocalPaths, engine: ContainerCommand) -> None:
    until(ecs, run(ecs, "exec sleep 600"), "RUNNING")
    assert len(running(engine, paths)) == 1
    local_cloud(paths, "down")
    assert running(engine, paths) == []


@pytest.mark.parametrize("next_action", ["down", "start"])
def test_containers_of_a_killed_launcher_are_removed(
    ecs: Any, daemon: Daemon, paths: LocalPaths, engine: ContainerCommand, next_action: str
) -> None:
    until(ecs, run(ecs, "exec sleep 600"), "RUNNING")
    assert daemon.pid
    os.kill(daemon.pid, signal.SIGKILL)
    while daemon.pid:
        time.sleep(0.05)
    assert len(running(engine, paths)) == 1, "a container outlives its launcher"
    local_cloud(paths, "down") if next_action == "down" else daemon.start()
    assert running(engine, paths) == []
