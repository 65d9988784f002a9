"""The scheduler as a Python object."""

import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self, TypeVar
from urllib.parse import quote

import boto3

from jupyter_scheduler_aws.downloads import download_files
from jupyter_scheduler_aws.errors import ConfigurationError, DownloadError, UnexpectedAnswerError
from jupyter_scheduler_aws.models import (
    Environment,
    Health,
    Job,
    JobPage,
    JobStatus,
    LogEvent,
    LogPage,
    OutputFile,
    UploadForm,
)
from jupyter_scheduler_aws.pace import Pace
from jupyter_scheduler_aws.parameters import encode_parameters
from jupyter_scheduler_aws.signing import RequestSigner, find_region, open_session
from jupyter_scheduler_aws.snapshot import Snapshot, pack_folder, pack_notebook
from jupyter_scheduler_aws.transport import Query, Transport, find_url
from jupyter_scheduler_aws.uploads import Progress, ignore_progress, send_form
from jupyter_scheduler_aws.waiting import follow_log, wait_for_end

__all__ = ["DEFAULT_OUTPUT_FORMATS", "Client"]

T = TypeVar("T")

DEFAULT_OUTPUT_FORMATS: Final = ("ipynb", "html")
"""What a person wants to look at afterwards."""

_MOST_DELETED_AT_ONCE: Final = 100
"""The service's limit for one batch, which is one transaction of DynamoDB."""


