"""Jobs, as the panel asks for them."""

import logging
from pathlib import Path

from jupyter_scheduler.models import (
    CountJobsQuery,
    CreateJob,
    DescribeJob,
    ListJobsQuery,
    ListJobsResponse,
    UpdateJob,
)

from jupyter_scheduler_aws.connector.connection import Connection
from jupyter_scheduler_aws.connector.list_pages import job_page
from jupyter_scheduler_aws.connector.local_files import add_local_files
from jupyter_scheduler_aws.connector.panel_models import read_job, read_jobs
from jupyter_scheduler_aws.connector.requests import creation
from jupyter_scheduler_aws.connector.workspace import Workspace
from jupyter_scheduler_aws.enums import InputChoice

__all__ = ["Jobs"]

_log = logging.getLogger(__name__)


class Jobs:
    """What people do with jobs; every method blocks, and raises the client's errors.

    Parameters
    ----------
    connection
        Reaches the service.
    workspace
        Where notebooks and downloaded files are.
    """

    def __init__(self, connection: Connection, workspace: Workspace) -> None:
        self._connection = connection
        self._workspace = workspace

    def create(self, model: CreateJob) -> str:
        """Upload the notebook as it is now, create a job that runs it, and give its id."""
        client = self._connection.client
        return client.create_job(creation(client, self._workspace, model))

    def page(self, query: ListJobsQuery) -> ListJobsResponse:
        """List jobs. For none of them, as JupyterLab does when it starts, nobody is asked."""
        if query.max_items == 0:
            return ListJobsResponse(total_count=-1)
        documents, token, total = job_page(self._connection.client, query)
        jobs = read_jobs(documents)
        for job in jobs:
            add_local_files(job, self._workspace)
        return ListJobsResponse(jobs=jobs, next_token=token, total_count=total)

    def count(self, query: CountJobsQuery) -> int:
        """Count jobs in a state."""
        return self._connection.client.count_jobs(query.status.value)

    def get(self, job_id: str, *, with_files: bool) -> DescribeJob:
        """Describe a job."""
        job = read_job(self._connection.client.get_job(job_id).document)
        if with_files:
            add_local_files(job, self._workspace)
        return job

    def update(self, job_id: str, model: UpdateJob) -> None:
        """Rename a job, give it another compute type while it waits, or stop it."""
        self._connection.client.change_job(job_id, model.dict(exclude_none=True))

    def stop(self, job_id: str) -> None:
        """Stop a job, whether it waits or runs."""
        self._connection.client.stop_job(job_id)

    def delete(self, job_id: str) -> None:
        """Delete a job with what it has in the cloud; what was downloaded stays."""
        self._connection.client.delete_jobs([job_id])

    def download(self, job_id: str, *, again: bool) -> None:
        """Download a job's files that are missing here, or all of them; of an input folder only the notebook."""
        client = self._connection.client
        folder = self._workspace.job_folder(client.get_job(job_id).input_filename, job_id)
        client.download(job_id, folder, with_input=InputChoice.NOTEBOOK, again=again, on_renamed=_tell_renamed)


def _tell_renamed(name: str, path: Path) -> None:
    _log.warning(
        "%s is here as %s: some file systems would not keep it apart from another file", *map(ascii, (name, str(path)))
    )
