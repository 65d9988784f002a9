"""The scheduler as a Python object."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from jupyter_scheduler_aws.api.job_models import Job, JobStatus
from jupyter_scheduler_aws.api.owner_endpoints import OwnerApi
from jupyter_scheduler_aws.api.request_fields import DEFAULT_OUTPUT_FORMATS, job_fields
from jupyter_scheduler_aws.api.response_models import LogEvent
from jupyter_scheduler_aws.definition_client import DefinitionClient
from jupyter_scheduler_aws.snapshots.pack import Snapshot
from jupyter_scheduler_aws.transfers.download import download_files, ignore_renamed
from jupyter_scheduler_aws.transfers.file_selection import InputChoice
from jupyter_scheduler_aws.transfers.upload import Progress, ignore_progress, upload_notebook, upload_snapshot
from jupyter_scheduler_aws.waiting import follow_log, wait_for_end

__all__ = ["DEFAULT_OUTPUT_FORMATS", "Client", "InputChoice"]


class Client(DefinitionClient, OwnerApi):
    """A connection to one stack; close it, or use it as a context manager. Threads may share it.

    Every method raises `NoCredentialsError`, `UnreachableError`, `UnexpectedAnswerError`, or a `SchedulerApiError` for
    what the service refuses. Requests are repeated with the same effect, so an answer that is lost does no harm.

    Parameters
    ----------
    url
        Stage URL, the stack's output `ApiUrl`; without it, the environment variable `JUPYTER_SCHEDULER_AWS_URL`.
    region
        AWS region to sign for; without it, the one in the URL, else that of the environment or the profile.
    profile
        Profile of the AWS configuration whose credentials to use.
    owner_id
        Whose jobs and definitions to look at and change, for admins; without it, your own.
    session
        A boto3 session whose credentials to use instead.
    connect_timeout
        How long to wait for a connection.
    timeout
        How long to wait for an answer, or for its next part. The default is longer than the 29 s after which API
        Gateway gives up.
    pace
        How often to repeat and to poll.

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
        """Pack and upload a notebook, create a job that runs it, and give the job's id.

        Parameters
        ----------
        notebook
            Path of the notebook.
        folder
            Whether its folder goes with it and becomes the working directory.
        name
            Name of the job; without it, the notebook's without `.ipynb`.
        environment
            Name of the environment; without it, the first that the service lists.
        compute_type
            Name of the compute type; without it, the environment's default.
        parameters
            Values for the cell tagged `parameters`; see `encode_parameters`.
        output_formats
            Names of formats.
        tags
            Labels to find the job by.
        timeout
            Maximum run time of an attempt, in whole seconds; without it, the operator's default.
        max_retries
            How often a failed notebook is tried again.
        idempotency_token
            The same token with the same input gives the same job; without it, a random one, so that repeating a
            request whose answer was lost makes no second job.
        on_packed
            Called with the snapshot before it is uploaded.
        on_progress
            Called with bytes sent and bytes in all.

        Raises
        ------
        SnapshotError
            If the notebook or its folder cannot be packed, or is larger than the operator allows.
        UploadError
            If the snapshot did not arrive.
        TypeError
            If a parameter's value has no literal.
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
        """Upload a snapshot and give the URI that names it in a job.

        Raises
        ------
        UploadError
            If it did not arrive.
        TooLargeError
            If it is larger than the operator allows.
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
        """Go through your jobs, newest first, asking for more as they are used up.

        Parameters
        ----------
        status
            Only jobs in this state.
        name
            Only jobs whose name begins so.
        tags
            Only jobs that have all of these.
        job_definition_id
            Only jobs of this definition.
        page_size
            Jobs to ask for at one time.
        """
        filters = {"status": status and str(status), "name": name, "job_definition_id": job_definition_id}
        query = [(key, value) for key, value in filters.items() if value] + [("tags", tag) for tag in tags]
        page = self.list_page(query=query, max_items=page_size)
        yield from page.jobs
        while page.next_token:
            page = self.list_page(query=query, max_items=page_size, next_token=page.next_token)
            yield from page.jobs

    def wait(self, job_id: str, *, on_change: Callable[[Job], None] | None = None) -> Job:
        """Wait until a job has ended, and give it; short outages of the network are waited out.

        Parameters
        ----------
        job_id
            The job.
        on_change
            Called with the job at first, and whenever its status, phase or attempt is another.
        """
        return wait_for_end(lambda: self.get_job(job_id), pace=self.pace, on_change=on_change)

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
        """Download a job's files into a folder, each at its relative path, and give where they are.

        Files whose names some file system takes for one, such as `A.txt` and `a.txt`, get other names, on every system.
        What arrived of a file before a failure, also of the process, is not fetched again. Where S3 says a content's MD5,
        it is verified. `downloaded` says later what is there, without asking the service.

        Parameters
        ----------
        job_id
            The job.
        folder
            Where the files go; made if need be.
        output_formats
            Only files of these formats; `files` are those that the run made or changed. Empty: all.
        with_input
            What of the input is downloaded as well; where an output has the same path, the output is.
        overwrite
            Whether files may be replaced that no download brought there.
        again
            Whether files are fetched that are here already. If not, then those that downloads of this job brought are
            left alone, also if the user has changed them (seen by their size); but not what was fetched while the job
            ran, which is replaced by its last word.
        on_progress
            Called with bytes done and bytes in all of what is fetched, one call at a time.
        on_renamed
            Called with the path that a file has at the service, and where it is here, if these differ.

        Raises
        ------
        DownloadError
            If there is no file, or one did not arrive whole, may not be written, or would replace one that no download
            brought there.
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
        """Go through a job's log.

        Parameters
        ----------
        job_id
            The job.
        follow
            Whether to go on until the job has ended, waiting for what comes.
        """
        is_ended = (lambda: self.get_job(job_id).is_ended) if follow else (lambda: True)
        return follow_log(lambda token: self.log_page(job_id, next_token=token), is_ended=is_ended, pace=self.pace)
