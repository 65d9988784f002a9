"""Tasks of a local cloud without container engine run only the runner, for its own API."""

import ast
import stat
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

from local_cloud.daemon import Daemon
from local_cloud.paths import ROOT, RUNNER_IMAGE, LocalPaths
from local_cloud.process_engine import ProgramRefusedError
from local_cloud.runner_program import runner_program

Client = Callable[[str], Any]

COMMAND: Final = ["/bin/sh", "-c", "touch {mark}"]


@pytest.fixture(scope="module")
def ecs(client: Client) -> Any:
    ecs = client("ecs")
    ecs.create_cluster(clusterName="jobs")
    return ecs


def end_of(ecs: Any, definition: dict[str, Any], override: dict[str, Any], **task: Any) -> dict[str, Any]:
    """Launch a container and return its task once it has ended."""
    container = {"name": "runner", "image": RUNNER_IMAGE, **definition}
    ecs.register_task_definition(family="any", containerDefinitions=[container], **task)
    overrides = {"containerOverrides": [{"name": "runner", **override}]}
    arn = ecs.run_task(cluster="jobs", taskDefinition="any", overrides=overrides)["tasks"][0]["taskArn"]
    while (task := ecs.describe_tasks(cluster="jobs", tasks=[arn])["tasks"][0])["lastStatus"] != "STOPPED":
        time.sleep(0.02)
    return task


def with_mark(named: Any, mark: Path) -> Any:
    """Insert a path into the attack."""
    if isinstance(named, dict):
        return {name: with_mark(value, mark) for name, value in named.items()}
    if isinstance(named, list):
        return [with_mark(value, mark) for value in named]
    return named.format(mark=mark) if isinstance(named, str) else named


@pytest.mark.parametrize(
    ("definition", "override", "reason"),
    [
        ({}, {"command": COMMAND}, "takes no command"),
        ({"command": COMMAND}, {}, "takes no command"),
        ({"entryPoint": COMMAND}, {}, "takes no command"),
        ({"workingDirectory": "/"}, {}, "takes no command"),
        ({"image": "nobody/none:1"}, {"command": COMMAND}, "CannotPullContainerError"),
        ({"privileged": True}, {}, "Fargate does not grant privileged"),
        ({}, {"environment": [{"name": "RUN_URL", "value": "http://evil.example/runs/o/j/1"}]}, "is not an address"),
        (
            {"environment": [{"name": "RUN_URL", "value": "http://127.0.0.1:1/_aws/execute-api/a/v1/runs/o/j/1"}]},
            {},
            "is not an address",
        ),
    ],
    ids=str,
)
def test_a_launch_with_its_own_command_fails(
    ecs: Any, tmp_path: Path, definition: dict[str, Any], override: dict[str, Any], reason: str
) -> None:
    mark = tmp_path / "ran"
    task = end_of(ecs, with_mark(definition, mark), with_mark(override, mark))
    assert task["stopCode"] == "TaskFailedToStart"
    assert reason in task["stoppedReason"]
    assert not mark.exists()


def test_variables_that_python_reads_are_not_passed_to_the_runner(ecs: Any, tmp_path: Path) -> None:
    """The runner starts and fails because its three variables are missing."""
    mark = tmp_path / "ran"
    (tmp_path / "sitecustomize.py").write_text(f"open({str(mark)!r}, 'w')\n", encoding="utf-8")
    names = ("PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "HOME", "PATH", "LD_LIBRARY_PATH")
    environment = [{"name": name, "value": str(tmp_path)} for name in names]
    task = end_of(ecs, {}, {"environment": environment})
    assert task["stopCode"] == "EssentialContainerExited"
    assert not mark.exists()


@pytest.mark.parametrize(
    "address",
    ["http://evil.example/_aws/execute-api/a", "http://127.0.0.1:{port}@evil.example/", "http://127.0.0.1:{port}/"],
)
def test_the_runner_gets_work_from_this_local_cloud_only(paths: LocalPaths, address: str) -> None:
    program = runner_program(paths)
    own = {"RUN_URL": f"{paths.endpoint_url}/_aws/execute-api/a/v1/runs/o/j/1", "LAUNCH": "1", "LAUNCH_CODE": "c"}
    assert own.items() <= program.environment_of({**own, "LD_PRELOAD": "/x"}).items()
    with pytest.raises(ProgramRefusedError, match="not an address of this local cloud"):
        program.environment_of({**own, "RUN_URL": address.format(port=paths.port)})


def test_the_program_accepts_the_variables_that_the_runner_reads(paths: LocalPaths) -> None:
    source = (ROOT / "runner_container" / "runner" / "settings.py").read_text(encoding="utf-8")
    (names,) = [
        ast.literal_eval(node.value)
        for node in ast.parse(source).body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "_NAMES"
    ]
    assert runner_program(paths).variables == set(names)


def test_files_are_readable_only_by_their_owner(paths: LocalPaths, daemon: Daemon, client: Client) -> None:
    client("s3").create_bucket(Bucket="kept")
    client("s3").put_object(Bucket="kept", Key="a", Body=b"secret")
    daemon.stop()
    daemon.start()
    for folder in (paths.state, paths.objects, paths.tasks, paths.temporary, paths.lab):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700, folder
    for folder in (paths.state, paths.objects):
        files = [path for path in folder.rglob("*") if path.is_file()]
        assert files
        assert not [path for path in files if stat.S_IMODE(path.stat().st_mode) & 0o077]
    for path in (paths.log, paths.administrator_key):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
