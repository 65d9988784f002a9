"""The operations of the panel on jobs."""

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

from jupyter_scheduler_aws.api.job_models import Job
from jupyter_scheduler_aws.api.job_texts import earlier_attempt_text
from jupyter_scheduler_aws.connector.connection import Connection
from jupyter_scheduler_aws.connector.create_requests import make_create_request
from jupyter_scheduler_aws.connector.list_pages import fetch_jobs
from jupyter_scheduler_aws.connector.local_files import add_local_files
from jupyter_scheduler_aws.connector.own_options import JOB_OPTIONS
from jupyter_scheduler_aws.connector.panel_models import read_job, read_jobs
from jupyter_scheduler_aws.connector.status_message import join_messages
from jupyter_scheduler_aws.connector.workspace import Workspace
from jupyter_scheduler_aws.enums import InputChoice

__all__ = ["Jobs"]

_log = logging.getLogger(__name__)


class Jobs:
    """The operations on jobs. All methods block, and raise the errors of the client.

    Parameters
    ----------
    connection
        The connection to the service.
    workspace
        The folders of notebooks and downloaded files.
    """

    def __init__(self, connection: Connection, workspace: Workspace) -> None:
        self._connection = connection
        self._workspace = workspace

    def create(self, model: CreateJob) -> str:
        """Upload the notebook as it is now, create a job, and return its id."""
        client = self._connection.client
        return client.create_job(make_create_request(client, self._workspace, model, options=JOB_OPTIONS))

    def page(self, query: ListJobsQuery) -> ListJobsResponse:
        """Return a page of jobs. When JupyterLab starts, it requests zero jobs; that sends no request to the service."""
        if query.max_items == 0:
            return ListJobsResponse(total_count=-1)
        documents, token, total = fetch_jobs(self._connection.client, query)
        jobs = read_jobs(documents)
        for job in jobs:
            add_local_files(job, self._workspace)
        return ListJobsResponse(jobs=jobs, next_token=token, total_count=total)

    def count(self, query: CountJobsQuery) -> int:
        """Return the number of jobs with a status."""
        return self._connection.client.count_jobs(query.status.value)

    def get(self, job_id: str, *, with_files: bool) -> DescribeJob:
        """Return a job."""
        found = self._connection.client.get_job(job_id)
        job = read_job(found.document)
        if with_files:
            add_local_files(job, self._workspace)
            job.status_message = join_messages([job.status_message, self._note_on_files(found)]) or None
        return job

    def _note_on_files(self, job: Job) -> str | None:
        """Return whose files a download will bring, if it is not the last attempt; only then, this sends another request."""
        if not job.is_ended or job.attempt <= 1 or job.files_count:
            return None
        made_by, _ = self._connection.client.attempt_files(job.job_id)
        return earlier_attempt_text(made_by) if 0 < made_by < job.attempt else None

    def update(self, job_id: str, model: UpdateJob) -> None:
        """Rename a job, change its compute type while it waits, or stop it."""
        self._connection.client.change_job(job_id, model.dict(exclude_none=True))

    def stop(self, job_id: str) -> None:
        """Stop a waiting or running job."""
        self._connection.client.stop_job(job_id)

    def delete(self, job_id: str) -> None:
        """Delete a job and its files on AWS. Downloaded files stay."""
        self._connection.client.delete_jobs([job_id])

    def download(self, job_id: str, *, again: bool) -> None:
        """Download the missing files of a job, or all of them again. Of an input folder, download only the notebook."""
        client = self._connection.client
        folder = self._workspace.job_folder(client.get_job(job_id).input_filename, job_id)
        client.download(job_id, folder, with_input=InputChoice.NOTEBOOK, again=again, on_renamed=_log_renamed)


def _log_renamed(name: str, path: Path) -> None:
    _log.warning(
        "%s is saved as %s, because some file systems confuse its name with another file",
        *map(ascii, (name, str(path))),
    )
