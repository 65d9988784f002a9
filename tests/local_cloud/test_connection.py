import json
import os
import stat
import subprocess
from pathlib import Path

import pytest

from local_cloud.access_keys import AccessKey, administrator_key, write_key
from local_cloud.connection import read_environment, write_connection
from local_cloud.errors import LocalCloudError
from local_cloud.paths import LocalPaths

API_URL = "http://127.0.0.1:4599/_aws/execute-api/a1/v1"
POLICY = "arn:aws:iam::000000000000:policy/users"
USER = AccessKey(key_id="AKIAUSER", secret="user's secret")
ADMIN = AccessKey(key_id="AKIAADMIN", secret="admin's secret")


@pytest.fixture
def paths(tmp_path: Path) -> LocalPaths:
    paths = LocalPaths(folder=tmp_path, port=4599)
    write_key(paths.user_key, USER)
    write_key(paths.admin_key, ADMIN)
    write_connection(paths, api_url=API_URL, user_policy_arn=POLICY)
    return paths


def sourced(path: Path, before: dict[str, str]) -> dict[str, str]:
    command = ["/bin/sh", "-eu", "-c", f". {path}; env"]
    result = subprocess.run(
        command, env={"PATH": os.defpath, **before}, check=True, capture_output=True, text=True, timeout=30
    )
    after = dict(line.split("=", 1) for line in result.stdout.splitlines())
    return {name: value for name, value in after.items() if name.startswith(("AWS_", "JUPYTER_", "NO_"))}


def test_the_connection_file_has_four_values(paths: LocalPaths) -> None:
    assert json.loads(paths.connection.read_text(encoding="utf-8")) == {
        "api_url": API_URL,
        "region": "us-east-1",
        "endpoint_url": "http://127.0.0.1:4599",
        "user_policy_arn": POLICY,
    }


def test_sourcing_the_file_sets_the_user_and_unsets_another_account(paths: LocalPaths) -> None:
    before = {
        "AWS_PROFILE": "work",
        "AWS_SESSION_TOKEN": "of work",
        "AWS_REGION": "eu-west-1",
        "NO_PROXY": "intra",
    }
    assert sourced(paths.shell, before) == {
        "JUPYTER_SCHEDULER_AWS_URL": API_URL,
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:4599",
        "AWS_ACCESS_KEY_ID": USER.key_id,
        "AWS_SECRET_ACCESS_KEY": USER.secret,
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": "127.0.0.1,intra",
    }


def test_the_administrator_file_has_the_root_key(paths: LocalPaths) -> None:
    root = administrator_key(paths.administrator_key)
    after = sourced(paths.administrator_shell, {})
    assert (after["AWS_ACCESS_KEY_ID"], after["AWS_SECRET_ACCESS_KEY"]) == (root.key_id, root.secret)
    assert "JUPYTER_SCHEDULER_AWS_URL" not in after


def test_the_admin_file_differs_from_the_user_file_only_in_the_key(paths: LocalPaths) -> None:
    user, admin = sourced(paths.shell, {}), sourced(paths.admin_shell, {})
    assert (admin["AWS_ACCESS_KEY_ID"], admin["AWS_SECRET_ACCESS_KEY"]) == (ADMIN.key_id, ADMIN.secret)
    assert admin == user | ADMIN.environment


def test_files_with_secrets_are_readable_only_by_their_owner(paths: LocalPaths) -> None:
    shells = (paths.shell, paths.admin_shell, paths.administrator_shell)
    for path in (*shells, paths.user_key, paths.admin_key, paths.administrator_key):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path


def test_each_local_cloud_has_its_own_root_key(tmp_path: Path) -> None:
    first, second = (administrator_key(tmp_path / name) for name in ("first", "second"))
    assert first != second
    assert administrator_key(tmp_path / "first") == first


def test_reading_the_environment_fails_without_a_deployment(tmp_path: Path) -> None:
    with pytest.raises(LocalCloudError, match="make up"):
        read_environment(LocalPaths(folder=tmp_path, port=4599))
