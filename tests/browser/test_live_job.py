"""A job in the details of the panel and in the side bar, as it runs, without anybody touching anything."""

import time
from pathlib import Path

import pytest
from playwright.sync_api import expect

from jupyter_scheduler_aws.client import Client
from tests.browser.conftest import Visit
from tests.browser.extension import LiveJob, Requests, RunningJobs
from tests.browser.lab import Lab
from tests.browser.page_errors import PageErrors
from tests.browser.servers import lab_server, write_notebook
from tests.support.owners import Owner

pytestmark = pytest.mark.local_cloud

END_MS = 120_000
"""Timeout for a job that takes half a minute, on a busy machine."""


def slow_notebook(folder: Path, seconds: int = 20) -> Path:
    """Write a notebook that prints a line in each second."""
    loop = f"import time\nfor i in range({seconds // 2}):\n    time.sleep(1)\n    print('step', i, flush=True)"
    return write_notebook(folder / "slow.ipynb", "print('begin')", loop, loop)


def test_a_slow_notebook_is_watched_from_start_to_end(lab: Lab) -> None:
    slow_notebook(lab.server.workspace / "watched")
    lab.open_folder("watched")
    lab.create_job_of("slow.ipynb").fill(name="Watched", formats=("ipynb", "html")).create().expect_created()
    detail = lab.panel.open("Watched")
    job, requests, began = LiveJob(lab.page), Requests(lab.page), time.monotonic()
    expect(job.state).to_have_text("Running, cell 2 of 3", timeout=END_MS)
    expect(job.log).to_contain_text("step 3")
    lab.camera.take("running")
    job.press("Follow the Log")
    expect(job.log).to_contain_text("runner: cell 1 of 3")
    expect(job.state).to_have_text("Completed", timeout=END_MS)
    expect(detail.field("Status")).to_have_text("Completed")
    expect(job.log).to_contain_text("runner: cell 3 of 3")
    elapsed = time.monotonic() - began
    about_the_job = [path for path in requests.paths if path.startswith("jobs/") and not path.endswith("/notebook")]
    assert len(about_the_job) <= elapsed / 3 + 3, "one request in three seconds, and the rest of the log at the end"
    lab.camera.take("completed")
    expect(lab.page.get_by_text("Notebook job “Watched”: Completed")).to_be_visible(timeout=END_MS)
    lab.camera.take("notification")
    lab.page.wait_for_timeout(10_000)  # for the rest of the log
    requests.paths.clear()
    lab.page.wait_for_timeout(7000)
    assert requests.paths == [], "nothing changes any more"


def test_running_jobs_are_in_the_side_bar_and_nothing_is_asked_while_nobody_looks(lab: Lab, client: Client) -> None:
    job_id = client.submit(slow_notebook(lab.server.workspace / "bar", 40), name="In the side bar")
    requests = Requests(lab.page)
    lab.page.wait_for_timeout(7000)
    assert requests.paths == [], "nothing of ours is visible"
    running = RunningJobs(lab.page).open()
    expect(running.jobs.filter(has_text="In the side bar")).to_contain_text("Running")
    lab.camera.take("running")
    running.jobs.filter(has_text="In the side bar").get_by_role("button").click()
    expect(LiveJob(lab.page).state).to_contain_text("Running")
    lab.camera.take("detail")
    running.close()
    lab.close_tab("Jobs")
    requests.paths.clear()
    lab.page.wait_for_timeout(10_000)
    assert requests.paths == []
    client.stop_job(job_id)
    running.open()
    expect(running.jobs.filter(has_text="In the side bar")).to_have_count(0, timeout=END_MS)


def test_a_restart_of_the_server_in_the_middle(
    visit: Visit, owner: Owner, page_errors: PageErrors, tmp_path: Path
) -> None:
    page_errors.expect("ERR_CONNECTION_REFUSED", "ERR_CONNECTION_RESET", "WebSocket", "NetworkError", "Failed to fetch")
    with owner.client() as client:
        job_id = client.submit(slow_notebook(tmp_path, 40), name="Through a restart")
    with lab_server(tmp_path, owner.environment) as server, visit(server) as lab:
        lab.open_jobs().open("Through a restart")
        job = LiveJob(lab.page)
        expect(job.state).to_contain_text("Running", timeout=END_MS)
        server.process.terminate()
        server.process.wait(30)
        expect(job.message).to_contain_text("The Jupyter server does not answer")
        lab.camera.take("server-gone")
        with lab_server(tmp_path, owner.environment, in_place_of=server):
            expect(job.message).to_have_count(0, timeout=END_MS)
            expect(job.state).to_have_text("Completed", timeout=END_MS)
            lab.camera.take("completed")
    with owner.client() as client:
        assert client.get_job(job_id).status == "COMPLETED"


def test_two_tabs_show_the_same(visit: Visit, owner: Owner, tmp_path: Path) -> None:
    with owner.client() as client:
        client.submit(slow_notebook(tmp_path), name="In two tabs")
    with lab_server(tmp_path, owner.environment) as server, visit(server) as first, visit(server) as second:
        for lab in (first, second):
            lab.open_jobs().open("In two tabs")
        for lab in (first, second):
            expect(LiveJob(lab.page).state).to_have_text("Completed", timeout=END_MS)
