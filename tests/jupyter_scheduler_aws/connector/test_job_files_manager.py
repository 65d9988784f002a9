"""Downloads that the handler of jupyter-scheduler requests, with the text of the query."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jupyter_scheduler.exceptions import SchedulerError
from traitlets.config import Config

from jupyter_scheduler_aws import AwsEnvironmentManager, AwsJobFilesManager, AwsScheduler
from tests.jupyter_scheduler_aws.fake_api import FakeApi
from tests.jupyter_scheduler_aws.fake_server import Fault, Response

REDOWNLOAD = ["true", "True", "TRUE", True]
NOT_REDOWNLOAD = ["false", "False", "", "1", "yes", None, False]


@pytest.fixture
def manager(api: FakeApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AwsJobFilesManager]:
    root = tmp_path / "root"
    root.mkdir()
    monkeypatch.chdir(tmp_path)
    scheduler = AwsScheduler(
        root_dir=str(root),
        environments_manager=AwsEnvironmentManager(),
        config=Config({"AwsScheduler": {"api_url": api.url, "tries": 1}}),
    )
    yield AwsJobFilesManager(scheduler=scheduler)
    scheduler.connection.close()


@pytest.fixture
def job_id(api: FakeApi) -> str:
    return api.add_job(url="/x")


def download(manager: Any, job_id: str, redownload: object) -> Path:
    """Download as the handler does, and return the path of the executed notebook."""
    asyncio.run(manager.copy_from_staging(job_id=job_id, redownload=redownload))
    folder: Path = manager.scheduler.workspace.job_folder("report.ipynb", job_id)
    return folder / "report-2026.ipynb"


@pytest.mark.parametrize("redownload", [*NOT_REDOWNLOAD, *REDOWNLOAD])
def test_files_are_below_the_root_when_the_response_is_sent(
    manager: AwsJobFilesManager, job_id: str, redownload: object, tmp_path: Path
) -> None:
    """The stock manager responds earlier, and writes below the working directory."""
    assert download(manager, job_id, redownload) == tmp_path / f"root/jobs/report-{job_id}/report-2026.ipynb"
    assert (tmp_path / f"root/jobs/report-{job_id}/report-2026.ipynb").read_bytes() == b"{}"
    assert not (tmp_path / "jobs").exists()


@pytest.mark.parametrize("redownload", NOT_REDOWNLOAD)
def test_existing_files_are_not_downloaded_again(manager: AwsJobFilesManager, job_id: str, redownload: object) -> None:
    """The panel sends `redownload=false`, which the stock scheduler treats as true, like any text."""
    path = download(manager, job_id, "false")
    path.write_text("[]")
    assert download(manager, job_id, redownload).read_text() == "[]"


@pytest.mark.parametrize("redownload", REDOWNLOAD)
def test_redownload_replaces_existing_files(manager: AwsJobFilesManager, job_id: str, redownload: object) -> None:
    path = download(manager, job_id, "false")
    path.write_text("[]")
    assert download(manager, job_id, redownload).read_text() == "{}"


def test_a_failed_download_is_an_error(api: FakeApi, manager: AwsJobFilesManager, job_id: str) -> None:
    """The stock manager hides errors."""
    with pytest.raises(SchedulerError, match="no job no-such-id"):
        download(manager, "no-such-id", "false")
    api.faults = [Fault("GET", "/s3/.*ipynb", instead=Response(404))]
    with pytest.raises(SchedulerError):
        download(manager, job_id, "false")
