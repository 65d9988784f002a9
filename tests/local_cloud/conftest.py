import json
import os
import socket
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import boto3
import pytest

from local_cloud.access_keys import administrator_key
from local_cloud.daemon import Daemon
from local_cloud.paths import REGION, LocalPaths


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> LocalPaths:
    return LocalPaths(folder=tmp_path_factory.mktemp("cloud"), port=free_port())


@pytest.fixture(scope="module")
def daemon(paths: LocalPaths) -> Iterator[Daemon]:
    daemon = Daemon(paths)
    daemon.start()
    yield daemon
    daemon.stop()


@pytest.fixture(scope="module")
def client(daemon: Daemon, paths: LocalPaths) -> Callable[[str], Any]:
    session = administrator_session(paths)
    return cache(lambda service: session.client(service, endpoint_url=paths.endpoint_url))


def administrator_session(paths: LocalPaths) -> Any:
    """Return a session with all permissions in a local cloud."""
    key = administrator_key(paths.administrator_key)
    return boto3.Session(key.key_id, key.secret, region_name=REGION)


def make_role(client: Callable[[str], Any], name: str, service: str, **statement: Any) -> str:
    """Create a role that a service may assume, with one statement; return its ARN."""
    assume = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    iam = client("iam")
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps({"Statement": [assume]}))["Role"]
    iam.put_role_policy(
        RoleName=name,
        PolicyName="only",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]}),
    )
    return str(role["Arn"])


@pytest.fixture(autouse=True, scope="session")
def _no_other_account() -> None:
    """Remove the developer's own AWS settings."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
