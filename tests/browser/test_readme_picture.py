"""The picture of the panel in README.md: `docs/users/images/panel.png` is a small copy of `screenshots/readme.png`."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from jupyter_scheduler_aws.client import Client
from tests.browser.conftest import Visit
from tests.browser.panel import JobsPanel
from tests.browser.screenshots import SCREENSHOTS
from tests.browser.servers import lab_server, write_notebook
from tests.support.deployed import Deployed
from tests.support.owners import new_owner

pytestmark = pytest.mark.local_cloud

BOTH = ("ipynb", "html")
SIZE = {"viewport": {"width": 1280, "height": 620}, "device_scale_factor": 2}


def submit_all(client: Client, workspace: Path) -> None:
    """Create one job for each outcome, and one that keeps running."""
    slow = write_notebook(workspace / "simulation.ipynb", "import time", "time.sleep(600)")
    client.submit(workspace / "hello.ipynb", name="First try", output_formats=BOTH)
    client.submit(workspace / "failing.ipynb", name="Sensor readings", output_formats=BOTH)
    stopped = client.submit(slow, name="Large simulation", output_formats=BOTH)
    client.submit(workspace / "co2" / "co2.ipynb", name="CO2 since 1990", folder=True, output_formats=BOTH)
    client.submit(slow, name="Simulation", output_formats=BOTH)
    client.stop_job(stopped)


def expect_all(panel: JobsPanel) -> None:
    """Wait until every job has the status of the picture."""
    for name, status in {
        "First try": "Completed",
        "Sensor readings": "Failed",
        "Large simulation": "Stopped",
        "CO2 since 1990": "Completed",
        "Simulation": "In progress",
    }.items():
        panel.reload_until(name, status)


def test_a_picture_of_jobs_in_every_state(visit: Visit, deployed: Deployed, tmp_path: Path) -> None:
    with (
        new_owner(deployed) as owner,
        owner.client() as client,
        lab_server(tmp_path, owner.environment) as server,
        visit(server, **SIZE) as lab,
    ):
        submit_all(client, server.workspace)
        panel = lab.open_jobs()
        lab.close_tab("Launcher")
        expect_all(panel)
        for name in ("CO2 since 1990", "Sensor readings"):
            panel.download(name)
        lab.refresh_files()
        expect(lab.file("jobs")).to_be_visible()
        client.submit(server.workspace / "hello.ipynb", name="Second try", output_formats=BOTH)
        panel.reload()
        expect(panel.row("Second try")).to_be_visible()
        lab.page.mouse.move(0, 0)
        lab.page.screenshot(path=SCREENSHOTS / "readme.png", animations="disabled")
