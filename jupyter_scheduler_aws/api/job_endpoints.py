"""The API's endpoints for jobs, environments, uploads, files and logs: one method each."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from functools import partial
from typing import Any, Final, Self
from urllib.parse import quote

from jupyter_scheduler_aws.api.documents import read_response
from jupyter_scheduler_aws.api.job_models import AttemptHistory, Job, JobPage, UnfinishedJobs
from jupyter_scheduler_aws.api.pagination import iterate_pages, page_query
from jupyter_scheduler_aws.api.polling_interval import PollingInterval
from jupyter_scheduler_aws.api.request_fields import random_token
from jupyter_scheduler_aws.api.response_models import (
    Environment,
    Health,
    LogPage,
    OutputFile,
    OutputFilePage,
    UploadForm,
)
from jupyter_scheduler_aws.api.retry_policy import RetryPolicy
from jupyter_scheduler_aws.api.signing import AwsSession, RequestSigner, find_region, open_session
from jupyter_scheduler_aws.api.transport import Query, Transport, find_url
from jupyter_scheduler_aws.enums import JobStatus
from jupyter_scheduler_aws.errors import ConfigurationError

__all__ = ["Api"]

_MAX_BATCH: Final = 100
"""The service's limit for deleting a batch, which is one transaction of DynamoDB."""


