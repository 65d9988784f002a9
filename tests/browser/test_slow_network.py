"""While the service keeps the panel waiting, JupyterLab does not wait with it."""

import httpx
import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.servers import lab_server, write_notebook
from tests.support.holding_proxy import holding_proxy
from tests.support.owners import Owner

pytestmark = pytest.mark.local_cloud


def test_jupyterlab_goes_on_while_the_list_is_awaited(
    visit: Visit, owner: Owner, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("lab")
    with owner.client() as client:
        client.submit(write_notebook(folder / "x.ipynb", "1"), name="Behind a slow network", output_formats=["ipynb"])
    url = httpx.URL(owner.deployed.api_url)
    assert url.port
    with holding_proxy(url.host, url.port) as proxy:
        slow = {"JUPYTER_SCHEDULER_AWS_URL": str(url.copy_with(port=proxy.port))}
        with lab_server(folder, owner.environment | slow) as server, visit(server) as lab:
            proxy.hold()
            panel = lab.open_jobs()
            proxy.await_held()
            assert {each["name"] for each in server.http.get("/api/contents").json()["content"]} >= {"hello.ipynb"}
            lab.open_file("README.md")
            expect(lab.page.get_by_text("the smallest notebook with a parameter").first).to_be_visible()
            lab.camera.take("other-work")
            lab.show_tab("Jobs")
            expect(panel.row("Behind a slow network")).to_have_count(0)
            lab.camera.take("waiting")
            proxy.release()
            expect(panel.row("Behind a slow network")).to_be_visible()
            lab.camera.take("there")
