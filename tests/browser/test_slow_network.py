"""While the service keeps the panel waiting, JupyterLab does not wait with it."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import expect

from local_cloud.paths import LocalPaths
from local_cloud.processes import read_pid_file
from tests.browser.conftest import Visit
from tests.browser.servers import lab_server, write_notebook
from tests.support.owners import Owner

pytestmark = pytest.mark.local_cloud


@contextmanager
def suspended(pid: int) -> Iterator[None]:
    """Suspend a process: its connections stay open, and it answers nothing."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def test_jupyterlab_stays_responsive_while_the_list_loads(
    visit: Visit, owner: Owner, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("lab")
    with owner.client() as client:
        client.submit(write_notebook(folder / "x.ipynb", "1"), name="Behind a slow network", output_formats=["ipynb"])
    cloud = read_pid_file(LocalPaths.from_environment(os.environ).pid)
    assert cloud
    with lab_server(folder, owner.environment) as server, visit(server) as lab:
        with suspended(cloud):
            with lab.page.expect_request("**/scheduler/jobs?**"):
                panel = lab.open_jobs()
            assert {each["name"] for each in server.http.get("/api/contents").json()["content"]} >= {"hello.ipynb"}
            lab.open_file("README.md")
            expect(lab.page.get_by_text("the smallest notebook with a parameter").first).to_be_visible()
            lab.camera.take("other-work")
            lab.show_tab("Jobs")
            expect(panel.row("Behind a slow network")).to_have_count(0)
            lab.camera.take("waiting")
        expect(panel.row("Behind a slow network")).to_be_visible()
        lab.camera.take("there")
