"""Downloads the files of a job into the workspace."""

from typing import Any

from jupyter_scheduler.job_files_manager import JobFilesManager

from jupyter_scheduler_aws.connector.async_adapter import add_async_methods, transfer
from jupyter_scheduler_aws.connector.error_messages import to_scheduler_error
from jupyter_scheduler_aws.connector.scheduler import AwsScheduler

__all__ = ["AwsJobFilesManager"]


@add_async_methods(to_scheduler_error)
class AwsJobFilesManager(JobFilesManager):  # type: ignore[misc]
    """Downloads the outputs and the notebook of a job to `<output directory>/<stem>-<job id>/` below the server's root.

    The response is sent when the files are there, because the panel looks for them five seconds later.

    Parameters
    ----------
    scheduler
        The scheduler, which knows the service and the folders.
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
            Whether to download existing files again. jupyter-scheduler passes the text of the query.
        """
        self.scheduler.download(job_id, again=str(redownload).lower() == "true")
