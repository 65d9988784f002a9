"""What jupyter-scheduler calls."""

from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from jupyter_scheduler.models import (
    CountJobsQuery,
    CreateJob,
    CreateJobDefinition,
    CreateJobFromDefinition,
    DescribeJob,
    DescribeJobDefinition,
    ListJobDefinitionsQuery,
    ListJobDefinitionsResponse,
    ListJobsQuery,
    ListJobsResponse,
    UpdateJob,
    UpdateJobDefinition,
)
from jupyter_scheduler.scheduler import BaseScheduler
from traitlets import Float, Int, Type, Unicode

from jupyter_scheduler_aws.connector.async_adapter import request, transfer, with_twins
from jupyter_scheduler_aws.connector.connection import Connection
from jupyter_scheduler_aws.connector.definitions import Definitions
from jupyter_scheduler_aws.connector.environments import AwsEnvironmentManager
from jupyter_scheduler_aws.connector.error_messages import to_scheduler_error
from jupyter_scheduler_aws.connector.jobs import Jobs
from jupyter_scheduler_aws.connector.workers import Workers
from jupyter_scheduler_aws.connector.workspace import Workspace

__all__ = ["AwsScheduler"]

_REQUESTS_AT_ONCE: Final = 8
"""More than a browser's tabs ask at one time."""

_TRANSFERS_AT_ONCE: Final = 4
"""Uploads and downloads beyond these wait; each download fetches four files at a time already."""


@with_twins(to_scheduler_error)
class AwsScheduler(BaseScheduler):  # type: ignore[misc]
    """Serves the Jobs panel from a stack on AWS.

    Nothing is asked of the service before somebody opens the panel, so JupyterLab starts without a network, and without
    any of this being set up; what is missing is then said in the panel.
    """

    api_url = Unicode(
        config=True,
        help="Stage URL of the stack, its output ApiUrl; empty: the environment variable JUPYTER_SCHEDULER_AWS_URL.",
    )
    region = Unicode(config=True, help="AWS region to sign for; empty: the one in the URL, else the environment's.")
    profile = Unicode(config=True, help="Profile of the AWS configuration to sign with; empty: the environment's.")
    connect_timeout_seconds = Float(5.0, config=True, help="How long to wait for a connection to the service.")
    request_timeout_seconds = Float(
        35.0, config=True, help="How long to wait for an answer of the service, or a part of it."
    )
    tries = Int(4, min=1, config=True, help="How often a request is tried while the service is busy or out of reach.")
    execution_manager_class = Type(
        klass="jupyter_scheduler.executors.ExecutionManager",
        default_value="jupyter_scheduler_aws.connector.execution_manager.AwsExecutionManager",
        config=True,
        help="Says what jobs can do.",
    )
    task_runner = None
    """EventBridge Scheduler fires definitions."""

    def __init__(self, root_dir: str, environments_manager: Any, config: Any = None, **_others: Any) -> None:
        super().__init__(root_dir=root_dir, environments_manager=environments_manager, config=config)
        self.requests = Workers(_REQUESTS_AT_ONCE)
        self.transfers = Workers(_TRANSFERS_AT_ONCE)
        self.connection = Connection(
            url=self.api_url,
            region=self.region,
            profile=self.profile,
            connect_timeout=timedelta(seconds=self.connect_timeout_seconds),
            timeout=timedelta(seconds=self.request_timeout_seconds),
            tries=self.tries,
        )
        self.workspace = Workspace(root=Path(root_dir).absolute(), output_directory=self.output_directory)
        self._jobs = Jobs(self.connection, self.workspace)
        self._definitions = Definitions(self.connection, self.workspace)
        if isinstance(environments_manager, AwsEnvironmentManager):
            environments_manager.connect(self.connection)

    @transfer
    def create_job(self, model: CreateJob) -> str:
        """Upload the notebook as it is now, create a job that runs it, and give its id."""
        return self._jobs.create(model)

    @request
    def update_job(self, job_id: str, model: UpdateJob) -> None:
        """Rename a job, give it another compute type while it waits, or stop it."""
        self._jobs.update(job_id, model)

    @request
    def list_jobs(self, query: ListJobsQuery) -> ListJobsResponse:
        """List jobs."""
        return self._jobs.page(query)

    @request
    def count_jobs(self, query: CountJobsQuery) -> int:
        """Count jobs in a state."""
        return self._jobs.count(query)

    @request
    def get_job(self, job_id: str, job_files: bool = True) -> DescribeJob:  # noqa: FBT001, FBT002 - as it is called
        """Describe a job, with what of its files is on this machine."""
        return self._jobs.get(job_id, with_files=job_files)

    @request
    def delete_job(self, job_id: str) -> None:
        """Delete a job with what it has in the cloud; what was downloaded stays."""
        self._jobs.delete(job_id)

    @request
    def stop_job(self, job_id: str) -> None:
        """Stop a job, whether it waits or runs; what it has made so far is kept."""
        self._jobs.stop(job_id)

    @transfer
    def create_job_definition(self, model: CreateJobDefinition) -> str:
        """Upload the notebook as it is now, create a definition that runs it, and give its id."""
        return self._definitions.create(model)

    @transfer
    def update_job_definition(self, job_definition_id: str, model: UpdateJobDefinition) -> None:
        """Change what the request names, and only that."""
        self._definitions.update(job_definition_id, model)

    @request
    def delete_job_definition(self, job_definition_id: str) -> None:
        """Delete a definition with its jobs."""
        self._definitions.delete(job_definition_id)

    @request
    def get_job_definition(self, job_definition_id: str) -> DescribeJobDefinition:
        """Describe a definition."""
        return self._definitions.get(job_definition_id)

    @request
    def list_job_definitions(self, query: ListJobDefinitionsQuery) -> ListJobDefinitionsResponse:
        """List definitions."""
        return self._definitions.page(query)

    @request
    def create_job_from_definition(self, job_definition_id: str, model: CreateJobFromDefinition) -> str:
        """Make a job of a definition now, and give its id."""
        return self._definitions.run(job_definition_id, model)

    def download(self, job_id: str, *, again: bool) -> None:
        """Bring a job's files into the workspace, blocking; `AwsJobFilesManager` calls it in a thread.

        Raises
        ------
        SchedulerClientError
            If a file did not arrive whole, or the service refused.
        """
        self._jobs.download(job_id, again=again)

    def get_staging_paths(self, _model: DescribeJob | DescribeJobDefinition) -> dict[str, str]:
        """Give none: files are staged in S3, and `AwsJobFilesManager` fetches them from there."""
        return {}
