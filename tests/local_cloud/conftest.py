import os
import socket
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest

from local_cloud.daemon import Daemon
from local_cloud.places import Places


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Places:
    return Places(folder=tmp_path_factory.mktemp("cloud"), port=free_port())


@pytest.fixture(scope="module")
def daemon(places: Places) -> Iterator[Daemon]:
    daemon = Daemon(places)
    daemon.start()
    yield daemon
    daemon.stop()


@pytest.fixture(scope="module")
def client(daemon: Daemon, places: Places) -> Callable[[str], Any]:
    session: Any = boto3.Session(
        aws_access_key_id="000000000000", aws_secret_access_key="test", region_name="us-east-1"
    )
    return lambda service: session.client(service, endpoint_url=places.endpoint_url)


@pytest.fixture(autouse=True, scope="session")
def _no_other_account() -> None:
    """Nothing of a developer's own AWS settings reaches these tests."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
