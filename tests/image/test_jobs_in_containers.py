"""Jobs from the client to a container and back, in the stack on the local cloud, with a container engine."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_scheduler_aws.api.job_models import Job, JobStatus
from jupyter_scheduler_aws.client import Client
from tests.deployed.conftest import NotebookMaker, client, notebook
from tests.image.containers import printed
from tests.support.deployed import Deployed

__all__ = ["client", "notebook"]

pytestmark = pytest.mark.local_cloud

CO2 = Path(__file__).parents[2] / "examples" / "co2" / "co2.ipynb"
WAIT = "import time\nopen('half.txt', 'w').write('half')\nprint('waiting', flush=True)\ntime.sleep(600)"
METADATA = """
import json, os, urllib.request
address = os.environ["ECS_CONTAINER_METADATA_URI_V4"]
print(json.dumps([urllib.request.urlopen(address + path).read().decode() for path in ("", "/task")]))
"""
MEMORY_MIB = 4096
"""The memory of the compute type `small`."""
FILL = f"""
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
libc.shmat.restype = ctypes.c_void_p
size = {MEMORY_MIB - 500} << 20
segment = libc.shmget(0, ctypes.c_size_t(size), 0o1600)  # IPC_CREAT; it exists until the container is removed
address = libc.shmat(segment, None, 0)
ctypes.memset(address, 1, size)
libc.shmdt(ctypes.c_void_p(address))
with open("/proc/self/oom_score_adj", "w") as score:
    score.write("0")  # so that the largest process is killed
for _ in range(1000):
    display({{"text/plain": "x" * (4 << 20)}}, raw=True)
"""
"""Fills most of the memory with a segment that belongs to no process, and the rest with outputs, which the runner keeps."""


class Tasks:
    """The tasks of jobs, as ECS shows them."""

    def __init__(self, deployed: Deployed) -> None:
        self._ecs = deployed.administrator("ecs")
        (self._cluster,) = self._ecs.list_clusters()["clusterArns"]

    def of(self, job: Job) -> dict[str, Any]:
        """Return the task of a job's current attempt."""
        started_by = f"{job.document['owner_id']}/{job.job_id}/{job.attempt}"
        arns = [
            arn
            for status in ("RUNNING", "STOPPED")
            for arn in self._ecs.list_tasks(cluster=self._cluster, desiredStatus=status, startedBy=started_by)[
                "taskArns"
            ]
        ]
        (task,) = self._ecs.describe_tasks(cluster=self._cluster, tasks=arns)["tasks"]
        return dict(task)

    def stop(self, task: dict[str, Any]) -> dict[str, Any]:
        """Stop a task, and wait until it has stopped."""
        self._ecs.stop_task(cluster=self._cluster, task=task["taskArn"], reason="reclaimed")
        return self.ended(task)

    def ended(self, task: dict[str, Any]) -> dict[str, Any]:
        """Wait until a task has stopped."""
        while True:
            (current,) = self._ecs.describe_tasks(cluster=self._cluster, tasks=[task["taskArn"]])["tasks"]
            if current["lastStatus"] == "STOPPED":
                return dict(current)
            time.sleep(0.2)


@pytest.fixture
def tasks(deployed: Deployed) -> Tasks:
    return Tasks(deployed)


@pytest.fixture
def running(client: Client) -> Iterator[list[str]]:
    """Return a list for the ids of jobs to stop at the end."""
    ids: list[str] = []
    yield ids
    for job_id in ids:
        if client.get_job(job_id).status not in (JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.STOPPED):
            client.stop_job(job_id)
            client.wait(job_id)


def wait_for_cell(client: Client, job_id: str) -> Job:
    while not ((job := client.get_job(job_id)).phase and job.phase.code == "running" and job.phase.cell == 1):
        time.sleep(0.2)
    return job


def executed(paths: list[Path]) -> bytes:
    return next(path for path in paths if path.suffix == ".ipynb").read_bytes()


def test_the_demo_notebook_runs_in_a_container(client: Client, tmp_path: Path) -> None:
    job_id = client.submit(CO2, folder=True, parameters={"start_year": 1980}, output_formats=["ipynb", "html"])
    job = client.wait(job_id)
    assert (job.status, job.attempt) == (JobStatus.COMPLETED, 1), job.status_message
    paths = client.download(job_id, tmp_path)
    assert {".ipynb", ".html", ".csv"} <= {path.suffix for path in paths}
    content = json.loads(executed(paths))
    assert content["metadata"]["language_info"]["version"].startswith("3.13"), "the image's Python"
    outputs = [output for cell in content["cells"] for output in cell.get("outputs", [])]
    assert sum("image/png" in output.get("data", {}) for output in outputs) >= 2


def test_a_notebook_in_a_container_knows_which_run_it_is(
    client: Client, notebook: NotebookMaker, tmp_path: Path
) -> None:
    source = "import os\nopen('run.txt', 'w').write(os.environ['JUPYTER_SCHEDULER_JOB_ID'])"
    job_id = client.submit(notebook(source), output_formats=["ipynb"])
    assert client.wait(job_id).is_completed
    (path,) = (path for path in client.download(job_id, tmp_path / "out") if path.name == "run.txt")
    assert path.read_text(encoding="utf-8") == job_id


def test_the_metadata_address_does_not_show_the_launch_code(
    client: Client, tasks: Tasks, notebook: NotebookMaker, tmp_path: Path
) -> None:
    job_id = client.submit(notebook(METADATA), output_formats=["ipynb"])
    job = client.wait(job_id)
    assert job.status == JobStatus.COMPLETED, job.status_message
    task = tasks.of(job)
    (override,) = task["overrides"]["containerOverrides"]
    code = next(item["value"] for item in override["environment"] if item["name"] == "LAUNCH_CODE")
    text = printed(executed(client.download(job_id, tmp_path)), 1)
    assert task["taskArn"] in text
    assert code not in text


def test_a_stopped_job_keeps_its_outputs(client: Client, tasks: Tasks, notebook: NotebookMaker, tmp_path: Path) -> None:
    job_id = client.submit(notebook(WAIT), output_formats=["ipynb"])
    wait_for_cell(client, job_id)
    client.stop_job(job_id)
    job = client.wait(job_id)
    assert job.status == JobStatus.STOPPED
    assert "half.txt" in [path.name for path in client.download(job_id, tmp_path / "out")]
    assert tasks.ended(tasks.of(job))["containers"][0]["exitCode"] == 12


def test_a_reclaimed_task_saves_and_is_retried(
    client: Client, tasks: Tasks, notebook: NotebookMaker, running: list[str]
) -> None:
    job_id = client.submit(notebook(WAIT), output_formats=["ipynb"])
    running.append(job_id)
    task = tasks.stop(tasks.of(wait_for_cell(client, job_id)))
    assert task["containers"][0]["exitCode"] == 17, "it exited by itself, within its stop timeout"
    while client.get_job(job_id).attempt < 2:
        time.sleep(0.2)
    assert wait_for_cell(client, job_id).attempt == 2


def test_a_container_that_runs_out_of_memory_is_reported(client: Client, tasks: Tasks, notebook: NotebookMaker) -> None:
    job = client.wait(client.submit(notebook(FILL), output_formats=["ipynb"]))
    assert (job.status, job.outcome and job.outcome.code) == (JobStatus.FAILED, "out_of_memory"), job.status_message
    (container,) = tasks.ended(tasks.of(job))["containers"]
    assert container["exitCode"] == 15, "the runner outlived its kernel, and says why it ended"
