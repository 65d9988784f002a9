"""What the details of the panel say about a job's warnings and about files of an earlier attempt."""

from typing import Any

import pytest
from jupyter_scheduler.models import ListJobsQuery

from jupyter_scheduler_aws.connector.connection import Connection
from jupyter_scheduler_aws.connector.jobs import Jobs
from jupyter_scheduler_aws.connector.panel_models import read_job
from jupyter_scheduler_aws.connector.workspace import Workspace
from tests.jupyter_scheduler_aws.documents import WARNING
from tests.jupyter_scheduler_aws.fake_api import FakeApi

SECOND = {"code": "no_parameters_cell", "message": "No cell is tagged.\x1b[31m", "names": [], "count": 0}
SHOWN = "2,000 outputs were left out. (a.csv, b, 1,998 more)"


@pytest.mark.parametrize(
    ("status", "message", "warnings", "shown"),
    [
        ("COMPLETED", None, [], None),
        ("COMPLETED", None, [WARNING], f"Completed with 1 warning: {SHOWN}"),
        ("COMPLETED", None, [WARNING, SECOND], f"Completed with 2 warnings: {SHOWN} · No cell is tagged."),
        ("STOPPED", None, [SECOND], "Stopped with 1 warning: No cell is tagged."),
        ("FAILED", "Cell 3 failed.", [], "Cell 3 failed."),
        ("FAILED", "Cell 3 failed.", [WARNING], f"Cell 3 failed. · 1 warning: {SHOWN}"),
    ],
)
def test_warnings_are_part_of_the_status_message(
    job_document: dict[str, Any], status: str, message: str | None, warnings: list[Any], shown: str | None
) -> None:
    job = read_job({**job_document, "status": status, "status_message": message, "warnings": warnings})

    assert job.status_message == shown


@pytest.mark.parametrize(
    "warnings", [None, "many", [1, None], [{}], [{"message": 1, "names": 2, "count": "x"}], {"a": 1}]
)
def test_odd_warnings_do_not_break_a_row(job_document: dict[str, Any], warnings: Any) -> None:
    assert read_job({**job_document, "warnings": warnings}).status.value == "COMPLETED"


@pytest.fixture
def jobs(connection: Connection, workspace: Workspace) -> Jobs:
    return Jobs(connection, workspace)


def test_the_panel_gets_the_files_of_the_last_attempt_that_has_some(
    api: FakeApi, jobs: Jobs, workspace: Workspace
) -> None:
    job_id = api.add_job(url="/x", status="FAILED", attempt=3, status_message="Gone.")
    api.jobs[job_id].files_of = 1

    job = jobs.get(job_id, with_files=True)
    jobs.download(job_id, again=False)

    assert job.status_message == "Gone. · These are the files of attempt 1: later attempts have made none."
    assert (workspace.job_folder("report.ipynb", job_id) / "results/table.csv").exists()


@pytest.mark.parametrize(
    "fields",
    [
        {"status": "FAILED", "attempt": 1},
        {"status": "IN_PROGRESS", "attempt": 2},
        {"status": "COMPLETED", "attempt": 2, "files_count": 3},
    ],
)
def test_files_are_listed_only_if_they_can_be_those_of_an_earlier_attempt(
    api: FakeApi, jobs: Jobs, fields: dict[str, Any]
) -> None:
    job_id = api.add_job(url="/x", **fields)

    assert jobs.get(job_id, with_files=True).status_message is None
    jobs.page(ListJobsQuery(max_items=1))

    assert api.seen("GET", ".*/download_files") == []
