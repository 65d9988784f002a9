"""The local cloud's own promises about a deployed stack: it is not deployed twice, and it remembers."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from local_cloud.places import ROOT
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


def test_the_second_start_does_nothing(deployed: Deployed) -> None:
    pid, deployment = launcher(deployed), (deployed.folder / "cdk-deploy.log").stat().st_mtime_ns
    assert "was up already" in local_cloud("up")
    assert launcher(deployed) == pid
    assert (deployed.folder / "cdk-deploy.log").stat().st_mtime_ns == deployment
    assert f"process {pid}: {deployed.api_url}" in local_cloud("status")


@pytest.mark.parametrize("killed", [False, True], ids=["stopped", "killed"])
def test_jobs_are_there_after_a_restart_without_a_new_deployment(deployed: Deployed, killed: bool) -> None:
    job = nbjobs(deployed, "submit", "examples/hello.ipynb", "--wait")["job"]
    assert job["status"] == "COMPLETED"
    deployment = (deployed.folder / "cdk-deploy.log").stat().st_mtime_ns
    if killed:
        wait_for_save(deployed)
        os.kill(launcher(deployed), signal.SIGKILL)
    else:
        assert "has stopped" in local_cloud("down")
    assert "is up" in local_cloud("up")
    assert (deployed.folder / "cdk-deploy.log").stat().st_mtime_ns == deployment
    again = nbjobs(deployed, "show", job["job_id"])
    assert again["status"] == "COMPLETED"
    assert nbjobs(deployed, "submit", "examples/hello.ipynb", "--wait")["job"]["status"] == "COMPLETED"


def wait_for_save(deployed: Deployed) -> None:
    """Wait for two saves: the first may have begun before the last change."""
    state = deployed.folder / "state" / "dynamodb.json"
    for _ in range(2):
        before = state.stat().st_mtime_ns if state.exists() else 0
        while not state.exists() or state.stat().st_mtime_ns == before:
            time.sleep(0.1)
