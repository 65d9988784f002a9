"""Options of jobs and definitions in the panel: set at creation, shown, changed; the next runs of a schedule."""

import shutil
from datetime import UTC, datetime
from typing import Any, Final

import pytest
from playwright.sync_api import expect

from jupyter_scheduler_aws.api.definition_models import Definition
from jupyter_scheduler_aws.client import Client
from tests.browser.extension import OptionFields, definition_health, next_runs
from tests.browser.lab import Lab

pytestmark = pytest.mark.local_cloud

OPTIONS: Final[dict[str, Any]] = {
    "timeout_seconds": 5400,
    "max_retries": 2,
    "min_retry_interval_millis": 30_000,
    "retry_on_timeout": True,
    "schedule_start": int(datetime(2030, 1, 1, 11, 0, tzinfo=UTC).timestamp() * 1000),
    "schedule_end": int(datetime(2030, 7, 1, 10, 0, tzinfo=UTC).timestamp() * 1000),
    "max_runs": 100,
    "overlap_policy": "skip",
    "catch_up_seconds": 7200,
    "success_within_seconds": 3600,
    "pause_after_failures": 5,
    "job_retention_days": 14,
    "keep_last": 20,
    "notify": ["end:mail:ana@example.com"],
}
OF_JOBS: Final = ("timeout_seconds", "max_retries", "min_retry_interval_millis", "retry_on_timeout", "notify")
TYPED: Final = {
    "timeout_seconds": "1h 30m",
    "max_retries": "2",
    "min_retry_interval_millis": "30s",
    "schedule_start": "2030-01-01T12:00",
    "schedule_end": "2030-07-01T12:00",
    "max_runs": "100",
    "catch_up_seconds": "2h",
    "success_within_seconds": "1h",
    "pause_after_failures": "5",
    "job_retention_days": "14",
    "keep_last": "20",
}


def stored(client: Client, name: str) -> Definition:
    """Return the only definition with a name, with all of its fields."""
    [definition] = client.list_definitions(name=name)
    return client.get_definition(definition.definition_id)


def test_every_option_of_the_form_is_on_the_definition_and_its_jobs(lab: Lab, client: Client) -> None:
    form = lab.create_job_of("hello.ipynb").fill(name="With options").open_additional_options()
    form.schedule("custom", crontab="0 9 * * 1")  # in the zone of the browser, Europe/Berlin
    fields = OptionFields(form.root).fill(**TYPED)
    fields.field("retry_on_timeout").check()
    fields.choose(lab.page, "If the last run is still in progress", "Skip the new run")
    fields.press("Add Notification").choose(lab.page, "Tell", "mail").choose(lab.page, "When", "when it ends")
    fields.field("notify-0-address").fill("ana@example.com")
    lab.camera.take("form")
    form.create().expect_created()
    definition = stored(client, "With options")
    assert {name: definition.document[name] for name in OPTIONS} == OPTIONS
    assert not definition.document["runtime_environment_parameters"]
    job = client.get_job(client.run_definition(definition.definition_id))
    assert {name: job.document[name] for name in OF_JOBS} == {name: OPTIONS[name] for name in OF_JOBS}
    lab.panel.open("With options")
    shown = definition_health(lab.page).locator("dl")
    for text in ("1h 30m", "30s", "2030-01-01T12:00", "Skip the new run", "14", "end:mail:ana@example.com"):
        expect(shown).to_contain_text(text)
    shown.scroll_into_view_if_needed()
    lab.camera.take("detail")


def test_the_options_of_a_job_arrive(lab: Lab, client: Client) -> None:
    form = lab.create_job_of("hello.ipynb").fill(name="Job with options").open_additional_options()
    OptionFields(form.root).fill(timeout_seconds="10m", max_retries="1")
    form.create().expect_created()
    [job] = client.list_jobs(name="Job with options")
    assert (job.document["timeout_seconds"], job.document["max_retries"]) == (600, 1)


