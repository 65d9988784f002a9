"""The local files of a job after downloads by the connector: links and the Download button in the panel."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from jupyter_scheduler.models import ListJobsQuery

from jupyter_scheduler_aws.connector.connection import Connection
from jupyter_scheduler_aws.connector.jobs import Jobs
from jupyter_scheduler_aws.connector.local_files import add_local_files
from jupyter_scheduler_aws.connector.panel_models import read_job
from jupyter_scheduler_aws.connector.workspace import Workspace
from tests.jupyter_scheduler_aws.fake_api import FakeApi

FORMATS = {"ipynb": "Notebook", "html": "HTML", "input": "Input"}
FILES = [{"display_name": label, "file_format": name, "file_path": None} for name, label in FORMATS.items()]
MADE = {"results/table.csv": ("files", b"year,ppm\n1970,325.7\n")}


@pytest.fixture
def jobs(connection: Connection, workspace: Workspace) -> Jobs:
    return Jobs(connection, workspace)


def add_job(api: FakeApi, *, made: dict[str, tuple[str, bytes]]) -> str:
    outputs = {"report-2026.ipynb": ("ipynb", b"{}"), "report-2026.html": ("html", b"<html></html>")}
    job_id = api.add_job(job_files=FILES, url="/jobs/x", downloaded=False, packaged_files=[])
    api.jobs[job_id].files = {**outputs, **made, "report.ipynb": ("input", b"{}")}
    return job_id


def paths(jobs: Jobs, job_id: str) -> dict[str, str | None]:
    return {file.file_format: file.file_path for file in jobs.get(job_id, with_files=True).job_files}


def is_downloaded(jobs: Jobs, job_id: str) -> bool:
    downloaded: bool = jobs.get(job_id, with_files=True).downloaded
    return downloaded


def test_before_a_download_there_are_no_local_files(api: FakeApi, jobs: Jobs) -> None:
    job_id = add_job(api, made={})
    assert paths(jobs, job_id) == dict.fromkeys(FORMATS)
    assert not is_downloaded(jobs, job_id)


def test_after_a_download_each_file_has_its_path_relative_to_the_root(
    api: FakeApi, jobs: Jobs, workspace: Workspace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Even if the server has another working directory, as with `--ServerApp.root_dir`."""
    monkeypatch.chdir(tmp_path)
    job_id = add_job(api, made={})

    jobs.download(job_id, again=False)

    folder = f"jobs/report-{job_id}"
    assert paths(jobs, job_id) == {
        "ipynb": f"{folder}/report-2026.ipynb",
        "html": f"{folder}/report-2026.html",
        "input": f"{folder}/report.ipynb",
    }
    assert all((workspace.root / str(path)).is_file() for path in paths(jobs, job_id).values())
    assert is_downloaded(jobs, job_id)


def test_a_link_to_the_folder_leads_to_other_files_of_the_run(api: FakeApi, jobs: Jobs) -> None:
    job_id = add_job(api, made=MADE)

    jobs.download(job_id, again=False)

    assert paths(jobs, job_id)["files"] == f"jobs/report-{job_id}"
    job = jobs.get(job_id, with_files=True)
    assert (job.packaged_files, job.downloaded) == (["results/table.csv"], True)


@pytest.mark.parametrize("gone", ["report-2026.html", "results/table.csv", "report.ipynb"])
def test_deleting_a_file_restores_the_download_button(
    api: FakeApi, jobs: Jobs, workspace: Workspace, gone: str
) -> None:
    job_id = add_job(api, made=MADE)
    jobs.download(job_id, again=False)

    (workspace.root / f"jobs/report-{job_id}" / gone).unlink()

    assert not is_downloaded(jobs, job_id)
    assert f"jobs/report-{job_id}/{gone}" not in paths(jobs, job_id).values()


def test_deleting_the_folder_restores_the_download_button(api: FakeApi, jobs: Jobs, workspace: Workspace) -> None:
    job_id = add_job(api, made=MADE)
    jobs.download(job_id, again=False)
    shutil.rmtree(workspace.root / "jobs")
    assert set(paths(jobs, job_id).values()) == {None}
    assert not is_downloaded(jobs, job_id)


def test_lists_and_details_agree(api: FakeApi, jobs: Jobs) -> None:
    here, elsewhere = add_job(api, made=MADE), add_job(api, made=MADE)
    jobs.download(here, again=False)

    rows = {job.job_id: job for job in jobs.page(ListJobsQuery(max_items=2)).jobs}

    assert {job_id: row.downloaded for job_id, row in rows.items()} == {here: True, elsewhere: False}
    assert rows[here] == jobs.get(here, with_files=True)


def test_job_files_are_optional(api: FakeApi, jobs: Jobs) -> None:
    job_id = add_job(api, made={})
    jobs.download(job_id, again=False)
    assert jobs.get(job_id, with_files=False).downloaded is False


@pytest.mark.parametrize("change", [{"input_filename": "../../x.ipynb"}, {"job_id": "../../x"}], ids=str)
def test_names_that_lead_to_another_folder_count_as_missing(
    job_document: dict[str, Any], workspace: Workspace, change: dict[str, str]
) -> None:
    job = read_job({**job_document, **change})
    add_local_files(job, workspace)
    assert not job.downloaded
    assert all(file.file_path is None for file in job.job_files)
