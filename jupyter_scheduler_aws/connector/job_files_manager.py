"""Brings a job's files into the workspace."""

from typing import Any

from jupyter_scheduler.job_files_manager import JobFilesManager

from jupyter_scheduler_aws.connector.async_adapter import transfer, with_twins
from jupyter_scheduler_aws.connector.error_messages import to_scheduler_error
from jupyter_scheduler_aws.connector.scheduler import AwsScheduler

__all__ = ["AwsJobFilesManager"]


@with_twins(to_scheduler_error)
class AwsJobFilesManager(JobFilesManager):  # type: ignore[misc]
    """Downloads what a job made, and its notebook, to `<output directory>/<stem>-<job id>/` below the server's root.

    The answer comes when the files are there: the panel looks for them five seconds after it.

    Parameters
    ----------
    scheduler
        Reaches the service, and says where files go.
    """

    def __init__(self, scheduler: AwsScheduler, **_others: Any) -> None:
        super().__init__(scheduler=scheduler)
        self.requests, self.transfers = scheduler.requests, scheduler.transfers

    @transfer
    def copy_from_staging(self, job_id: str, redownload: bool | str | None = False) -> None:  # noqa: FBT001, FBT002 - as it is called
        """Download the files that are missing.

        Parameters
        ----------
        job_id
            The job.
        redownload
            Whether files that are here are fetched again; jupyter-scheduler hands over the query's text.
        """
        self.scheduler.download(job_id, again=str(redownload).lower() == "true")
