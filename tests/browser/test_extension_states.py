"""States that are rare in a running stack: the service is a fake, only our parts of the panel are under test."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.extension import Axe, LiveJob, RunningJobs, definition_health
from tests.browser.page_errors import PageErrors
from tests.browser.servers import lab_server, write_notebook
from tests.jupyter_scheduler_aws.fake_api import FakeApi, ended, running_api
from tests.jupyter_scheduler_aws.fake_server import REGION, Fault, Response
from tests.support.jupyter_server import JupyterServer

PHASE = {"code": "running", "message": "", "cell": 3, "cells": 4}


@pytest.fixture
def api() -> Iterator[FakeApi]:
    with running_api() as api:
        api.page_size = 500
        yield api


@pytest.fixture
def server(api: FakeApi, tmp_path: Path) -> Iterator[JupyterServer]:
    """A JupyterLab of the fake service's user."""
    environment = {
        "JUPYTER_SCHEDULER_AWS_URL": api.url,
        "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    with lab_server(tmp_path, environment) as server:
        yield server


def add(api: FakeApi, name: str, **fields: Any) -> str:
    return api.add_job(name, url="/jobs/x", job_files=[], **fields)


def test_a_job_that_waits_is_stopped(visit: Visit, api: FakeApi, server: JupyterServer) -> None:
    job_id = add(api, "Waits", status="QUEUED")
    with visit(server) as lab:
        lab.open_jobs().open("Waits")
        job = LiveJob(lab.page)
        expect(job.state).to_have_text("Waiting")
        lab.camera.take("waits")
        job.press("Stop Waiting Job")
        lab.page.get_by_role("dialog").get_by_role("button", name="Stop Job").click()
        expect(job.state).not_to_have_text("Waiting")
        lab.camera.take("stopped")
    assert api.jobs[job_id].document["status"] in ("STOPPED", "STOPPING")


def test_the_attempts_of_a_retried_job(visit: Visit, api: FakeApi, server: JupyterServer) -> None:
    fields = ended("COMPLETED", "succeeded", "Completed")
    job_id = add(api, "Retried", attempt=2, **fields)
    common = {"compute_type": "small", "on_spot": False, "warnings": [], "start_time": 1_000_000, "end_time": 1_061_000}
    cost = {"estimate": 0.0123, "currency": "USD", "vcpu_seconds": 1, "gib_seconds": 4, "prices_as_of": "2026-01"}
    gone = {"code": "out_of_memory", "title": "Out of memory", "message": "Use more.", "retryable": True}
    api.jobs[job_id].attempts = [
        {**common, "attempt": 1, "outcome": gone, "cost": cost},
        {**common, "attempt": 2, "outcome": fields["outcome"], "cost": cost},
    ]
    with visit(server) as lab:
        lab.open_jobs().open("Retried")
        job = LiveJob(lab.page)
        expect(job.attempts).to_have_count(2)
        expect(job.attempts.first).to_contain_text("Out of memory")
        expect(job.attempts.first).to_contain_text("1:01")
        expect(job.attempts.first).to_contain_text("$0.012")
        lab.camera.take("attempts")


def test_the_notebook_of_a_running_job_is_opened_as_it_is_so_far(
    visit: Visit, api: FakeApi, server: JupyterServer, page_errors: PageErrors
) -> None:
    page_errors.expect("status of 409 .*/notebook")
    fields = {"status": "IN_PROGRESS", "attempt": 1, "start_time": 1_000_000, "phase": PHASE}
    job_id = add(api, "Runs", **fields)
    written = write_notebook(server.workspace / "made.ipynb", "print('so far')").read_bytes()
    api.jobs[job_id].files = {}
    with visit(server) as lab:
        lab.open_jobs().open("Runs")
        job = LiveJob(lab.page)
        job.press("Open the Notebook So Far")
        dialog = lab.page.get_by_role("dialog")
        expect(dialog).to_contain_text("has not saved")
        lab.camera.take("not-yet")
        dialog.get_by_role("button").first.click()
        api.jobs[job_id].files = {"report.ipynb": ("ipynb", written)}
        job.press("Open the Notebook So Far")
        expect(lab.notebook.get_by_text("print('so far')")).to_be_visible()
        lab.camera.take("so-far")


def test_an_outage_is_told_and_passes(visit: Visit, api: FakeApi, server: JupyterServer) -> None:
    add(api, "Runs", status="IN_PROGRESS", attempt=1, start_time=1_000_000, phase=PHASE)
    with visit(server) as lab:
        lab.open_jobs().open("Runs")
        job = LiveJob(lab.page)
        expect(job.state).to_have_text("Running, cell 3 of 4")
        refusal = Response.refusal(503, "The service is out of order.", "unavailable")
        api.faults += [Fault("GET", "/v1/scheduler/jobs/.*", instead=refusal) for _ in range(200)]
        expect(job.message).to_contain_text("out of order")
        lab.camera.take("outage")
        api.faults.clear()
        expect(job.message).to_have_count(0, timeout=120_000)


def test_a_definition_with_problems_is_in_red(visit: Visit, api: FakeApi, server: JupyterServer) -> None:
    problem = {
        "work": "schedules",
        "code": "failing",
        "title": "Paused after failures",
        "message": "Ten runs have failed in a row.",
        "since": 1_800_000_000_000,
        "attempts": 1,
    }
    definition_id = api.add_definition(name="Failing", schedule="0 9 * * *", active=False, problems=[problem])
    for index in range(4):
        outcome = ended("FAILED", "notebook_error", "The notebook raised an error")
        add(api, f"run {index}", job_definition_id=definition_id, **outcome)
    with visit(server) as lab:
        panel = lab.open_jobs()
        panel.show_definitions()
        lab.page.get_by_title("Open detail view for").first.click()
        health = definition_health(lab.page)
        expect(health.get_by_role("alert")).to_contain_text("Ten runs have failed in a row.")
        expect(health.get_by_role("listitem").filter(has=lab.page.get_by_role("button"))).to_have_count(4)
        lab.camera.take("failing")
        health.get_by_role("button", name="The notebook raised an error").first.click()
        expect(LiveJob(lab.page).state).to_have_text("The notebook raised an error")


def test_three_hundred_running_jobs(visit: Visit, api: FakeApi, server: JupyterServer) -> None:
    for index in range(300):
        add(api, f"Job {index}", status="IN_PROGRESS", attempt=1, start_time=1_000_000, phase=PHASE)
    with visit(server) as lab:
        running = RunningJobs(lab.page).open()
        expect(running.jobs).to_have_count(100)
        expect(running.root).to_contain_text("There are more jobs than these.")
        lab.camera.take("many")


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark", "JupyterLab Dark High Contrast"])
def test_axe_finds_nothing_in_our_parts(visit: Visit, api: FakeApi, server: JupyterServer, theme: str) -> None:
    add(api, "Runs", status="IN_PROGRESS", attempt=1, start_time=1_000_000, phase=PHASE)
    api.add_definition(name="Scheduled", schedule="0 9 * * *")
    with visit(server) as lab:
        lab.choose_theme(theme)
        form = lab.create_job_of("hello.ipynb").open_additional_options()
        form.schedule("day")
        form.root.get_by_role("button", name="Add Notification").click()
        axe = Axe(lab.page)
        problems = list(axe.problems(".jp-SchedulerAws-fields", ".jp-SchedulerAws"))
        lab.camera.take("form")
        panel = lab.open_jobs()
        detail = panel.open("Runs")
        expect(LiveJob(lab.page).state).to_contain_text("Running")
        RunningJobs(lab.page).open()
        problems += axe.problems(".jp-SchedulerAws", ".jp-SchedulerAws-running")
        lab.camera.take("detail")
        detail.back()
        panel.show_definitions()
        panel.open("Scheduled")
        definition_health(lab.page).get_by_role("button", name="Edit Options").click()
        problems += axe.problems(".jp-SchedulerAws")
        lab.camera.take("definition")
    assert problems == []
