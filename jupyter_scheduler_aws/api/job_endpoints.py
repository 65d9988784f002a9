"""One method for each thing that the service can be asked."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from functools import partial
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import quote

import boto3

from jupyter_scheduler_aws.api.job_models import Job, JobPage, JobStatus
from jupyter_scheduler_aws.api.request_fields import random_token
from jupyter_scheduler_aws.api.response_models import (
    Environment,
    Health,
    LogPage,
    OutputFile,
    UploadForm,
    read_response,
)
from jupyter_scheduler_aws.api.retry_policy import RetryPolicy
from jupyter_scheduler_aws.api.signing import RequestSigner, find_region, open_session
from jupyter_scheduler_aws.api.transport import Query, Transport, find_url
from jupyter_scheduler_aws.errors import ConfigurationError

__all__ = ["Api"]

_MOST_DELETED_AT_ONCE: Final = 100
"""The service's limit for one batch, which is one transaction of DynamoDB."""


class Api:
    """The requests that a stack takes, one method for each; `Client` adds what takes several, and says the parameters."""

    def __init__(
        self,
        url: str | None = None,
        *,
        region: str | None = None,
        profile: str | None = None,
        owner_id: str | None = None,
        session: boto3.Session | None = None,
        connect_timeout: timedelta = timedelta(seconds=10),
        timeout: timedelta = timedelta(seconds=35),
        pace: RetryPolicy | None = None,
    ) -> None:
        stage_url = find_url(url)
        open_again = partial(open_session, profile) if session is None else None
        session = session or open_session(profile)
        self.region = region or find_region(stage_url, session)
        self.signer = RequestSigner(session, self.region, open_again=open_again)
        self.pace = pace or RetryPolicy()
        self.owner_id = owner_id
        self.transport = Transport(
            url=stage_url,
            signer=self.signer,
            connect_timeout_seconds=connect_timeout.total_seconds(),
            timeout_seconds=timeout.total_seconds(),
            pace=self.pace,
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

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def health(self) -> Health:
        """Ask for the service's version, and who it takes you for."""
        return read_response(Health.from_document, self.transport.call("GET", "/health"))

    def environments(self) -> list[Environment]:
        """List the environments that you may use, in the operator's order."""
        documents = self.transport.call("GET", "/runtime_environments")
        return read_response(lambda rows: [Environment.from_document(row) for row in rows], documents)

    def first_environment(self) -> str:
        """Name the environment that is taken where none is named.

        Raises
        ------
        ConfigurationError
            If there is none that you may use.
        """
        if environments := self.environments():
            return environments[0].name
        raise ConfigurationError("There is no environment that you may use. Ask the operator for one.")

    def check_own(self) -> None:
        """Check that something may be made: what is made is always one's own.

        Raises
        ------
        ConfigurationError
            If the client is for somebody else's jobs.
        """
        if self.owner_id:
            raise ConfigurationError(
                f"Jobs and definitions are made for yourself, not for the owner {self.owner_id}. Leave the owner out."
            )

    def begin_upload(self, *, filename: str, size_bytes: int | None = None) -> UploadForm:
        """Ask where to send a snapshot, and how large it may be; one that is known to be larger is refused at once."""
        body = {"filename": filename} | ({} if size_bytes is None else {"size_bytes": size_bytes})
        return read_response(UploadForm.from_document, self.transport.call("POST", "/uploads", body=body))

    def create_job(self, request: Mapping[str, Any]) -> str:
        """Create a job from the API's own form (`CreateJob`), and give its id.

        A request without an `idempotency_token` gets a random one, so that it may be repeated.
        """
        body = {"idempotency_token": random_token(), **request}
        return read_response(lambda response: str(response["job_id"]), self.transport.call("POST", "/jobs", body=body))

    def get_job(self, job_id: str) -> Job:
        """Describe a job."""
        return read_response(Job.from_document, self.transport.call("GET", _job(job_id)))

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
        return read_response(JobPage.from_document, self.transport.call("GET", "/jobs", query=items))

    def count_jobs(self, status: JobStatus | str) -> int:
        """Count your jobs in a state."""
        response = self.transport.call("GET", "/jobs/count", query=[("status", str(status))])
        return read_response(lambda response: int(response["count"]), response)

    def change_job(self, job_id: str, changes: Mapping[str, Any]) -> None:
        """Change what the API's own form (`UpdateJob`) names, and only that."""
        self.transport.call("PATCH", _job(job_id), body=changes)

    def rename_job(self, job_id: str, name: str) -> None:
        """Give a job another name."""
        self.change_job(job_id, {"name": name})

    def stop_job(self, job_id: str) -> None:
        """Stop a job, whether it waits or runs; what it has made so far is kept."""
        self.change_job(job_id, {"status": JobStatus.STOPPED})

    def delete_jobs(self, job_ids: Iterable[str]) -> None:
        """Delete jobs with their files, stopping those that run; up to 100 are deleted all or none."""
        ids = list(dict.fromkeys(job_ids))
        for start in range(0, len(ids), _MOST_DELETED_AT_ONCE):
            part = ids[start : start + _MOST_DELETED_AT_ONCE]
            if len(part) == 1:
                self.transport.call("DELETE", _job(part[0]))
            else:
                self.transport.call("DELETE", "/batch/jobs", query=[("job_id", each) for each in part])

    def files(self, job_id: str) -> list[OutputFile]:
        """List a job's files, the input among them, with URLs that hold for minutes."""
        found: list[OutputFile] = []
        query: Query = ()
        while True:
            document = self.transport.call("GET", f"{_job(job_id)}/download_files", query=query)
            found += read_response(lambda page: [OutputFile.from_document(each) for each in page["files"]], document)
            if not (token := document.get("next_token")):
                return found
            query = [("next_token", token)]

    def log_page(self, job_id: str, *, next_token: str | None = None) -> LogPage:
        """Read a part of a job's log, from its beginning or from where another part ended."""
        query = [("next_token", next_token)] if next_token else []
        return read_response(LogPage.from_document, self.transport.call("GET", f"{_job(job_id)}/logs", query=query))


def _job(job_id: str) -> str:
    return f"/jobs/{quote(job_id, safe='')}"
