import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from local_cloud.container_options import ContainerOptions
from local_cloud.paths import ROOT
from local_cloud.process_container import ProcessContainer
from local_cloud.process_engine import (
    EngineClosedError,
    NoSuchContainerError,
    NoSuchImageError,
    ProcessEngine,
    Program,
    ProgramRefusedError,
)

PROGRAM = Program(
    command=("/bin/sh", "-c", 'eval "${SCRIPT:-echo runs by default}"'),
    environment={"PATH": os.defpath, "LANG": "C"},
    variables=frozenset({"SCRIPT", "A", "LANG"}),
)


def shouted(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: value if name == "SCRIPT" else value.upper() for name, value in environment.items()}


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[ProcessEngine]:
    engine = ProcessEngine(tmp_path / "tasks", programs={"image:local": PROGRAM}, rewrite=shouted)
    yield engine
    engine.containers.close()


def output(container: ProcessContainer) -> bytes:
    container.wait(30)
    log = container.logs()
    assert isinstance(log, bytes)
    return log


def test_an_image_starts_its_program(engine: ProcessEngine) -> None:
    assert (
        output(engine.containers.run("image:local", name="task", ports=None, labels={}, detach=True))
        == b"runs by default\n"
    )


@pytest.mark.parametrize(
    "named",
    [
        {"command": ["/bin/sh", "-c", "echo mine"]},
        {"options": ContainerOptions(entry_point=("/bin/sh",))},
        {"options": ContainerOptions(working_directory="/")},
    ],
    ids=["command", "entry point", "working directory"],
)
def test_a_container_with_its_own_command_is_refused(engine: ProcessEngine, named: dict[str, Any]) -> None:
    with pytest.raises(ProgramRefusedError, match=r"takes no command, entry point or working directory.*podman"):
        engine.containers.run("image:local", **named)
    assert engine.containers.list() == []


def test_a_container_sets_only_the_variables_of_the_program(engine: ProcessEngine) -> None:
    dangerous = dict.fromkeys(("LD_PRELOAD", "PYTHONPATH", "BASH_ENV", "ENV", "PATH", "HOME", "TMPDIR"), "mine")
    container = engine.containers.run("image:local", environment={"SCRIPT": "env", "A": "b", **dangerous})
    variables = output(container).decode().splitlines()
    assert "A=B" in variables
    assert not [line for line in variables if "mine" in line.lower()]


def test_variables_of_the_program_take_precedence_over_those_of_the_container(engine: ProcessEngine) -> None:
    container = engine.containers.run("image:local", environment={"SCRIPT": "echo $LANG", "LANG": "de"})
    assert output(container) == b"C\n"


def test_an_unknown_image_is_refused_with_the_error_of_ecs(engine: ProcessEngine) -> None:
    with pytest.raises(
        NoSuchImageError, match=r"CannotPullContainerError: there is no image nobody/none:1 .* there is image:local"
    ):
        engine.containers.run("nobody/none:1")


def test_containers_are_found_by_their_ids(engine: ProcessEngine) -> None:
    container = engine.containers.run("image:local")
    assert engine.containers.get(container.id) is container
    assert engine.containers.list(all=True) == [container]
    with pytest.raises(NoSuchContainerError, match="'feedbeef'"):
        engine.containers.get("feedbeef")


def test_close_kills_running_containers_and_refuses_new_ones(engine: ProcessEngine) -> None:
    containers = [
        engine.containers.run("image:local", environment={"SCRIPT": "trap '' TERM; sleep 600"}) for _ in range(3)
    ]
    engine.containers.close()
    assert [container.wait(0)["StatusCode"] for container in containers] == [137] * 3
    with pytest.raises(EngineClosedError):
        engine.containers.run("image:local")


@pytest.fixture
def killed_engine(tmp_path: Path) -> Callable[[], Path]:
    """Start a container in a process that then ends immediately, as if by SIGKILL."""
    script = (
        "import os, pathlib, sys\n"
        "from local_cloud.process_engine import ProcessEngine, Program\n"
        "program = Program(command=('/bin/sh', '-c', f'exec sleep 600 > {sys.argv[2]}'), environment={'PATH': os.defpath})\n"
        "engine = ProcessEngine(pathlib.Path(sys.argv[1]), programs={'i': program}, rewrite=dict)\n"
        "engine.containers.run('i')\n"
        "os._exit(0)\n"
    )

    def start_and_die() -> Path:
        held = tmp_path / "held"
        os.mkfifo(held)
        subprocess.run(
            [sys.executable, "-c", script, str(tmp_path / "tasks"), str(held)], cwd=ROOT, check=True, timeout=60
        )
        return held

    return start_and_die


def test_orphaned_processes_of_a_killed_engine_are_killed(tmp_path: Path, killed_engine: Callable[[], Path]) -> None:
    held = killed_engine()
    with held.open(encoding="ascii") as end:  # opens when the process has opened its side, so it runs
        ProcessEngine(tmp_path / "tasks", programs={}, rewrite=dict)
        assert end.read() == ""
    assert [*(tmp_path / "tasks").iterdir()] == []


def test_a_process_that_reuses_a_process_id_is_not_killed(tmp_path: Path) -> None:
    with subprocess.Popen(["/bin/sleep", "600"], start_new_session=True) as stranger:
        folder = tmp_path / "tasks" / "0123456789ab"
        folder.mkdir(parents=True)
        (folder / "pid").write_text(f"{stranger.pid} 1", encoding="ascii")
        ProcessEngine(tmp_path / "tasks", programs={}, rewrite=dict)
        assert stranger.poll() is None
        stranger.kill()
