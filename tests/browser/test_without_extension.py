"""The stock panel without our extension: as it is where Node.js was missing, or where somebody has disabled it."""

import pytest
from playwright.sync_api import expect

from jupyter_scheduler_aws.client import Client
from tests.browser.conftest import Visit
from tests.browser.extension import LiveJob, RunningJobs
from tests.browser.servers import lab_server
from tests.support.owners import Owner

pytestmark = pytest.mark.local_cloud


def test_the_stock_panel_works_without_the_extension(
    visit: Visit, owner: Owner, client: Client, tmp_path_factory: pytest.TempPathFactory
) -> None:
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
    [job] = client.list_jobs(name="Stock")
    assert (list(job.tags), job.document["idempotency_token"]) == (["first"], "stock-only")
