"""Build responses about jobs."""

from collections.abc import Iterable
from typing import cast

from chalicelib.config import OUTPUT_FORMATS, SchedulerSettings
from chalicelib.domain.attempt import Attempt
from chalicelib.domain.attempt_history import attempts_of
from chalicelib.domain.costs import cost_of
from chalicelib.domain.job import Job, JobSpec
from chalicelib.domain.list_query import MAX_RESPONSE_BYTES, response_bytes
from chalicelib.routes.models.job_responses import (
    AttemptListResponse,
    AttemptResponse,
    CostResponse,
    JobFileResponse,
    JobPageResponse,
    JobResponse,
    JobRow,
    UnfinishedJobsResponse,
)
from chalicelib.routes.models.output_responses import FilePageResponse, FileResponse, LogEventResponse, LogPageResponse
from chalicelib.routes.models.responses import build_response, without_nulls
from chalicelib.routes.models.upload_responses import UploadResponse
from chalicelib.services.outputs import AttemptLogPage, FilePage
from chalicelib.services.uploads import UploadForm
from chalicelib.storage.bucket import URL_LIFE
from chalicelib.storage.job_lists import JobPage

__all__ = [
    "attempt_list",
    "describe_job",
    "file_page",
    "job_page",
    "log_page",
    "output_filename_template",
    "unfinished_jobs",
    "upload_form",
]

_TEMPLATE = "{{input_filename}}-{{create_time}}"
"""The stock scheduler's default, which is shown but not used."""


def describe_job(job: Job, settings: SchedulerSettings) -> JobResponse:
    """Return the stock scheduler's description of a job, with additional fields. Absent values are null."""
    outcome = job.outcome
    failed = outcome is not None and outcome.code not in ("succeeded", "stopped")
    return build_response(
        JobResponse,
        job,
        job.spec,
        status_message=outcome.message if outcome and failed else None,
        url=f"/jobs/{job.job_id}",
        output_filename_template=output_filename_template(job.spec),
        packaged_files=[],
        downloaded=False,
        job_files=_job_files(job),
        cost=_cost(attempts_of(job), settings),
    )


def _cost(attempts: Iterable[Attempt], settings: SchedulerSettings) -> CostResponse | None:
    cost = cost_of(attempts, settings.compute_types, settings.prices)
    return None if cost is None else build_response(CostResponse, cost)


def output_filename_template(spec: JobSpec) -> str:
    """Return the template to show; without one, the stock scheduler's default."""
    return spec.output_filename_template or _TEMPLATE


def _job_files(job: Job) -> list[JobFileResponse]:
    """Return the links that the panel shows; the connector fills in the paths."""
    files = [(OUTPUT_FORMATS.get(name, name), name) for name in job.spec.output_formats]
    files.append(("Input", "input"))
    if job.spec.package_input_folder:
        files.append(("Files", "files"))
    return [{"display_name": name, "file_format": file_format, "file_path": None} for name, file_format in files]


def job_page(page: JobPage, settings: SchedulerSettings) -> JobPageResponse:
    """Return a page of jobs."""
    rows = [cast("JobRow", without_nulls(describe_job(job, settings))) for job in page.jobs]
    response: JobPageResponse = {"jobs": rows, "total_count": -1 if page.total is None else page.total}
    if page.next_token:
        response["next_token"] = page.next_token
    return response


def unfinished_jobs(jobs: Iterable[Job], settings: SchedulerSettings, *, has_more: bool) -> UnfinishedJobsResponse:
    """Return jobs that have not ended: as many of them as a response can have."""
    rows: list[JobRow] = []
    size = 0
    for job in jobs:
        row = cast("JobRow", without_nulls(describe_job(job, settings)))
        size += response_bytes(row)
        if size > MAX_RESPONSE_BYTES:
            return {"jobs": rows, "has_more": True}
        rows.append(row)
    return {"jobs": rows, "has_more": has_more}


def upload_form(form: UploadForm) -> UploadResponse:
    """Return the form to upload a snapshot with."""
    return build_response(UploadResponse, form, input_uri=f"upload:{form.upload_id}")


def file_page(page: FilePage) -> FilePageResponse:
    """Return a page of a job's files."""
    response: FilePageResponse = {
        "attempt": page.attempt,
        "files": [build_response(FileResponse, file) for file in page.files],
        "expires_in_seconds": int(URL_LIFE.total_seconds()),
    }
    if page.next_token:
        response["next_token"] = page.next_token
    return response


def log_page(log: AttemptLogPage) -> LogPageResponse:
    """Return a page of a job's log."""
    events = [build_response(LogEventResponse, event) for event in log.page.events]
    response: LogPageResponse = {"attempt": log.attempt, "events": events}
    if log.page.next_token:
        response["next_token"] = log.page.next_token
    return response


def attempt_list(job: Job, settings: SchedulerSettings) -> AttemptListResponse:
    """Return the attempts of a job."""
    attempts = [
        build_response(AttemptResponse, attempt, cost=_cost([attempt], settings)) for attempt in attempts_of(job)
    ]
    return {"attempts": attempts, "attempts_left_out": job.attempts_left_out}
