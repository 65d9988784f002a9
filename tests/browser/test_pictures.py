"""The pictures of the user's guide and of README.md, in the order of the guide. `make pictures` takes them anew.

A picture is one line, `pictures.take("name", …)`; `tests/docs/test_pictures.py` checks that a document shows each of them.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import expect

from jupyter_scheduler_aws.client import Client
from tests.browser.conftest import Visit
from tests.browser.extension import LiveJob, OptionFields, RunningJobs, definition_health, next_runs
from tests.browser.lab import Lab
from tests.browser.panel import JobsPanel
from tests.browser.pictures import Pictures
from tests.browser.servers import lab_server, write_notebook
from tests.support.deployed import Deployed
from tests.support.owners import new_owner

pytestmark = pytest.mark.local_cloud

BOTH = ("ipynb", "html")
SHARP: Final = {"device_scale_factor": 1.5}


@dataclass(frozen=True)
class Stage:
    """JupyterLab of a user who has no jobs yet."""

    lab: Lab
    client: Client
    pictures: Pictures


Open = Callable[..., AbstractContextManager[Stage]]
"""Takes width and height of the page [px]."""


@pytest.fixture
def stage(visit: Visit, deployed: Deployed, tmp_path: Path) -> Open:
    @contextmanager
    def opened(width: int, height: int) -> Iterator[Stage]:
        with (
            new_owner(deployed) as owner,
            owner.client() as client,
            lab_server(tmp_path, owner.environment) as server,
            visit(server, viewport={"width": width, "height": height}, **SHARP) as lab,
        ):
            yield Stage(lab, client, Pictures(lab.page))

    return opened


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


def test_pictures_of_the_way_to_the_form(stage: Open) -> None:
    with stage(800, 600) as on:
        lab, pictures = on.lab, on.pictures
        lab.open_folder("co2")
        lab.file("co2.ipynb").click(button="right")
        menu = lab.page.locator(".lm-Menu")
        create = menu.get_by_text("Create Job", exact=True)
        pictures.take("file-browser", lab.page.locator(".jp-BreadCrumbs"), menu, pointer=create)
        lab.page.keyboard.press("Escape")

        lab.open_file("co2.ipynb")
        expect(lab.notebook.get_by_text("CO₂").first).to_be_visible()
        button = lab.notebook.locator("[data-command='scheduling:create-from-notebook']")
        pictures.take("notebook-toolbar", lab.notebook.locator(".jp-NotebookPanel-toolbar"), pointer=button)


def test_pictures_of_the_form(stage: Open) -> None:
    with stage(1000, 1400) as on:
        lab, pictures = on.lab, on.pictures
        lab.open_folder("co2")
        form = lab.create_job_of("co2.ipynb")
        form.fill(name="CO2 since 1990", compute_type="medium", formats=BOTH, with_folder=True)
        form.fill_parameters({"start_year": "1990"})
        whole = form.root.locator("form > div")
        schedule = whole.locator("> div").filter(has_text="Run now").last
        buttons = form.root.get_by_role("button", name="Create", exact=True)
        pictures.take("create-form", whole)
        form.open_additional_options().fill_tags("climate")
        fields = OptionFields(form.root).fill(timeout_seconds="2h", max_retries="1").press("Add Notification")
        fields.choose(lab.page, "Tell", "mail").field("notify-0-address").fill("ana@example.com")
        pictures.take("additional-options", form.root.locator(".MuiAccordion-root"))
        fields.press("Remove notification 1")
        form.root.locator("#panel-header").click()
        form.schedule("day")
        form.root.get_by_label("Time", exact=True).fill("09:30")
        expect(next_runs(lab.page).get_by_role("listitem").first).to_contain_text("09:30")
        pictures.take("schedule", schedule, buttons)
        form.schedule("custom", crontab="30 9 * * MON-FRI")
        expect(next_runs(lab.page).get_by_role("listitem")).to_have_count(5)
        expect(next_runs(lab.page)).to_contain_text("Monday through Friday")
        pictures.take("custom-schedule", schedule, buttons)


def test_pictures_of_jobs(stage: Open) -> None:
    """Of the list in each state; the one of README.md, too."""
    with stage(1280, 900) as on:
        lab, client, pictures = on.lab, on.client, on.pictures
        workspace = lab.server.workspace
        card = lab.page.locator(".jp-LauncherCard[title='Jobs']")
        pictures.take("launcher", lab.page.locator(".jp-Launcher-section").filter(has=card), pointer=card)
        lab.page.set_viewport_size({"width": 1280, "height": 620})
        submit_all(client, workspace)
        panel = lab.open_jobs()
        lab.close_tab("Launcher")
        expect_all(panel)
        heading, table = panel.root.locator("thead"), panel.root.locator("tbody")
        pictures.take("download-button", heading, panel.row("CO2 since 1990"), panel.row("Simulation"))
        for name in ("CO2 since 1990", "Sensor readings"):
            panel.download(name)
        lab.refresh_files()
        expect(lab.file("jobs")).to_be_visible()
        pictures.take("downloaded", heading, panel.row("CO2 since 1990"), panel.row("Simulation"))
        stop = panel.root.get_by_title('Stop "Simulation"', exact=True)
        stop.click()
        expect(stop).to_have_text("Stop")
        pictures.take("actions", heading, panel.row("CO2 since 1990"), panel.row("Simulation"), pointer=stop)
        panel.reload()
        client.submit(workspace / "hello.ipynb", name="Second try", output_formats=BOTH)
        panel.reload()
        expect(panel.row("Second try")).to_be_visible()
        pictures.take("panel")
        panel.sort_by("Job name")
        expect(panel.row("Simulation")).to_be_visible()
        pictures.take("sorted", panel.root.locator("h1"), heading, table)


def test_pictures_of_job_details(stage: Open) -> None:
    with stage(1280, 1150) as on:
        lab, client, pictures = on.lab, on.client, on.pictures
        workspace = lab.server.workspace
        client.submit(
            workspace / "co2" / "co2.ipynb",
            name="CO2 since 1990",
            folder=True,
            parameters={"start_year": 1990},
            output_formats=BOTH,
        )
        client.submit(workspace / "failing.ipynb", name="Sensor readings", output_formats=BOTH)
        panel = lab.open_jobs()
        lab.close_tab("Launcher")
        for name, status in {"CO2 since 1990": "Completed", "Sensor readings": "Failed"}.items():
            panel.reload_until(name, status)
        steps = "import time\nfor step in range(40):\n    print('step', step, flush=True)\n    time.sleep(1)"
        for name in ("Simulation", "Forecast"):
            client.submit(write_notebook(workspace / "steps.ipynb", "1", steps, steps), name=name, output_formats=BOTH)
        running = RunningJobs(lab.page).open()
        for name in ("Simulation", "Forecast"):
            expect(running.jobs.filter(has_text=name)).to_contain_text("cell 2 of 3", timeout=60_000)
        pictures.take("running-jobs", running.root.get_by_role("heading"), running.root.get_by_role("list"))
        running.jobs.filter(has_text="Simulation").get_by_role("button").click()
        job = LiveJob(lab.page)
        expect(job.log).to_contain_text("step 9", timeout=60_000)
        pictures.take("live-job", job.root)
        running.close()
        lab.page.locator("[data-id=filebrowser]").click()
        panel.root.locator("nav[aria-label=breadcrumb] a").first.click()
        detail = panel.open("CO2 since 1990")
        pictures.take("job-buttons", detail.root.locator("nav"), detail.root.get_by_role("button", name="Delete Job"))
        detail.download()
        pictures.take("job-detail", detail.root.locator("> div > div"))
        detail.file("Notebook").click()
        expect(lab.notebook.get_by_text("CO₂").first).to_be_visible()
        lab.page.set_viewport_size({"width": 1280, "height": 620})
        expect(lab.page.locator("#jp-bottom-panel")).to_contain_text("Idle")
        pictures.take("executed-notebook")
        lab.page.set_viewport_size({"width": 1280, "height": 1150})
        lab.show_tab("Jobs")
        detail.back()
        detail = panel.open("Sensor readings")
        pictures.take("failed-job", detail.root.locator("nav"), detail.root.locator("h1"), detail.alert)


def test_pictures_of_a_definition(stage: Open) -> None:
    with stage(1280, 1400) as on:
        lab, client, pictures = on.lab, on.client, on.pictures
        notebook = lab.server.workspace / "hello.ipynb"
        weekly = client.schedule(notebook, cron="0 8 * * MON", timezone="Europe/Berlin", name="Weekly report")
        client.schedule(
            notebook, cron="30 9 * * MON-FRI", timezone="Asia/Kathmandu", name="Greeting", parameters={"who": "Ada"}
        )
        client.pause_definition(weekly)
        panel = lab.open_jobs()
        lab.close_tab("Launcher")
        panel.show_definitions()
        expect(panel.row("Weekly report")).to_contain_text("Paused")
        table = panel.root.locator("thead"), panel.root.locator("tbody")
        pictures.take("definitions", panel.root.locator("[role=tablist]"), *table)
        detail = panel.open("Greeting")
        detail.press("Run Job")
        expect(detail.root.get_by_role("button", name="Create", exact=True)).to_be_visible()
        detail.root.locator("input[name='parameter-0-value']").fill("Grace")
        pictures.take("run-job", detail.root.locator("> div > *"))
        lab.page.keyboard.press("Tab")
        detail.root.get_by_role("button", name="Create", exact=True).click()
        panel.reload_until("Greeting", "Completed")
        panel.show_definitions()
        detail = panel.open("Greeting")
        expect(panel.row("Greeting")).to_contain_text("Completed")
        greeting = next(each for each in client.list_definitions(name="Greeting"))
        for _ in range(4):
            client.wait(client.run_definition(greeting.definition_id))
        detail.press("Reload Job Definition")
        health = definition_health(lab.page)
        expect(health.get_by_role("listitem").filter(has=lab.page.get_by_role("button"))).to_have_count(5)
        pictures.take("definition-health", health)
        pictures.take("definition-detail", detail.root.locator("> div > div"))
        detail.press("Edit Job Definition")
        expect(detail.root.get_by_role("button", name="Save Changes")).to_be_visible()
        lab.page.set_viewport_size({"width": 900, "height": 1000})
        pictures.take("edit-definition", detail.root.locator("> div > *"))