class Client:
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
    session
        A boto3 session whose credentials to use instead.
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

    def __init__(
        self,
        url: str | None = None,
        *,
        region: str | None = None,
        profile: str | None = None,
        session: boto3.Session | None = None,
        timeout: timedelta = timedelta(seconds=35),
        pace: Pace | None = None,
    ) -> None:
        stage_url = find_url(url)
        session = session or open_session(profile)
        self.region = region or find_region(stage_url, session)
        self.signer = RequestSigner(session, self.region)
        self._pace = pace or Pace()
        self._transport = Transport(
            url=stage_url, signer=self.signer, timeout_seconds=timeout.total_seconds(), pace=self._pace
        )

    @property
    def url(self) -> str:
        """The stage URL, without `/scheduler`."""
        return self._transport.url

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def health(self) -> Health:
        """Ask for the service's version, and who it takes you for."""
        return _read(Health.from_document, self._transport.call("GET", "/health"))

    def environments(self) -> list[Environment]:
        """List the environments that you may use, in the operator's order."""
        documents = self._transport.call("GET", "/runtime_environments")
        return _read(lambda rows: [Environment.from_document(row) for row in rows], documents)

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
            If the notebook or its folder cannot be packed.
        UploadError
            If the snapshot did not arrive.
        TypeError
            If a parameter's value has no literal.
        """
        path = Path(notebook)
        wire_parameters = encode_parameters(parameters or {})
        with pack_folder(path) if folder else pack_notebook(path) as snapshot:
            if on_packed:
                on_packed(snapshot)
            environment = environment or self._first_environment()
            input_uri = self.upload(snapshot, on_progress=on_progress)
        request = {
            "name": name or path.stem,
            "input_uri": input_uri,
            "input_filename": path.name,
            "package_input_folder": folder,
            "runtime_environment_name": environment,
            "compute_type": compute_type,
            "parameters": wire_parameters,
            "output_formats": list(output_formats),
            "tags": list(tags),
            "timeout_seconds": None if timeout is None else int(timeout.total_seconds()),
            "max_retries": max_retries,
            "idempotency_token": idempotency_token,
        }
        return self.create_job({key: value for key, value in request.items() if value is not None})

    def upload(self, snapshot: Snapshot, *, on_progress: Progress = ignore_progress) -> str:
        """Upload a snapshot and give the URI that names it in a job.

        Raises
        ------
        UploadError
            If it did not arrive.
        TooLargeError
            If it is larger than the operator allows.
        """
        body = {"filename": snapshot.upload_filename, "size_bytes": snapshot.size_bytes}
        form = _read(UploadForm.from_document, self._transport.call("POST", "/uploads", body=body))
        send_form(
            self._transport.http,
            form,
            file=snapshot.file,
            filename=snapshot.upload_filename,
            size_bytes=snapshot.size_bytes,
            pace=self._pace,
            on_progress=on_progress,
        )
        return form.input_uri

    def create_job(self, request: Mapping[str, Any]) -> str:
        """Create a job from the API's own form (`CreateJob`), and give its id.

        A request without an `idempotency_token` gets a random one, so that it may be repeated.
        """
        body = {"idempotency_token": secrets.token_hex(16), **request}
        return _read(lambda answer: str(answer["job_id"]), self._transport.call("POST", "/jobs", body=body))

    def get_job(self, job_id: str) -> Job:
        """Describe a job."""
        return _read(Job.from_document, self._transport.call("GET", _job(job_id)))

    def list_page(self, *, query: Query = (), max_items: int = 100, next_token: str | None = None) -> JobPage:
        """List a part of your jobs, newest first unless `sort_by` says otherwise.

        Parameters
        ----------
        query
            Filters and order, as the API has them: `status`, `name` (a prefix), `tags`, `start_time`,
            `job_definition_id`, `sort_by`.
        max_items
            Length of the part.
        next_token
            Where to go on, from the part before.
        """
        items = [*query, ("max_items", str(max_items))]
        items += [("next_token", next_token)] if next_token else []
        return _read(JobPage.from_document, self._transport.call("GET", "/jobs", query=items))

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

    def rename_job(self, job_id: str, name: str) -> None:
        """Give a job another name."""
        self._transport.call("PATCH", _job(job_id), body={"name": name})

    def stop_job(self, job_id: str) -> None:
        """Stop a job, whether it waits or runs; what it has made so far is kept."""
        self._transport.call("PATCH", _job(job_id), body={"status": JobStatus.STOPPED})

    def delete_jobs(self, job_ids: Iterable[str]) -> None:
        """Delete jobs with their files, stopping those that run; up to 100 are deleted all or none."""
        ids = list(dict.fromkeys(job_ids))
        for start in range(0, len(ids), _MOST_DELETED_AT_ONCE):
            part = ids[start : start + _MOST_DELETED_AT_ONCE]
            if len(part) == 1:
                self._transport.call("DELETE", _job(part[0]))
            else:
                self._transport.call("DELETE", "/batch/jobs", query=[("job_id", each) for each in part])

    def wait(self, job_id: str, *, on_change: Callable[[Job], None] | None = None) -> Job:
        """Wait until a job has ended, and give it; short outages of the network are waited out.

        Parameters
        ----------
        job_id
            The job.
        on_change
            Called with the job at first, and whenever its status, phase or attempt is another.
        """
        return wait_for_end(lambda: self.get_job(job_id), pace=self._pace, on_change=on_change)

    def files(self, job_id: str) -> list[OutputFile]:
        """List a job's files, the input among them, with URLs that hold for minutes."""
        found: list[OutputFile] = []
        query: Query = ()
        while True:
            document = self._transport.call("GET", f"{_job(job_id)}/download_files", query=query)
            found += _read(lambda page: [OutputFile.from_document(each) for each in page["files"]], document)
            if not (token := document.get("next_token")):
                return found
            query = [("next_token", token)]

    def download(
        self,
        job_id: str,
        folder: str | Path,
        *,
        output_formats: Sequence[str] = (),
        with_input: bool = False,
        overwrite: bool = False,
        on_progress: Progress = ignore_progress,
    ) -> list[Path]:
        """Download a job's files into a folder, each at its relative path, and give where they are.

        Parameters
        ----------
        job_id
            The job.
        folder
            Where the files go; made if need be.
        output_formats
            Only files of these formats; `files` are those that the run made or changed. Empty: all.
        with_input
            Whether the snapshot is downloaded as well.
        overwrite
            Whether files may be replaced that no download brought there.
        on_progress
            Called with bytes done and bytes in all, one call at a time.

        Raises
        ------
        DownloadError
            If there is no file, or one did not arrive whole or may not be written.
        """
        files = [
            file
            for file in self.files(job_id)
            if (with_input if file.file_format == "input" else not output_formats or file.file_format in output_formats)
        ]
        if not files:
            raise DownloadError(
                f"The job {job_id} has no such files. `nbjobs show {job_id}` says what it is doing and what it made."
            )
        return download_files(
            files,
            Path(folder),
            http=self._transport.http,
            pace=self._pace,
            list_again=lambda: self.files(job_id),
            overwrite=overwrite,
            on_progress=on_progress,
        )

    def log_page(self, job_id: str, *, next_token: str | None = None) -> LogPage:
        """Read a part of a job's log, from its beginning or from where another part ended."""
        query = [("next_token", next_token)] if next_token else []
        return _read(LogPage.from_document, self._transport.call("GET", f"{_job(job_id)}/logs", query=query))

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
        return follow_log(lambda token: self.log_page(job_id, next_token=token), is_ended=is_ended, pace=self._pace)

    def _first_environment(self) -> str:
        if environments := self.environments():
            return environments[0].name
        raise ConfigurationError("There is no environment that you may use. Ask the operator for one.")


def _job(job_id: str) -> str:
    return f"/jobs/{quote(job_id, safe='')}"


def _read(build: Callable[[Any], T], document: Any) -> T:
    try:
        return build(document)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UnexpectedAnswerError(
            f"The service's answer is not what this version of nbjobs reads ({type(error).__name__}: {error}). "
            "`nbjobs doctor` compares the versions."
        ) from error
