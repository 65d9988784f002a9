"""Many jobs of two owners at once: each runs exactly once, and no owner waits for the other."""

import itertools
import json
from pathlib import Path

import pytest

from jupyter_scheduler_aws.client import Client
from tests.kill.cloud import Cloud

pytestmark = [pytest.mark.kill, pytest.mark.timeout(3600)]


def test_many_jobs_of_two_owners_each_run_once(cloud: Cloud, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    count = request.config.getoption("--jobs", default=30)
    deployed = cloud.deployed
    outside = tmp_path / "runs"
    cell: dict[str, object] = {
        "cell_type": "code",
        "id": "c0",
        "metadata": {"tags": ["parameters"]},
        "execution_count": None,
        "outputs": [],
        "source": "number = 0",
    }
    write = {
        **cell,
        "id": "c1",
        "metadata": {},
        "source": f"with open({str(outside)!r}, 'a') as f:\n    f.write(f'{{number}}\\n')",
    }
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    notebook = tmp_path / "many.ipynb"
    notebook.write_text(
        json.dumps({"cells": [cell, write], "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}), encoding="utf-8"
    )
    jobs: list[tuple[Client, str]] = []
    sessions = (deployed.session, deployed.admin_session)
    clients = [Client(deployed.api_url, region=deployed.region, session=session) for session in sessions]
    for number, client in zip(range(count), itertools.cycle(clients), strict=False):
        jobs.append((client, client.submit(notebook, output_formats=["ipynb"], parameters={"number": number})))
    ended = {job_id: client.wait(job_id) for client, job_id in jobs}
    assert {job.status for job in ended.values()} == {"COMPLETED"}
    assert sorted(map(int, outside.read_text(encoding="utf-8").split())) == list(range(count))
    for client in clients:
        client.close()
