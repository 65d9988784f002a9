"""Lists with several pages, in every sort order of the panel."""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from jupyter_scheduler_aws.client import Client
from jupyter_scheduler_aws.snapshots.pack import pack_notebook
from tests.browser.lab import Lab
from tests.browser.panel import JobsPanel
from tests.browser.servers import lab_server, write_notebook
from tests.support.deployed import Deployed
from tests.support.jupyter_server import JupyterServer
from tests.support.owners import Owner, new_owner

pytestmark = pytest.mark.local_cloud

PAGE = 25
NAMES = ["Completes", "Fails", *(f"Job {number * 9 % 28:02}" for number in range(28))]
"""Names in the order of creation, which is not alphabetical."""

SLOW = ("beta.ipynb", "alpha.ipynb", "gamma.ipynb")
INPUTS = ["first.ipynb", "fails.ipynb", *(SLOW[index % 3] for index in range(28))]


def make_jobs(client: Client, folder: Path) -> list[str]:
    """Create thirty jobs, one after the other, and return how they ended.

    All but the first two are stopped at once, most before they begin.
    """
    sources = {"first.ipynb": "1", "fails.ipynb": "1 / 0", **dict.fromkeys(SLOW, "import time\ntime.sleep(600)")}
    uris = {name: upload(client, write_notebook(folder / name, source)) for name, source in sources.items()}
    job_ids: list[str] = []
    with ThreadPoolExecutor(2) as others:
        for name, filename in zip(NAMES, INPUTS, strict=True):
            job_ids.append(client.create_job(job_request(name, filename, uris)))
            if len(job_ids) > 2:
                others.submit(client.stop_job, job_ids[-1])
    return [client.wait(job_id).status.capitalize() for job_id in job_ids]


def upload(client: Client, path: Path) -> str:
    with pack_notebook(path) as snapshot:
        return client.upload(snapshot)


def job_request(name: str, filename: str, uris: Mapping[str, str]) -> dict[str, Any]:
    return {
        "name": name,
        "input_filename": filename,
        "input_uri": uris[filename],
        "runtime_environment_name": "python",
        "output_formats": ["ipynb"],
    }


def expect_both_orders(panel: JobsPanel, title: str, column: int, rows: list[str]) -> None:
    """Click the title of a column twice, and check the ascending and the descending order of its rows."""
    panel.sort_by(title)
    expect(panel.column(column)).to_have_text(rows[:PAGE])
    panel.sort_by(title)
    expect(panel.column(column)).to_have_text(rows[: -PAGE - 1 : -1])


@pytest.fixture(scope="module")
def owner(deployed: Deployed) -> Iterator[Owner]:
    """A user whose lists contain only what these tests create."""
    with new_owner(deployed) as owner:
        yield owner


@pytest.fixture(scope="module")
def client(owner: Owner) -> Iterator[Client]:
    with owner.client() as client:
        yield client


@pytest.fixture(scope="module")
def server(owner: Owner, tmp_path_factory: pytest.TempPathFactory) -> Iterator[JupyterServer]:
    with lab_server(tmp_path_factory.mktemp("lab"), owner.environment) as server:
        yield server


def test_jobs_on_two_pages_in_every_sort_order(lab: Lab, client: Client, tmp_path: Path) -> None:
    ends = make_jobs(client, tmp_path)
    assert set(ends) == {"Completed", "Failed", "Stopped"}
    panel = lab.open_jobs()
    newest = NAMES[::-1]
    for turn, rows, pages in (
        (panel.reload, newest[:PAGE], "1\u201325 of 30"),
        (panel.next_page, newest[PAGE:], "26\u201330 of 30"),
        (panel.previous_page, newest[:PAGE], "1\u201325 of 30"),
    ):
        turn()
        expect(panel.range).to_have_text(pages)
        expect(panel.column(1)).to_have_text(rows)
        lab.camera.take("page")
    expect_both_orders(panel, "Job name", 1, sorted(NAMES))
    lab.camera.take("name")
    expect_both_orders(panel, "Input filename", 2, sorted(INPUTS))
    expect_both_orders(panel, "Created at", 1, NAMES)
    expect_both_orders(panel, "Status", 5, sorted(ends))
    lab.camera.take("status")


def test_definitions_in_every_sort_order(lab: Lab, client: Client, tmp_path: Path) -> None:
    names, files = ["second", "third", "first"], ["beta.ipynb", "alpha.ipynb", "gamma.ipynb"]
    for name, file in zip(names, files, strict=True):
        client.schedule(write_notebook(tmp_path / file, "1"), cron="0 0 1 1 *", name=name, active=False)
    panel = lab.open_jobs()
    panel.show_definitions()
    expect(panel.column(1)).to_have_text(names[::-1])
    expect(panel.row("first")).to_contain_text("Paused")
    expect_both_orders(panel, "Job definition name", 1, sorted(names))
    expect_both_orders(panel, "Input filename", 2, sorted(files))
    expect_both_orders(panel, "Created at", 1, names)
    lab.camera.take("created")
