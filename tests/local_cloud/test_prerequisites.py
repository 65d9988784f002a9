import socket
import stat
from pathlib import Path

import pytest

from local_cloud.errors import LocalCloudError
from local_cloud.paths import LocalPaths
from local_cloud.prerequisites import check_port_is_free, check_prerequisites


@pytest.fixture
def paths(tmp_path: Path) -> LocalPaths:
    return LocalPaths(folder=tmp_path, port=4566)


def install_node(folder: Path, version: str, monkeypatch: pytest.MonkeyPatch) -> None:
    node = folder / "node"
    node.write_text(f"#!/bin/sh\necho {version}\n", encoding="ascii")
    node.chmod(node.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(folder))


def test_a_port_in_use_is_reported_in_one_line_with_a_solution() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(LocalCloudError) as caught:
            check_port_is_free(port)
    assert str(caught.value) == (
        f"Port {port} of 127.0.0.1 is in use by another program; choose another port, for example `LOCAL_CLOUD_PORT={port + 10} make up`."
    )


def test_a_free_port_is_accepted() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    check_port_is_free(port)


def test_a_missing_node_is_reported_in_one_line(
    paths: LocalPaths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(LocalCloudError, match=r"^node is missing; install Node\.js 18 or later"):
        check_prerequisites(paths)


@pytest.mark.parametrize("version", ["v16.20.2", "v8.0.0", "unknown"])
def test_an_old_node_is_reported_in_one_line(
    paths: LocalPaths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str
) -> None:
    install_node(tmp_path, version, monkeypatch)
    with pytest.raises(LocalCloudError, match=rf"^node {version} is too old; install Node\.js 18 or later"):
        check_prerequisites(paths)


@pytest.mark.parametrize("version", ["v18.0.0", "v22.11.0"])
def test_a_complete_machine_is_accepted(
    paths: LocalPaths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str
) -> None:
    install_node(tmp_path, version, monkeypatch)
    check_prerequisites(paths)
