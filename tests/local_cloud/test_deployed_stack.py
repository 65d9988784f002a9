"""A deployed stack in the local cloud: it is not deployed twice, and its state survives a restart."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from local_cloud.paths import ROOT
from tests.support.deployed import Deployed, deployed

__all__ = ["deployed"]

pytestmark = pytest.mark.local_cloud


def local_cloud(action: str) -> str:
    command = [sys.executable, "-m", "local_cloud", action]
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True, timeout=300).stdout


def nbjobs(deployed: Deployed, *arguments: str) -> Any:
    command = [str(Path(sys.executable).parent / "nbjobs"), *arguments, "--json"]
    result = subprocess.run(
        command, cwd=ROOT, env=deployed.environment, check=True, capture_output=True, text=True, timeout=300
    )
    return json.loads(result.stdout)


def launcher(deployed: Deployed) -> int:
    return int((deployed.folder / "launcher.pid").read_text(encoding="ascii").split()[0])


def deployment(deployed: Deployed) -> tuple[int, str]:
    """Return the time and the content of the last deployment."""
    fingerprint = json.loads((deployed.folder / "deployed.json").read_text(encoding="utf-8"))["fingerprint"]
    return (deployed.folder / "cdk-deploy.log").stat().st_mtime_ns, fingerprint


def assert_not_deployed_again(deployed: Deployed, *, before: tuple[int, str]) -> None:
    """Skip the test if the sources have changed since the deployment."""
    (time_before, inputs_before), (time_after, inputs_after) = before, deployment(deployed)
    assert (time_after == time_before) == (inputs_after == inputs_before)


def test_a_second_start_does_nothing(deployed: Deployed) -> None:
    pid, before = launcher(deployed), deployment(deployed)
    assert "was already running" in local_cloud("up")
    assert launcher(deployed) == pid
    assert_not_deployed_again(deployed, before=before)
    assert f"process {pid}: {deployed.api_url}" in local_cloud("status")


@pytest.mark.parametrize("killed", [False, True], ids=["stopped", "killed"])
def test_jobs_survive_a_restart_without_a_new_deployment(deployed: Deployed, killed: bool) -> None:
    job = nbjobs(deployed, "submit", "examples/hello.ipynb", "--wait")["job"]
    assert job["status"] == "COMPLETED"
    before = deployment(deployed)
    if killed:
        os.kill(launcher(deployed), signal.SIGKILL)
    else:
        assert "has stopped" in local_cloud("down")
    assert "is running" in local_cloud("up")
    assert_not_deployed_again(deployed, before=before)
    again = nbjobs(deployed, "show", job["job_id"])
    assert again["status"] == "COMPLETED"
    assert nbjobs(deployed, "submit", "examples/hello.ipynb", "--wait")["job"]["status"] == "COMPLETED"
