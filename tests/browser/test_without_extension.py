"""The stock panel without our extension: as it is where Node.js was missing, or where somebody has disabled it."""

from typing import Final

import pytest
from playwright.sync_api import expect

from jupyter_scheduler_aws.client import Client
from tests.browser.conftest import Visit
from tests.browser.extension import LiveJob, RunningJobs
from tests.browser.page_errors import PageErrors
from tests.browser.servers import lab_server
from tests.support.owners import Owner

pytestmark = pytest.mark.local_cloud


REFUSED: Final = {
    "* * * * * *": "schedule: '* * * * * *' has 6 fields; a crontab has 5",
    "0 0 31 2 *": "day of month: no month of '2' has a day '31', so the schedule never fires",
    "0 9 ? * *": "day of month: '?' is not crontab syntax; write * for any value",
}
"""Crontabs that the stock form approves and the service refuses."""


def test_the_stock_panel_works_without_the_extension(
    visit: Visit, owner: Owner, client: Client, page_errors: PageErrors, tmp_path_factory: pytest.TempPathFactory
) -> None:
    page_errors.expect(r"^response: POST .*/scheduler/job_definitions\?\d+ 500$", r"status of 500 .*/scheduler/job_def")
    folder = tmp_path_factory.mktemp("lab")
    with lab_server(folder, owner.environment, extension=False) as server, visit(server) as lab:
        expect(RunningJobs(lab.page).root).to_have_count(0)
        form = lab.create_job_of("hello.ipynb").fill(name="Stock", formats=("ipynb", "html"))
        form.open_additional_options().fill_tags("first").fill_token("stock-only")
        lab.camera.take("form")
        form.create().expect_created()
        lab.panel.reload_until("Stock", "Completed")
        detail = lab.panel.open("Stock")
        expect(detail.root.get_by_text("Tag 1")).to_be_visible()
        expect(LiveJob(lab.page).root).to_have_count(0)
        detail.download()
        lab.camera.take("detail")
        for crontab, reason in REFUSED.items():
            form = lab.create_job_of("hello.ipynb").fill(name="Refused").schedule("custom", crontab=crontab).create()
            expect(form.alert).to_contain_text(reason)
        lab.camera.take("refused")
    assert not list(client.list_definitions(name="Refused"))
    [job] = client.list_jobs(name="Stock")
    assert (list(job.tags), job.document["idempotency_token"]) == (["first"], "stock-only")
