"""The Python client."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from jupyter_scheduler_aws.api.job_models import Job
from jupyter_scheduler_aws.api.owner_endpoints import OwnerApi
from jupyter_scheduler_aws.api.request_fields import DEFAULT_OUTPUT_FORMATS, job_fields
from jupyter_scheduler_aws.api.response_models import LogEvent
from jupyter_scheduler_aws.definition_client import DefinitionClient
from jupyter_scheduler_aws.enums import InputChoice, JobStatus
from jupyter_scheduler_aws.snapshots.pack import Snapshot
from jupyter_scheduler_aws.transfers.download import download_files, ignore_renamed
from jupyter_scheduler_aws.transfers.upload import Progress, ignore_progress, upload_notebook, upload_snapshot
from jupyter_scheduler_aws.waiting import follow_log, wait_for_end

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
        name: str | None = None,
        environment: str | None = None,
        compute_type: str | None = None,
        parameters: Mapping[str, Any] | None = None,
        output_formats: Sequence[str] = DEFAULT_OUTPUT_FORMATS,
        tags: Sequence[str] = (),
        timeout: timedelta | None = None,
        max_retries: int | None = None,
        idempotency_token: str | None = None,
        on_packed: Callable[[Snapshot], None] | None = None,
        on_progress: Progress = ignore_progress,
    ) -> str:
        """Pack and upload a notebook, create a job that runs it, and return the job's id.

        Parameters
        ----------
        notebook
            Path of the notebook.
        folder
            Whether to include its folder, which becomes the working directory.
        name
            Name of the job. The default is the notebook's without `.ipynb`.
        environment
            Name of the environment. The default is the first one that the service lists.
        compute_type
            Name of the compute type. The default is the environment's.
        parameters
            Values for the cell tagged `parameters`; see `encode_parameters`.
        output_formats
            Names of formats.
        tags
            Labels to find the job by.
        timeout
            Maximum run time of an attempt, in whole seconds. The default is the operator's.
        max_retries
            How often a failed notebook is retried.
        idempotency_token
            The same token with the same input returns the same job. The default is a random token, so that a retry after a
            lost response creates no second job.
        on_packed
            Called with the snapshot before the upload.
        on_progress
            Called with the number of bytes sent and the total.

        Raises
        ------
        SnapshotError
            If the notebook or its folder cannot be packed, or is above a limit of the service.
        UploadError
            If the upload fails.
        TypeError
            If a parameter's value cannot be written as a Python literal.
        """
        path = Path(notebook)
        fields = job_fields(
            name=name or path.stem,
            compute_type=compute_type,
            parameters=parameters or {},
            output_formats=output_formats,
            tags=tags,
            timeout=timeout,
            max_retries=max_retries,
        )
        self.check_own()
        uri = upload_notebook(self, path, folder=folder, on_packed=on_packed, on_progress=on_progress)
        snapshot = {"input_uri": uri, "input_filename": path.name, "package_input_folder": folder}
        where = {"runtime_environment_name": environment or self.first_environment()}
        token = {} if idempotency_token is None else {"idempotency_token": idempotency_token}
        return self.create_job(fields | snapshot | where | token)

    def upload(self, snapshot: Snapshot, *, on_progress: Progress = ignore_progress) -> str:
        """Upload a snapshot, and return the URI that identifies it in a job.

        Raises
        ------
        UploadError
            If the upload fails.
        TooLargeError
            If it is above a limit of the service.
        """
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
        page = self.list_page(query=query, max_items=page_size)
        yield from page.jobs
        while page.next_token:
            page = self.list_page(query=query, max_items=page_size, next_token=page.next_token)
            yield from page.jobs

    def wait(self, job_id: str, *, on_change: Callable[[Job], None] | None = None) -> Job:
        """Wait until a job has ended, and return it. Short outages do not end the wait.

        Parameters
        ----------
        job_id
            The job.
        on_change
            Called with the first response, and whenever status, phase or attempt have changed.
        """
        return wait_for_end(lambda: self.get_job(job_id), polling_interval=self.polling_interval, on_change=on_change)

    def download(
        self,
        job_id: str,
        folder: str | Path,
        *,
        output_formats: Sequence[str] = (),
        with_input: InputChoice = InputChoice.NONE,
        overwrite: bool = False,
        again: bool = True,
        on_progress: Progress = ignore_progress,
        on_renamed: Callable[[str, Path], None] = ignore_renamed,
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

        Raises
        ------
        DownloadError
            If there is no file, or if a file is incomplete, cannot be written, or would replace one that no download
            wrote.
        """
        return download_files(
            self,
            job_id,
            Path(folder),
            output_formats=output_formats,
            with_input=with_input,
            overwrite=overwrite,
            again=again,
            on_progress=on_progress,
            on_renamed=on_renamed,
        )

    def logs(self, job_id: str, *, follow: bool = False) -> Iterator[LogEvent]:
        """Iterate over a job's log.

        Parameters
        ----------
        job_id
            The job.
        follow
            Whether to wait for more until the job has ended.
        """
        is_ended = (lambda: self.get_job(job_id).is_ended) if follow else (lambda: True)
        return follow_log(
            lambda token: self.log_page(job_id, next_token=token),
            is_ended=is_ended,
            polling_interval=self.polling_interval,
        )
