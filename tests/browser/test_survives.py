"""What is kept where: nothing of a job depends on the page or on the Jupyter server."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.lab import Lab
from tests.browser.page_errors import PageErrors
from tests.browser.servers import lab_server
from tests.support.owners import Owner

pytestmark = pytest.mark.local_cloud


def test_a_reload_of_the_page_keeps_the_panel(lab: Lab, page_errors: PageErrors) -> None:
    page_errors.expect(r"^request: GET .*/scheduler/(jobs|runtime_environments)\?.* net::ERR_ABORTED$")
    lab.create_job_of("hello.ipynb").fill(name="Reloaded").create().expect_created()
    lab.page.reload()  # while the list is on its way
    lab.expect_ready()
    lab.camera.take("reloaded")
    panel = lab.open_jobs()
    panel.reload_until("Reloaded", "Completed")
    lab.camera.take("completed")


def test_a_restart_of_the_server_before_the_download(
    visit: Visit, owner: Owner, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("lab")
    with lab_server(folder, owner.environment) as server, visit(server) as lab:
        lab.create_job_of("hello.ipynb").fill(name="Restarted").create().expect_created()
        expect(lab.panel.row("Restarted")).to_be_visible()
    with lab_server(folder, owner.environment) as server, visit(server) as lab:
        panel = lab.open_jobs()
        panel.reload_until("Restarted", "Completed")
        panel.download("Restarted")
        lab.camera.take("downloaded")
        expect(panel.row("Restarted").get_by_text("Notebook", exact=True)).to_be_visible()
        assert list((server.workspace / "jobs").glob("hello-*/hello-*.ipynb"))
