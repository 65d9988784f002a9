"""Job definitions: description of the schedule, pause, edit, run now, and scheduled runs."""

import shutil
import time

import pytest
from playwright.sync_api import expect

from jupyter_scheduler_aws.api.definition_models import Definition
from jupyter_scheduler_aws.client import Client
from tests.browser.details import Detail
from tests.browser.lab import Lab
from tests.browser.page_errors import PageErrors

pytestmark = pytest.mark.local_cloud

WORKDAYS = "30 9 * * MON-FRI"


def definition_of(client: Client, name: str) -> Definition:
    """Return the only definition with a name."""
    [definition] = client.list_definitions(name=name)
    return definition


def make_workdays(lab: Lab, folder: str, name: str) -> Detail:
    """Create a definition of a notebook in a folder with the panel, and open it."""
    (lab.server.workspace / folder).mkdir()
    shutil.copy(lab.server.workspace / "hello.ipynb", lab.server.workspace / folder / "deep.ipynb")
    lab.open_folder(folder)
    form = lab.create_job_of("deep.ipynb").fill(name=name, parameters={"who": "Ada"})
    form.schedule("custom", crontab=WORKDAYS, timezone="Asia/Kathmandu")
    lab.camera.take("form")
    form.create().expect_created()
    expect(lab.panel.row(name)).to_contain_text("At 09:30 AM, Monday through Friday")
    lab.camera.take("list")
    return lab.panel.open(name)


def test_a_definition_is_paused_resumed_and_deleted(lab: Lab, client: Client) -> None:
    detail = make_workdays(lab, "at-times", "At times")
    for button, status in (("Pause", "Paused"), ("Resume", "Active")):
        detail.press(button)
        expect(detail.field("Status")).to_have_text(status)
        assert definition_of(client, "At times").active == (status == "Active")
    lab.camera.take("detail")
    detail.back()
    for button, status in (("Pause", "Paused"), ("Resume", "Active")):
        lab.panel.press(button, "At times")
        expect(lab.panel.row("At times")).to_contain_text(status)
        lab.camera.take(status.lower())
        assert definition_of(client, "At times").active == (status == "Active")
    detail = lab.panel.open("At times")
    detail.press("Delete Job Definition")
    lab.camera.take("really")
    detail.confirm("Delete")
    expect(lab.panel.row("At times")).to_have_count(0)
    lab.panel.reload()
    expect(lab.panel.row("At times")).to_have_count(0)
    assert list(client.list_definitions(name="At times")) == []


def test_a_definition_of_a_notebook_in_a_subfolder_is_edited_and_run(lab: Lab, client: Client) -> None:
    detail = make_workdays(lab, "edited", "Edited")
    expect(detail.field("Time zone")).to_have_text("Asia/Kathmandu")
    expect(detail.root.get_by_text("No jobs associated with this job definition.")).to_be_visible()
    detail.edit_schedule("15 6 * * SUN")
    expect(detail.field("Schedule")).to_have_text("15 6 * * SUN")
    expect(detail.root.get_by_text("At 06:15 AM, only on Sunday")).to_be_visible()
    lab.camera.take("edited")
    definition = definition_of(client, "Edited")
    assert (definition.schedule, definition.timezone, definition.input_filename) == (
        "15 6 * * SUN",
        "Asia/Kathmandu",
        "deep.ipynb",
    )

    detail.run({0: "Grace"})
    expect(lab.panel.row("Edited")).to_be_visible()
    lab.camera.take("run")
    lab.panel.reload_until("Edited", "Completed")
    assert lab.panel.open("Edited").parameters() == {"who": "Grace"}
    assert definition.parameters == {"who": "Ada"}
    detail.back()
    lab.panel.show_definitions()
    detail = lab.panel.open("Edited")
    expect(lab.panel.row("Edited")).to_contain_text("Completed")
    lab.camera.take("jobs")


def test_an_edit_replaces_the_snapshot_only_if_a_file_is_dropped(lab: Lab, client: Client) -> None:
    file = lab.server.workspace / "dropped.ipynb"
    shutil.copy(lab.server.workspace / "hello.ipynb", file)
    lab.refresh_files()
    form = lab.create_job_of("dropped.ipynb").fill(name="Dropped")
    form.schedule("custom", crontab=WORKDAYS, timezone="Asia/Kathmandu").create().expect_created()
    definition_id = definition_of(client, "Dropped").definition_id
    said = f"Edited job definition '{definition_id}': the snapshot is"

    detail = lab.panel.open("Dropped")
    expect(detail.field("Input file")).to_have_text("./dropped.ipynb")
    detail.edit_schedule("15 6 * * SUN", dropped=lab.file("dropped.ipynb"))
    expect(detail.field("Schedule")).to_have_text("15 6 * * SUN")
    assert f"{said} now 'dropped.ipynb'" in lab.server.log.read_text(encoding="utf-8")
    file.unlink()
    detail.edit_schedule("15 7 * * SUN")
    expect(detail.field("Schedule")).to_have_text("15 7 * * SUN")
    lab.camera.take("edited")
    assert f"{said} kept" in lab.server.log.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("crontab", "reason"),
    [
        ("* * * * * *", "schedule: '* * * * * *' has 6 fields; a crontab has 5"),
        ("0 0 31 2 *", "day of month: no month of '2' has a day '31', so the schedule never fires"),
        ("0 9 ? * *", "day of month: '?' is not crontab syntax; write * for any value"),
    ],
)
def test_a_crontab_that_the_form_approves_and_the_service_refuses_is_explained(
    lab: Lab, client: Client, page_errors: PageErrors, crontab: str, reason: str
) -> None:
    page_errors.expect(r"^response: POST .*/scheduler/job_definitions\?\d+ 500$", r"status of 500 .*/scheduler/job_def")
    form = lab.create_job_of("hello.ipynb").fill(name="Refused")
    form.schedule("custom", crontab=crontab).create()
    expect(form.alert).to_contain_text(reason)
    lab.camera.take("refused")
    assert not list(client.list_definitions(name="Refused"))


def test_a_definition_runs_every_minute(lab: Lab, client: Client) -> None:
    form = lab.create_job_of("hello.ipynb").fill(name="Every minute").schedule("minute")
    lab.camera.take("form")
    form.create().expect_created()
    expect(lab.panel.row("Every minute")).to_contain_text("Every minute")
    detail = lab.panel.open("Every minute")
    while not (last_run := definition_of(client, "Every minute").last_run):
        time.sleep(0.5)
    detail.reload_jobs()
    expect(lab.panel.row("Every minute")).to_have_count(1)
    lab.camera.take("ran")
    detail.press("Pause")
    expect(detail.field("Status")).to_have_text("Paused")
    assert last_run.job_id == next(client.list_jobs(name="Every minute")).job_id
    detail.press("Delete Job Definition")
    detail.confirm("Delete")
    expect(lab.panel.row("Every minute")).to_have_count(0)
    lab.panel.reload()
    expect(lab.panel.row("Every minute")).to_have_count(0)
    lab.camera.take("deleted")


def test_a_definition_with_a_macro_is_displayed(lab: Lab, client: Client) -> None:
    client.schedule(lab.server.workspace / "hello.ipynb", cron="@daily", name="Daily")
    lab.open_jobs().show_definitions()
    expect(lab.panel.row("Daily")).to_contain_text("At 12:00 AM")
    lab.camera.take("list")
    detail = lab.panel.open("Daily")
    expect(detail.field("Schedule")).to_have_text("0 0 * * *")
    lab.camera.take("detail")
    expect(lab.page.get_by_text("Internal error")).to_have_count(0)