def test_options_are_changed_in_the_details_of_a_definition(lab: Lab, client: Client) -> None:
    form = lab.create_job_of("hello.ipynb").fill(name="Changed options").open_additional_options()
    form.schedule("custom", crontab="0 9 * * 1")
    OptionFields(form.root).fill(max_runs="3", keep_last="5")
    form.create().expect_created()
    lab.panel.open("Changed options")
    health = definition_health(lab.page)
    fields = OptionFields(health).press("Edit Options")
    expect(fields.field("max_runs")).to_have_value("3")
    fields.fill(max_runs="many")
    expect(health.get_by_role("button", name="Save Options")).to_be_disabled()
    expect(health.get_by_text("Write a whole number.")).to_be_visible()
    lab.camera.take("refused")
    fields.fill(max_runs="4", keep_last="").press("Save Options")
    expect(health.locator("dl")).to_contain_text("4")
    definition = stored(client, "Changed options")
    assert (definition.document["max_runs"], definition.document["keep_last"]) == (4, None)
    assert definition.schedule == "0 9 * * 1"


def test_the_next_runs_follow_the_schedule_and_a_bad_one_is_refused_in_words(lab: Lab) -> None:
    form = lab.create_job_of("hello.ipynb").fill(name="Previewed")
    form.schedule("custom", crontab="0 9 1 1 *", timezone="Asia/Kathmandu")
    runs = next_runs(lab.page)
    expect(runs.get_by_role("listitem")).to_have_count(5)
    expect(runs.get_by_role("listitem").first).to_contain_text("Jan 1")
    expect(runs).to_contain_text("(Asia/Kathmandu)")
    runs.scroll_into_view_if_needed()
    lab.camera.take("next-runs")
    crontab = form.root.locator("input[name=schedule]")
    create = form.root.get_by_role("button", name="Create", exact=True)
    for bad in ("0 0 31 2 *", "* * * * * *"):
        crontab.fill(bad)
        expect(runs.get_by_role("alert")).to_be_visible()
        expect(create).to_be_disabled()
    lab.camera.take("refused")
    crontab.fill("0 9 2 1 *")
    expect(runs.get_by_role("listitem").first).to_contain_text("Jan 2")
    expect(create).to_be_enabled()


def test_a_job_with_options_is_made_with_the_keyboard_alone(lab: Lab, client: Client) -> None:
    form = lab.create_job_of("hello.ipynb").fill(name="By keyboard")
    keyboard = lab.page.keyboard
    form.root.locator("#panel-header").focus()
    keyboard.press("Enter")
    fields = OptionFields(form.root)
    expect(fields.field("timeout_seconds")).to_be_visible()
    for _ in range(12):
        keyboard.press("Tab")
        if fields.field("timeout_seconds").evaluate("each => each === document.activeElement"):
            break
    keyboard.type("5m")
    keyboard.press("Tab")
    keyboard.type("1")
    lab.camera.take("typed")
    create = form.root.get_by_role("button", name="Create", exact=True)
    for _ in range(20):
        keyboard.press("Tab")
        if create.evaluate("each => each === document.activeElement"):
            break
    keyboard.press("Enter")
    form.expect_created()
    [job] = client.list_jobs(name="By keyboard")
    assert (job.document["timeout_seconds"], job.document["max_retries"]) == (300, 1)


def test_a_notebook_that_is_not_saved_is_told_in_the_form(lab: Lab) -> None:
    shutil.copy(lab.server.workspace / "hello.ipynb", lab.server.workspace / "unsaved.ipynb")
    lab.refresh_files()
    lab.open_file("unsaved.ipynb")
    expect(lab.notebook.get_by_role("heading", name="Hello")).to_be_visible()
    lab.notebook.locator(".jp-Cell").first.click()
    lab.page.keyboard.press("Escape")
    lab.page.keyboard.press("b")  # a new cell below
    form = lab.create_job_of("unsaved.ipynb")
    hint = form.root.get_by_role("alert").filter(has_text="not saved")
    expect(hint).to_be_visible()
    hint.scroll_into_view_if_needed()
    lab.camera.take("unsaved")
    hint.get_by_role("button", name="Save Notebook").click()
    expect(hint).to_have_count(0)