class Api:
    """One method for each endpoint of a stack. `Client` adds what takes several requests, and describes the parameters."""

    def __init__(
        self,
        url: str | None = None,
        *,
        region: str | None = None,
        profile: str | None = None,
        owner_id: str | None = None,
        session: AwsSession | None = None,
        connect_timeout: timedelta = timedelta(seconds=10),
        timeout: timedelta = timedelta(seconds=35),
        retry_policy: RetryPolicy | None = None,
        polling_interval: PollingInterval | None = None,
    ) -> None:
        stage_url = find_url(url)
        reopen = partial(open_session, profile) if session is None else None
        session = session or open_session(profile)
        self.region = region or find_region(stage_url, session)
        self.signer = RequestSigner(session, self.region, reopen=reopen)
        self.retry_policy = retry_policy or RetryPolicy()
        self.polling_interval = polling_interval or PollingInterval()
        self.owner_id = owner_id
        self.transport = Transport(
            url=stage_url,
            signer=self.signer,
            connect_timeout_seconds=connect_timeout.total_seconds(),
            timeout_seconds=timeout.total_seconds(),
            retry_policy=self.retry_policy,
            query=[("owner_id", owner_id)] if owner_id else (),
        )

    @property
    def url(self) -> str:
        """The stage URL, without `/scheduler`."""
        return self.transport.url

    def close(self) -> None:
        """Close the connections."""
        self.transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def health(self) -> Health:
        """Return the service's version, and your identity."""
        return read_response(Health.from_document, self.transport.call("GET", "/health"))

    def config(self) -> Mapping[str, Any]:
        """Return the features of the service, and what the operator allows: sizes with prices, limits, channels."""
        return read_response(dict, self.transport.call("GET", "/config"))

    def environments(self) -> list[Environment]:
        """List the environments that you can use, in the operator's order."""
        documents = self.transport.call("GET", "/runtime_environments")
        return read_response(lambda rows: [Environment.from_document(row) for row in rows], documents)

    def first_environment(self) -> str:
        """Return the name of the default environment.

        Raises
        ------
        ConfigurationError
            If you cannot use any.
        """
        if environments := self.environments():
            return environments[0].name
        raise ConfigurationError("There is no environment that you can use. Ask the operator for one.")

    def check_own(self) -> None:
        """Check that the client is for your own jobs, because you can create jobs and definitions only for yourself.

        Raises
        ------
        ConfigurationError
            If the client is for somebody else's jobs.
        """
        if self.owner_id:
            raise ConfigurationError(
                f"You can create jobs and definitions only for yourself, not for the owner {self.owner_id}. Leave the owner out."
            )

    def begin_upload(self, *, filename: str, size_bytes: int | None = None) -> UploadForm:
        """Request an upload form and the limits of a snapshot. The service refuses a stated size above the limit."""
        body = {"filename": filename} | ({} if size_bytes is None else {"size_bytes": size_bytes})
        return read_response(UploadForm.from_document, self.transport.call("POST", "/uploads", body=body))

    def create_job(self, request: Mapping[str, Any]) -> str:
        """Create a job from the API's request (`CreateJob`), and return its id.

        A request without an `idempotency_token` gets a random one, so that it is safe to retry.
        """
        body = {"idempotency_token": random_token(), **request}
        return read_response(lambda response: str(response["job_id"]), self.transport.call("POST", "/jobs", body=body))

    def get_job(self, job_id: str) -> Job:
        """Describe a job."""
        return read_response(Job.from_document, self.transport.call("GET", _job(job_id)))

    def list_page(self, *, query: Query = (), max_items: int = 100, next_token: str | None = None) -> JobPage:
        """List a page of your jobs, newest first unless `sort_by` sets another order.

        Parameters
        ----------
        query
            Filters and order, as query parameters of the API: `status`, `name` (a prefix), `tags`, `start_time`,
            `job_definition_id`, `sort_by`.
        max_items
            Maximum length of the page.
        next_token
            From the previous page.
        """
        document = self.transport.call("GET", "/jobs", query=[*query, *page_query(max_items, next_token)])
        return read_response(JobPage.from_document, document)

    def unfinished_jobs(self) -> UnfinishedJobs:
        """List your jobs that have not ended, newest first, at most a hundred."""
        return read_response(UnfinishedJobs.from_document, self.transport.call("GET", "/jobs/unfinished"))

    def count_jobs(self, status: JobStatus | str) -> int:
        """Count your jobs with a status."""
        response = self.transport.call("GET", "/jobs/count", query=[("status", str(status))])
        return read_response(lambda response: int(response["count"]), response)

    def change_job(self, job_id: str, changes: Mapping[str, Any]) -> None:
        """Change only the fields in the API's request (`UpdateJob`)."""
        self.transport.call("PATCH", _job(job_id), body=changes)

    def rename_job(self, job_id: str, name: str) -> None:
        """Rename a job."""
        self.change_job(job_id, {"name": name})

    def stop_job(self, job_id: str) -> None:
        """Stop a job that is waiting or running. Its outputs so far are kept."""
        self.change_job(job_id, {"status": JobStatus.STOPPED})

    def delete_jobs(self, job_ids: Iterable[str]) -> None:
        """Delete jobs with their files, and stop those that are running. Up to 100 are deleted all or none."""
        ids = list(dict.fromkeys(job_ids))
        for start in range(0, len(ids), _MAX_BATCH):
            batch = ids[start : start + _MAX_BATCH]
            if len(batch) == 1:
                self.transport.call("DELETE", _job(batch[0]))
            else:
                self.transport.call("DELETE", "/batch/jobs", query=[("job_id", job_id) for job_id in batch])

    def attempts(self, job_id: str) -> AttemptHistory:
        """List the attempts of a job."""
        return read_response(AttemptHistory.from_document, self.transport.call("GET", f"{_job(job_id)}/attempts"))

    def files(self, job_id: str, *, attempt: int | None = None) -> list[OutputFile]:
        """List a job's files, including the input, with presigned URLs that are valid for minutes.

        Parameters
        ----------
        job_id
            The job.
        attempt
            Number of the attempt that made them. The default is the last one that has files.
        """
        return self.attempt_files(job_id, attempt=attempt)[1]

    def attempt_files(self, job_id: str, *, attempt: int | None = None) -> tuple[int, list[OutputFile]]:
        """List a job's files like `files`; return them after the number of the attempt that made them, or 0."""

        def get_page(next_token: str | None) -> OutputFilePage:
            query = _attempt(attempt) + ([("next_token", next_token)] if next_token else [])
            document = self.transport.call("GET", f"{_job(job_id)}/download_files", query=query)
            return read_response(OutputFilePage.from_document, document)

        pages = list(iterate_pages(get_page))
        return pages[0].attempt, [file for page in pages for file in page.files]

    def log_page(
        self, job_id: str, *, attempt: int | None = None, next_token: str | None = None, tail: int | None = None
    ) -> LogPage:
        """Read a page of a job's log: the first one, the one after another page, or its last lines.

        Without an attempt, the log begins with the current one and continues with those that follow.

        Parameters
        ----------
        job_id
            The job.
        attempt
            Number of the attempt.
        next_token
            From an earlier page.
        tail
            How many of the last lines to read, instead of the first page; up to 1,000.
        """
        query = _attempt(attempt) + ([("next_token", next_token)] if next_token else [])
        query += [] if tail is None else [("tail", str(tail))]
        return read_response(LogPage.from_document, self.transport.call("GET", f"{_job(job_id)}/logs", query=query))


def _attempt(number: int | None) -> list[tuple[str, str]]:
    return [] if number is None else [("attempt", str(number))]


def _job(job_id: str) -> str:
    return f"/jobs/{quote(job_id, safe='')}"
