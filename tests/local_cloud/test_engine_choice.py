"""The values of `LOCAL_CLOUD_ENGINE`, and the one-line error for each engine that is not ready."""

import os
import stat
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from local_cloud.container_command import ContainerCommand
from local_cloud.engine_choice import choose_engine, read_engine, remove_orphaned_containers, write_engine
from local_cloud.errors import LocalCloudError
from local_cloud.paths import ROOT, RUNNER_IMAGE, LocalPaths

Install = Callable[..., Mapping[str, str]]


@pytest.fixture
def install(tmp_path: Path) -> Install:
    """Put a program named `podman` on an otherwise empty PATH; each of its commands runs lines of shell."""

    def make(**responses: str) -> Mapping[str, str]:
        script = tmp_path / "podman"
        cases = "".join(f"{command}) {lines};;\n" for command, lines in responses.items())
        script.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/asked\ncase $1 in\n{cases}esac\n', encoding="utf-8")
        script.chmod(0o755)
        return {"PATH": str(tmp_path), "LOCAL_CLOUD_ENGINE": "podman", "HOME": str(tmp_path)}

    return make


@pytest.fixture
def paths(tmp_path: Path) -> LocalPaths:
    return LocalPaths(folder=tmp_path / "cloud", port=4639)


@pytest.mark.parametrize("environ", [{}, {"LOCAL_CLOUD_ENGINE": ""}, {"LOCAL_CLOUD_ENGINE": "process"}])
def test_tasks_run_as_processes_by_default(environ: Mapping[str, str]) -> None:
    assert choose_engine(environ) is None


def test_an_unknown_engine_is_refused() -> None:
    with pytest.raises(LocalCloudError, match="LOCAL_CLOUD_ENGINE=lxc: choose one of process, podman, docker"):
        choose_engine({"LOCAL_CLOUD_ENGINE": "lxc"})


def test_an_engine_that_is_not_installed_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LocalCloudError, match=r"podman is not installed: install it .* or choose .*=process"):
        choose_engine({"LOCAL_CLOUD_ENGINE": "podman", "PATH": str(tmp_path)})


def test_an_engine_that_does_not_work_is_refused(install: Install) -> None:
    environ = install(version="echo first >&2; echo Cannot connect to the daemon >&2; exit 1")
    with pytest.raises(
        LocalCloudError, match=r"podman is installed, but does not work: .*Cannot connect to the daemon"
    ):
        choose_engine(environ)


def test_a_missing_image_is_refused(install: Install) -> None:
    environ = install(version="exit 0", image="echo no such image >&2; exit 125")
    with pytest.raises(LocalCloudError, match=f"podman has no image {RUNNER_IMAGE}; run `make image ENGINE=podman`"):
        choose_engine(environ)


def test_an_engine_that_cannot_run_containers_is_refused(install: Install) -> None:
    environ = install(version="exit 0", image="exit 0", run="echo no control groups >&2; exit 126")
    with pytest.raises(LocalCloudError, match=r"cannot run a container .*: `podman run`: no control groups"):
        choose_engine(environ)


def test_the_choice_is_read_in_another_environment(install: Install, paths: LocalPaths) -> None:
    chosen = choose_engine({**install(version="exit 0"), "DOCKER_HOST": "unix:///x", "AWS_SECRET_ACCESS_KEY": "secret"})
    assert chosen is not None
    assert chosen.environment["DOCKER_HOST"] == "unix:///x"
    assert "AWS_SECRET_ACCESS_KEY" not in chosen.environment
    assert read_engine(paths) is None
    write_engine(paths, chosen)
    assert read_engine(paths) == chosen
    assert stat.S_IMODE((paths.folder / "engine.json").stat().st_mode) == 0o600
    write_engine(paths, None)
    assert read_engine(paths) is None


def test_orphaned_containers_are_listed_by_the_label_of_the_folder(
    install: Install, paths: LocalPaths, tmp_path: Path
) -> None:
    write_engine(paths, choose_engine(install(version="exit 0", ps="echo c0ffee")))
    remove_orphaned_containers(paths)
    asked = (tmp_path / "asked").read_text(encoding="utf-8").splitlines()
    label = f"label=jupyter-scheduler-aws.local-cloud={paths.tasks}"
    assert asked[-3:] == [f"ps --all --quiet --no-trunc --filter {label}", "kill c0ffee", "rm --force --volumes c0ffee"]


def test_an_engine_that_does_not_exist_any_more_is_reported(paths: LocalPaths) -> None:
    write_engine(paths, ContainerCommand(name="podman", executable="/nowhere/podman", environment={}))
    with pytest.raises(LocalCloudError, match="Containers of this local cloud may be left: `podman ps`"):
        remove_orphaned_containers(paths)


def test_down_succeeds_without_the_engine(paths: LocalPaths) -> None:
    write_engine(paths, ContainerCommand(name="podman", executable="/nowhere/podman", environment={}))
    environ = {**os.environ, "LOCAL_CLOUD_DIR": str(paths.folder), "LOCAL_CLOUD_PORT": str(paths.port)}
    done = subprocess.run(
        [sys.executable, "-m", "local_cloud", "down"],
        cwd=ROOT,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0
    assert "Containers of this local cloud may be left" in done.stderr
