"""Lists and requests of jobs."""

from datetime import timedelta
from typing import Any

import pytest
from jupyter_scheduler.models import ListJobDefinitionsQuery, ListJobsQuery, SortDirection, SortField, UpdateJob

from jupyter_scheduler_aws.connector.connection import Connection
from jupyter_scheduler_aws.connector.definitions import Definitions
from jupyter_scheduler_aws.connector.jobs import Jobs
from jupyter_scheduler_aws.connector.workspace import Workspace
from tests.jupyter_scheduler_aws.fake_api import FakeApi


@pytest.fixture
def jobs(connection: Connection, workspace: Workspace) -> Jobs:
    return Jobs(connection, workspace)


def test_a_request_for_zero_jobs_does_not_reach_the_service(workspace: Workspace) -> None:
    """JupyterLab sends it at startup, and must start without a network too."""
    times = {"connect_timeout": timedelta(seconds=1), "timeout": timedelta(seconds=1)}
    nowhere = Connection(url="http://127.0.0.1:9/v1", region="", profile="", tries=1, **times)
    response = Jobs(nowhere, workspace).page(ListJobsQuery(max_items=0))
    assert (response.jobs, response.next_token, response.total_count) == ([], None, -1)


def test_a_page_has_as_many_jobs_as_requested(api: FakeApi, jobs: Jobs) -> None:
    """The service may return short pages. The fake returns two rows at a time."""
    job_ids = [api.add_job(url="/x") for _ in range(7)][::-1]

    first = jobs.page(ListJobsQuery(max_items=5))
    second = jobs.page(ListJobsQuery(max_items=5, next_token=first.next_token))

    assert [job.job_id for job in first.jobs] == job_ids[:5]
    assert [job.job_id for job in second.jobs] == job_ids[5:]
    assert second.next_token is None


def test_the_last_page_has_no_token_field(api: FakeApi, jobs: Jobs, connection: Connection) -> None:
    """The panel treats null as a token, and sends it."""
    api.add_job(url="/x")
    api.add_definition()
    definitions = Definitions(connection, Workspace(root=jobs._workspace.root, output_directory="jobs"))
    pages = jobs.page(ListJobsQuery(max_items=25)), definitions.page(ListJobDefinitionsQuery(max_items=25))
    assert all('"next_token"' not in page.json(exclude_none=True) for page in pages)
    assert [page.total_count for page in pages] == [-1, -1]


def test_filters_and_sort_order_reach_the_service(api: FakeApi, jobs: Jobs) -> None:
    sort = [SortField(name="name", direction=SortDirection.desc), SortField(name="status", direction=SortDirection.asc)]
    jobs.page(
        ListJobsQuery(
            job_definition_id="a-b",
            status="COMPLETED",
            name="Über 50%",
            tags=["a b", "c&d"],
            start_time=5,
            sort_by=sort,
            max_items=25,
        )
    )
    [request] = api.seen("GET", "/v1/scheduler/jobs")
    assert sorted(request.query) == sorted(
        [
            ("job_definition_id", "a-b"),
            ("status", "COMPLETED"),
            ("name", "Über 50%"),
            ("tags", "a b"),
            ("tags", "c&d"),
            ("start_time", "5"),
            ("sort_by", "desc(name)"),
            ("sort_by", "asc(status)"),
            ("max_items", "25"),
        ]
    )


@pytest.mark.parametrize("named", [{"name": "New"}, {"compute_type": "large"}, {"name": "New", "compute_type": None}])
def test_an_update_sends_only_the_changes(api: FakeApi, jobs: Jobs, named: dict[str, Any]) -> None:
    job_id = api.add_job()
    jobs.update(job_id, UpdateJob(**named))
    [request] = api.seen("PATCH", f"/v1/scheduler/jobs/{job_id}")
    assert request.document == {name: value for name, value in named.items() if value is not None}
