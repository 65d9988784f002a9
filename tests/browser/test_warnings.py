"""Warnings, and files of an earlier attempt, in the details of a job. The service is a fake: only the panel is under test."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.servers import lab_server
from tests.jupyter_scheduler_aws.documents import WARNING
from tests.jupyter_scheduler_aws.fake_api import FakeApi, running_api
from tests.jupyter_scheduler_aws.fake_server import REGION
from tests.support.jupyter_server import JupyterServer

_SHOWN = "2,000 outputs were left out. (a.csv, b, 1,998 more)"
_LINKS = [
    {"display_name": name, "file_format": file_format, "file_path": None}
    for name, file_format in (("Notebook", "ipynb"), ("HTML", "html"), ("Input", "input"))
]


@pytest.fixture
def api() -> Iterator[FakeApi]:
    with running_api() as api:
        api.page_size = 100
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


def _add(api: FakeApi, name: str, **fields: Any) -> str:
    return api.add_job(name, url="/jobs/x", job_files=_LINKS, **fields)


def test_the_details_show_warnings_and_whose_files_they_are(visit: Visit, api: FakeApi, server: JupyterServer) -> None:
    _add(api, "Quiet")
    _add(api, "Warned", warnings=[WARNING])
    failed = _add(api, "Retried", status="FAILED", attempt=3, status_message="The container disappeared.")
    api.jobs[failed].files_of = 1
    with visit(server) as lab:
        panel = lab.open_jobs()
        detail = panel.open("Warned")
        expect(panel.alert).to_have_text(f"Completed with 1 warning: {_SHOWN}")
        lab.camera.take("completed")
        detail.back()
        detail = panel.open("Retried")
        expect(panel.alert).to_have_text(
            "The container disappeared. · These are the files of attempt 1: later attempts have made none."
        )
        detail.download()
        lab.camera.take("retried")
        detail.back()
        panel.open("Quiet")
        expect(panel.alert).to_have_count(0)
