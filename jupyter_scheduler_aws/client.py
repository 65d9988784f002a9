"""The Python client. What only uploads and downloads need is imported when they run: decision 0039."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

from jupyter_scheduler_aws.api.job_models import Job
from jupyter_scheduler_aws.api.owner_endpoints import OwnerApi
from jupyter_scheduler_aws.api.pagination import iterate_pages
from jupyter_scheduler_aws.api.request_fields import DEFAULT_OUTPUT_FORMATS, JobOptions, encode_time, job_fields
from jupyter_scheduler_aws.api.response_models import LogEvent
from jupyter_scheduler_aws.definition_client import DefinitionClient
from jupyter_scheduler_aws.enums import InputChoice, JobStatus
from jupyter_scheduler_aws.errors import SchedulerClientError
from jupyter_scheduler_aws.transfers.callbacks import Progress, ignore_attempt, ignore_progress, ignore_renamed
from jupyter_scheduler_aws.waiting import follow_log, wait_for_end

if TYPE_CHECKING:
    from jupyter_scheduler_aws.snapshots.pack import Snapshot

__all__ = ["DEFAULT_OUTPUT_FORMATS", "Client", "InputChoice"]


class Client(DefinitionClient, OwnerApi):
    """A connection to one stack. Close it, or use it as a context manager. Threads can share it.

    Every method raises `NoCredentialsError`, `UnreachableError`, `UnexpectedResponseError`, or a `SchedulerApiError` if
    the service refuses. All requests are idempotent, so it is safe to retry them after a lost response.

    Parameters
    ----------
    url
        Stage URL, the stack's output `ApiUrl`. The default is the environment variable `JUPYTER_SCHEDULER_AWS_URL`.
    region
        AWS region to sign for. The default is the one in the URL, else that of the environment or the profile.
    profile
        Profile in the AWS configuration that provides the credentials.
    owner_id
        Owner whose jobs and definitions to read and change, for admins. The default is yourself.
    session
        A session of boto3 or botocore that provides the credentials instead.
    connect_timeout
        How long to wait for a connection.
    timeout
        How long to wait for a response, or for its next part. The default is longer than the 29 s after which API
        Gateway gives up.
    retry_policy
        How often to retry requests, uploads and downloads.
    polling_interval
        How often to poll while waiting for a job.

    Raises
    ------
    ConfigurationError
        If URL, region or profile are missing or unusable.
    """

    def submit(
        self,
        notebook: str | Path,
        *,
        folder: bool = False,
        idempotency_token: str | None = None,
        scheduled_time: datetime | None = None,
        on_packed: "Callable[[Snapshot], None] | None" = None,
        on_progress: Progress = ignore_progress,
        **options: Unpack[JobOptions],
    ) -> str:
        """Pack and upload a notebook, create a job that runs it, and return the job's id.

        Parameters
        ----------
        notebook
            Path of the notebook.
        folder
            Whether to include its folder, which becomes the working directory.
        idempotency_token
            The same token with the same input returns the same job. The default is a random token, so that a retry after a
            lost response creates no second job.
        scheduled_time
            The time that the job is for; the default is now. Requires a time zone. `{{ scheduled_time:%Y-%m }}` in a parameter shows it,
            in UTC.
        on_packed
            Called with the snapshot before the upload.
        on_progress
            Called with the number of bytes sent and the total.
        **options
            See `JobOptions`. The default name is the notebook's, the default environment is the first one that the service
            lists, and the default formats are `DEFAULT_OUTPUT_FORMATS`.

        Raises
        ------
        SnapshotError
            If the notebook or its folder cannot be packed, or is above a limit of the service.
        UploadError
            If the upload fails.
        ParameterError
            If the notebook's language does not have a parameter's name, or a value cannot be written as a Python literal.
        ValueError
            If the time has no time zone.
        """
        from jupyter_scheduler_aws.transfers.upload import upload_request

        time = {} if scheduled_time is None else {"scheduled_time": encode_time("scheduled_time", scheduled_time)}
        token = {} if idempotency_token is None else {"idempotency_token": idempotency_token}
        fields = {"parameters": {}, "tags": []} | job_fields(**options) | token | time
        return self.create_job(
            upload_request(self, Path(notebook), fields, folder=folder, on_packed=on_packed, on_progress=on_progress)
        )

    def upload(self, snapshot: "Snapshot", *, on_progress: Progress = ignore_progress) -> str:
        """Upload a snapshot, and return the URI that identifies it in a job.

        Raises
        ------
        UploadError
            If the upload fails.
        TooLargeError
            If it is above a limit of the service.
        """
        from jupyter_scheduler_aws.transfers.upload import upload_snapshot

        return upload_snapshot(self, snapshot, on_progress=on_progress)

    def list_jobs(
        self,
        *,
        status: JobStatus | str | None = None,
        name: str | None = None,
        tags: Sequence[str] = (),
        job_definition_id: str | None = None,
        page_size: int = 100,
    ) -> Iterator[Job]:
        """Iterate over your jobs, newest first, page by page.

        Parameters
        ----------
        status
            Only jobs with this status.
        name
            Only jobs whose name starts with this.
        tags
            Only jobs that have all of these tags.
        job_definition_id
            Only jobs of this definition.
        page_size
            Number of jobs per request.
        """
        filters = {"status": status and str(status), "name": name, "job_definition_id": job_definition_id}
        query = [(key, value) for key, value in filters.items() if value] + [("tags", tag) for tag in tags]
        for page in iterate_pages(lambda token: self.list_page(query=query, max_items=page_size, next_token=token)):
            yield from page.jobs

    def latest_job(self, definition_id: str) -> Job:
        """Return the newest job of a definition that has completed.

        Raises
        ------
        SchedulerClientError
            If none has.
        """
        jobs = self.list_jobs(status=JobStatus.COMPLETED, job_definition_id=definition_id, page_size=1)
        if (job := next(jobs, None)) is None:
            raise SchedulerClientError(
                f"No job of definition {definition_id} has completed. `nbjobs list --definition {definition_id}` shows its jobs."
            )
        return job

    def wait(
        self,
        job_id: str,
        *,
        on_change: Callable[[Job], None] | None = None,
        on_poll: Callable[[Job], None] | None = None,
    ) -> Job:
        """Wait until a job has ended, and return it. Short outages do not end the wait.

        Parameters
        ----------
        job_id
            The job.
        on_change
            Called with the first response, and whenever status, phase or attempt have changed.
        on_poll
            Called with each response.
        """
        return wait_for_end(
            lambda: self.get_job(job_id), polling_interval=self.polling_interval, on_change=on_change, on_poll=on_poll
        )

    def download(
        self,
        job_id: str,
        folder: str | Path,
        *,
        attempt: int | None = None,
        output_formats: Sequence[str] = (),
        with_input: InputChoice = InputChoice.NONE,
        overwrite: bool = False,
        again: bool = True,
        on_progress: Progress = ignore_progress,
        on_renamed: Callable[[str, Path], None] = ignore_renamed,
        on_earlier_attempt: Callable[[int], None] = ignore_attempt,
    ) -> list[Path]:
        """Download a job's files into a folder, each at its relative path, and return their paths.

        Files whose names are the same on some file system, such as `A.txt` and `a.txt`, are renamed on every system.
        A download resumes partial files, even of a process that was killed. If S3 states the MD5 of a content, it is verified.
        Later, `read_manifest` returns what is in the folder without a request.

        Parameters
        ----------
        job_id
            The job.
        folder
            Where the files go. It is created if it does not exist.
        attempt
            Number of the attempt whose files to download. The default is the last one that has files.
        output_formats
            Only files of these formats; `files` are those that the run created or changed. Empty: all.
        with_input
            How much of the input to download. If an output has the same path, the output is downloaded.
        overwrite
            Whether to replace files that no download wrote.
        again
            Whether to download files again that are already in the folder. If not, files that downloads of this job wrote
            stay, even if the user has changed them (their size differs). Files that were downloaded while the job was
            running are replaced by their final version.
        on_progress
            Called with the number of bytes done and the total, never by two threads at once.
        on_renamed
            Called with the path of a file at the service and its local path, if these differ.
        on_earlier_attempt
            Called with the number of the attempt whose files these are, if the job's last attempt has none.

        Raises
        ------
        DownloadError
            If there is no file, or if a file is incomplete, cannot be written, or would replace one that no download
            wrote.
        """
        from jupyter_scheduler_aws.transfers.download import download_files

        return download_files(
            self,
            job_id,
            Path(folder),
            attempt=attempt,
            output_formats=output_formats,
            with_input=with_input,
            overwrite=overwrite,
            again=again,
            on_progress=on_progress,
            on_renamed=on_renamed,
            on_earlier_attempt=on_earlier_attempt,
        )

    def logs(self, job_id: str, *, attempt: int | None = None, follow: bool = False) -> Iterator[LogEvent]:
        """Iterate over a job's log.

        Parameters
        ----------
        job_id
            The job.
        attempt
            Number of the attempt whose log to read. The default is the current one, and then those that follow.
        follow
            Whether to wait for more until the job has ended.
        """
        is_ended = (lambda: self.get_job(job_id).is_ended) if follow else (lambda: True)
        return follow_log(
            lambda token: self.log_page(job_id, attempt=attempt, next_token=token),
            is_ended=is_ended,
            polling_interval=self.polling_interval,
        )
