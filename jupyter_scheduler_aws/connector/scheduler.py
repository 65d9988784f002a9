"""The scheduler that jupyter-scheduler calls."""

from collections import deque
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

from jupyter_scheduler_aws.connector.async_adapter import add_async_methods, read, request, transfer
from jupyter_scheduler_aws.connector.connection import Connection
from jupyter_scheduler_aws.connector.definitions import Definitions
from jupyter_scheduler_aws.connector.environments import AwsEnvironmentManager
from jupyter_scheduler_aws.connector.error_messages import to_scheduler_error
from jupyter_scheduler_aws.connector.jobs import Jobs
from jupyter_scheduler_aws.connector.workers import Workers
from jupyter_scheduler_aws.connector.workspace import Workspace

__all__ = ["AwsScheduler"]

_MAX_REQUESTS: Final = 8
"""More parallel requests than the tabs of a browser send."""

_MAX_STARTED_JOBS: Final = 500
"""More jobs than one person waits for."""

_MAX_TRANSFERS: Final = 4
"""Parallel uploads and downloads. Each download already fetches four files at a time."""


@add_async_methods(to_scheduler_error)
class AwsScheduler(BaseScheduler):  # type: ignore[misc]
    """Serves the Jobs panel from a stack on AWS.

    It sends no request before somebody opens the panel. JupyterLab therefore starts without a network and without any
    configuration; the panel then shows what is missing.
    """

    api_url = Unicode(
        config=True,
        help="Stage URL of the stack (output ApiUrl). If empty, the environment variable JUPYTER_SCHEDULER_AWS_URL applies.",
    )
    region = Unicode(
        config=True, help="AWS region for signing. If empty, the region in the URL or the environment applies."
    )
    profile = Unicode(config=True, help="Profile of the AWS configuration. If empty, the environment applies.")
    connect_timeout_seconds = Float(5.0, config=True, help="Timeout for a connection to the service [s].")
    request_timeout_seconds = Float(
        35.0, config=True, help="Timeout for a response of the service, or the next part of it [s]."
    )
    read_timeout_seconds = Float(
        9.0, config=True, help="How long the panel waits for lists, details and environments, over all tries [s]."
    )
    tries = Int(4, min=1, config=True, help="How often to try a request while the service is busy or unreachable.")
    execution_manager_class = Type(
        klass="jupyter_scheduler.executors.ExecutionManager",
        default_value="jupyter_scheduler_aws.connector.execution_manager.AwsExecutionManager",
        config=True,
        help="Lists the supported features of jobs.",
    )
    task_runner = None
    """EventBridge Scheduler runs definitions."""

    def __init__(self, root_dir: str, environments_manager: Any, config: Any = None, **_others: Any) -> None:
        super().__init__(root_dir=root_dir, environments_manager=environments_manager, config=config)
        self.requests = Workers(_MAX_REQUESTS)
        self.transfers = Workers(_MAX_TRANSFERS)
        self.connection = Connection(
            url=self.api_url,
            region=self.region,
            profile=self.profile,
            connect_timeout=timedelta(seconds=self.connect_timeout_seconds),
            timeout=timedelta(seconds=self.request_timeout_seconds),
            tries=self.tries,
        )
        self.started_jobs: deque[str] = deque(maxlen=_MAX_STARTED_JOBS)
        """The ids of the newest jobs that this server has created, so that JupyterLab can tell when they end."""
        self.workspace = Workspace(root=Path(root_dir).absolute(), output_directory=self.output_directory)
        self._jobs = Jobs(self.connection, self.workspace)
        self._definitions = Definitions(self.connection, self.workspace)
        if isinstance(environments_manager, AwsEnvironmentManager):
            environments_manager.connect(self.connection, read_timeout_seconds=self.read_timeout_seconds)

    @transfer
    def create_job(self, model: CreateJob) -> str:
        """Upload the notebook as it is now, create a job, and return its id."""
        job_id = self._jobs.create(model)
        self.started_jobs.append(job_id)
        return job_id

    @request
    def update_job(self, job_id: str, model: UpdateJob) -> None:
        """Rename a job, change its compute type while it waits, or stop it."""
        self._jobs.update(job_id, model)

    @read
    def list_jobs(self, query: ListJobsQuery) -> ListJobsResponse:
        """Return a page of jobs."""
        return self._jobs.page(query)

    @read
    def count_jobs(self, query: CountJobsQuery) -> int:
        """Return the number of jobs with a status."""
        return self._jobs.count(query)

    @read
    def get_job(self, job_id: str, job_files: bool = True) -> DescribeJob:  # noqa: FBT001, FBT002 - as it is called
        """Return a job, with its files that are on this machine."""
        return self._jobs.get(job_id, with_files=job_files)

    @request
    def delete_job(self, job_id: str) -> None:
        """Delete a job and its files on AWS. Downloaded files stay."""
        self._jobs.delete(job_id)

    @request
    def stop_job(self, job_id: str) -> None:
        """Stop a waiting or running job. Outputs made so far are kept."""
        self._jobs.stop(job_id)

    @transfer
    def create_job_definition(self, model: CreateJobDefinition) -> str:
        """Upload the notebook as it is now, create a definition, and return its id."""
        return self._definitions.create(model)

    @transfer
    def update_job_definition(self, job_definition_id: str, model: UpdateJobDefinition) -> None:
        """Change only what the request contains. The log says whether the snapshot was replaced."""
        self.log.info(self._definitions.update(job_definition_id, model))

    @request
    def delete_job_definition(self, job_definition_id: str) -> None:
        """Delete a definition with its jobs."""
        self._definitions.delete(job_definition_id)

    @read
    def get_job_definition(self, job_definition_id: str) -> DescribeJobDefinition:
        """Return a definition."""
        return self._definitions.get(job_definition_id)

    @read
    def list_job_definitions(self, query: ListJobDefinitionsQuery) -> ListJobDefinitionsResponse:
        """Return a page of definitions."""
        return self._definitions.page(query)

    @request
    def create_job_from_definition(self, job_definition_id: str, model: CreateJobFromDefinition) -> str:
        """Run a definition now, and return the id of the job."""
        job_id = self._definitions.run(job_definition_id, model)
        self.started_jobs.append(job_id)
        return job_id

    def download(self, job_id: str, *, again: bool) -> None:
        """Download the files of a job into the workspace. This blocks; `AwsJobFilesManager` calls it in a thread.

        Raises
        ------
        SchedulerClientError
            If a download fails, or the service refuses.
        """
        self._jobs.download(job_id, again=again)

    def get_staging_paths(self, _model: DescribeJob | DescribeJobDefinition) -> dict[str, str]:
        """Return no paths, because the files are staged in S3, from where `AwsJobFilesManager` downloads them."""
        return {}
