"""A matrix, what it cost, and the latest result of a definition, on the deployed stack."""

import csv
import json
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from jupyter_scheduler_aws.client import Client
from tests.deployed.conftest import NotebookMaker
from tests.support.deployed import Deployed

pytestmark = pytest.mark.local_cloud


def nbjobs(deployed: Deployed, *arguments: str) -> str:
    """Run the command line as a user does, and return what it prints for programs."""
    command = [sys.executable, "-m", "jupyter_scheduler_aws", *arguments]
    done = subprocess.run(command, env=deployed.environment, capture_output=True, text=True, check=False, timeout=200)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_matrix_has_one_table_and_a_price(deployed: Deployed, notebook: NotebookMaker, tmp_path: Path) -> None:
    path = notebook("print(region, year)")
    group, folder = f"deployed-{time.time_ns()}", tmp_path / "results"
    nbjobs(
        deployed, "submit", str(path), "--matrix", "region=eu,us", "--matrix", "year=2025..2026", "--group", group,
        "--allow-unknown", "--format", "ipynb", "--download", str(folder), "--quiet",
    )  # fmt: skip
    with (folder / "results.csv").open(encoding="utf-8", newline="") as table:
        rows = [(row["region"], row["year"], row["status"]) for row in csv.DictReader(table)]
    assert sorted(rows) == [(region, year, "COMPLETED") for region in ("eu", "us") for year in ("2025", "2026")]
    listed = json.loads(nbjobs(deployed, "list", "--group", group, "--json"))
    assert len(listed) == 4
    assert all(job["cost"]["estimate"] > 0 for job in listed)
    assert "USD" in nbjobs(deployed, "costs", "--json")


def test_the_latest_result_is_a_redirect_to_its_file(
    client: Client, http: httpx.Client, notebook: NotebookMaker
) -> None:
    definition_id = client.schedule(notebook("6 * 7"), name="latest", cron=None, output_formats=["ipynb", "html"])
    latest = f"/scheduler/job_definitions/{definition_id}/latest"
    try:
        assert http.get(latest).status_code == 404
        client.wait(client.run_definition(definition_id))
        end = time.monotonic() + 60
        while (response := http.get(latest, params={"format": "html"})).status_code == 404 and time.monotonic() < end:
            time.sleep(0.5)
        assert response.status_code == 302
        page = httpx.get(response.headers["location"], timeout=30)
        assert (page.status_code, ">42<" in page.text.replace("\n", "")) == (200, True)
    finally:
        client.delete_definition(definition_id)
