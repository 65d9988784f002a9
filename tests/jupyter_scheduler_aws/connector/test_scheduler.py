"""The scheduler class, before the first request to the service."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from jupyter_scheduler.exceptions import SchedulerError
from jupyter_scheduler.models import CreateJob, DescribeJob, JobFeature, ListJobsQuery
from traitlets.config import Config

from jupyter_scheduler_aws import AwsEnvironmentManager, AwsScheduler
from tests.jupyter_scheduler_aws.fake_api import FakeApi


def scheduler(root: Path, **changes: Any) -> AwsScheduler:
    arguments = {"environments_manager": AwsEnvironmentManager(), "db_url": "sqlite://", "config": Config()}
    return AwsScheduler(root_dir=str(root), **{**arguments, **changes})


@pytest.mark.parametrize("more", [{}, {"backend_id": "aws"}, {"anything": 1}], ids=str)
def test_the_scheduler_starts_without_a_network_or_settings(tmp_path: Path, more: dict[str, Any]) -> None:
    """jupyter-scheduler 3 also passes the id of a back end."""
    made = scheduler(tmp_path, **more)
    assert made.task_runner is None
    assert list(tmp_path.iterdir()) == [], "no database, no folder"


def test_the_startup_request_of_jupyterlab_needs_neither(tmp_path: Path) -> None:
    response = asyncio.run(scheduler(tmp_path).list_jobs_async(ListJobsQuery(max_items=0)))
    assert (response.jobs, response.total_count) == ([], -1)


def test_a_missing_setting_is_an_error_of_the_first_request(tmp_path: Path) -> None:
    with pytest.raises(SchedulerError, match="JUPYTER_SCHEDULER_AWS_URL"):
        asyncio.run(scheduler(tmp_path).list_jobs_async(ListJobsQuery(max_items=25)))


def test_settings_of_the_scheduler_reach_the_service(tmp_path: Path, api: FakeApi) -> None:
    config = Config({"AwsScheduler": {"api_url": api.url, "output_directory": "results"}})
    made = scheduler(tmp_path, config=config)
    job_id = api.add_job(url="/x")
    [job] = asyncio.run(made.list_jobs_async(ListJobsQuery(max_items=25))).jobs
    assert job.job_id == job_id
    assert made.workspace.job_folder("report.ipynb", job_id) == tmp_path / "results" / f"report-{job_id}"
    made.connection.close()


def test_errors_are_shown_by_the_handlers(tmp_path: Path, api: FakeApi) -> None:
    made = scheduler(tmp_path, config=Config({"AwsScheduler": {"api_url": api.url}}))
    with pytest.raises(SchedulerError, match="no job no-such-id"):
        asyncio.run(made.get_job_async("no-such-id"))
    with pytest.raises(SchedulerError, match=r"no file 'gone\.ipynb'"):
        asyncio.run(
            made.create_job_async(CreateJob(input_uri="gone.ipynb", name="x", runtime_environment_name="python"))
        )
    made.connection.close()


def test_supported_features_are_listed(tmp_path: Path) -> None:
    """The handler passes the class a second time."""
    manager: Any = scheduler(tmp_path).execution_manager_class
    features = manager.supported_features(manager)
    assert set(features) == set(JobFeature)
    assert {name for name, is_there in features.items() if not is_there} == {
        JobFeature.email_notifications,
        JobFeature.output_filename_template,
    }


def test_execute_is_not_supported(tmp_path: Path) -> None:
    manager: Any = scheduler(tmp_path).execution_manager_class
    with pytest.raises(NotImplementedError, match="on AWS"):
        manager(job_id="a", root_dir=str(tmp_path), db_url="sqlite://", staging_paths={}).execute()


def test_there_are_no_staging_paths(tmp_path: Path, job_document: dict[str, Any]) -> None:
    assert scheduler(tmp_path).get_staging_paths(DescribeJob(**job_document)) == {}
