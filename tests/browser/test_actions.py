"""Actions on waiting and running jobs."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from jupyter_scheduler_aws.api.job_models import JobStatus
from jupyter_scheduler_aws.client import Client
from jupyter_scheduler_aws.errors import NotFoundError
from tests.browser.lab import Lab
from tests.browser.servers import write_notebook

pytestmark = pytest.mark.local_cloud

Start = Callable[[str], str]


@pytest.fixture
def start(client: Client, tmp_path_factory: pytest.TempPathFactory) -> Start:
    """Creates a job with a name that runs longer than any test."""
    path = write_notebook(tmp_path_factory.mktemp("slow") / "slow.ipynb", "import time", "time.sleep(600)")
    return lambda name: client.submit(path, name=name, output_formats=["ipynb"])


def test_running_jobs_are_stopped(lab: Lab, client: Client, start: Start) -> None:
    listed, detailed = start("Stop me"), start("Me, too")
    panel = lab.open_jobs()
    for name in ("Stop me", "Me, too"):
        panel.reload_until(name, "In progress")
    lab.camera.take("running")
    panel.press_twice("Stop", "Stop me")
    detail = panel.open("Me, too")
    lab.camera.take("detail")
    detail.press("Stop Job")
    lab.camera.take("really")
    detail.confirm("Stop")
    expect(detail.field("Status")).to_have_text("Stopping")
    lab.camera.take("stopping")
    detail.back()
    for name in ("Stop me", "Me, too"):
        panel.reload_until(name, "Stopped")
    lab.camera.take("stopped")
    assert {client.get_job(each).status for each in (listed, detailed)} == {JobStatus.STOPPED}
    expect(panel.open("Me, too").alert).to_have_count(0)


def test_waiting_and_running_jobs_are_deleted(lab: Lab, client: Client, start: Start) -> None:
    running, waiting = start("Runs"), start("Waits")
    panel = lab.open_jobs()
    expect(panel.row("Waits")).to_be_visible()
    panel.press_twice("Delete", "Waits")
    expect(panel.row("Waits")).to_have_count(0)
    panel.reload_until("Runs", "In progress")
    expect(panel.row("Waits")).to_have_count(0)
    detail = panel.open("Runs")
    detail.press("Delete Job")
    lab.camera.take("really")
    detail.confirm("Delete")
    expect(panel.row("Runs")).to_have_count(0)
    panel.reload()
    expect(panel.row("Runs")).to_have_count(0)
    lab.camera.take("gone")
    for job_id in (running, waiting):
        with pytest.raises(NotFoundError):
            client.get_job(job_id)
