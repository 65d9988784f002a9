from pathlib import Path

import pytest

from local_cloud.access_keys import AccessKey, write_key
from local_cloud.connection import write_connection
from local_cloud.errors import LocalCloudError
from local_cloud.jupyterlab_server import lab_command, lab_environment, make_workspace
from local_cloud.paths import LocalPaths

API_URL = "http://127.0.0.1:4599/_aws/execute-api/a1/v1"


@pytest.fixture
def paths(tmp_path: Path) -> LocalPaths:
    return LocalPaths(folder=tmp_path, port=4599)


def test_the_workspace_contains_the_examples(paths: LocalPaths) -> None:
    workspace = make_workspace(paths)
    names = {path.relative_to(workspace).as_posix() for path in workspace.rglob("*")}
    assert {"hello.ipynb", "failing.ipynb", "co2/co2.ipynb", "co2/co2-mauna-loa.csv"} <= names
    assert "ruff.toml" not in names


def test_changed_files_in_the_workspace_are_kept(paths: LocalPaths) -> None:
    workspace = make_workspace(paths)
    (workspace / "hello.ipynb").write_text("changed")
    (workspace / "co2" / "co2.ipynb").unlink()
    make_workspace(paths)
    assert (workspace / "hello.ipynb").read_text() == "changed"
    assert (workspace / "co2" / "co2.ipynb").exists()


def test_jupyterlab_uses_the_local_cloud_and_no_other_account(paths: LocalPaths) -> None:
    write_key(paths.user_key, AccessKey(key_id="AKIAUSER", secret="secret"))
    write_key(paths.admin_key, AccessKey(key_id="AKIAADMIN", secret="secret"))
    write_connection(paths, api_url=API_URL, user_policy_arn="arn")
    before = {"PATH": "p", "AWS_PROFILE": "work", "AWS_SESSION_TOKEN": "t", "JUPYTER_CONFIG_PATH": "elsewhere"}
    after = lab_environment(paths, before)
    assert after["JUPYTER_SCHEDULER_AWS_URL"] == API_URL
    assert after["PATH"] == "p"
    assert not after.keys() & {"AWS_PROFILE", "AWS_SESSION_TOKEN", "JUPYTER_CONFIG_PATH"}
    homes = {Path(after[f"JUPYTER_{kind}_DIR"]).parent for kind in ("CONFIG", "DATA", "RUNTIME")}
    assert homes == {paths.lab}


def test_without_a_deployment_the_error_says_how_to_deploy(paths: LocalPaths) -> None:
    with pytest.raises(LocalCloudError, match="make up"):
        lab_environment(paths, {})


def test_without_jupyterlab_the_error_says_how_to_install_it(paths: LocalPaths, tmp_path: Path) -> None:
    with pytest.raises(LocalCloudError, match="make init"):
        lab_command(tmp_path / "python", paths.workspace)
    command = lab_command(paths.lab_python, paths.workspace)
    assert command[1:3] == ["-m", "jupyterlab"]
    assert f"--ServerApp.root_dir={paths.workspace}" in command
