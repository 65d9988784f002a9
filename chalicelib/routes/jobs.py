"""Jobs over HTTP."""

from chalicelib.domain.authorization.ownership import Caller
from chalicelib.domain.job import JobStatus
from chalicelib.errors import InvalidRequestError
from chalicelib.factory import factory
from chalicelib.routes.authorization import caller_of, owner_of
from chalicelib.routes.blueprint import ApiBlueprint
from chalicelib.routes.models.job_requests import CreateJobBody, CreateUploadBody, UpdateJobBody
from chalicelib.routes.models.job_response_builders import (
    attempt_list,
    describe_job,
    file_page,
    job_page,
    log_page,
    unfinished_jobs,
    upload_form,
)
from chalicelib.routes.models.job_responses import (
    AttemptListResponse,
    JobCountResponse,
    JobIdResponse,
    JobPageResponse,
    JobResponse,
    UnfinishedJobsResponse,
)
from chalicelib.routes.models.output_responses import FilePageResponse, LogPageResponse
from chalicelib.routes.models.query_strings import attempt_query, batch_query, job_query, parse_status, tail_query
from chalicelib.routes.models.upload_responses import UploadResponse
from chalicelib.routes.request_body import parse_body
from chalicelib.services.jobs import JobService

__all__ = ["jobs"]

jobs = ApiBlueprint(__name__)


@jobs.route("/scheduler/uploads", methods=["POST"])
def create_upload() -> UploadResponse:
    """Create a form for the upload of a snapshot.

    Send the file with the form. Then use the upload as `input_uri` of a job or a definition.
    """
    body = parse_body(CreateUploadBody, jobs.current_request.raw_body)
    packaged = body.filename.lower().endswith(".zip")
    form = factory().uploads.create(_caller().owner_id, packaged=packaged, size_bytes=body.size_bytes)
    return upload_form(form)


@jobs.route("/scheduler/jobs", methods=["POST"])
def create_job() -> JobIdResponse:
    """Create a job.

    The job waits until a slot is free. With an `idempotency_token`, you can safely repeat the request.
    """
    body = parse_body(CreateJobBody, jobs.current_request.raw_body)
    return {"job_id": factory().jobs.create(_caller(), body.to_request())}


@jobs.route("/scheduler/jobs", methods=["GET"])
def list_jobs() -> JobPageResponse:
    """List jobs.

    The newest jobs come first unless you set `sort_by`. Lists that are sorted or filtered by other fields than creation may be slightly out of date.
    """
    page = factory().jobs.page(_owner(), job_query(jobs.current_request.query_params))
    return job_page(page, factory().settings)


@jobs.route("/scheduler/jobs/count", methods=["GET"])
def count_jobs() -> JobCountResponse:
    """Count jobs with a status; by default, those that run."""
    status = parse_status(_param("status") or JobStatus.IN_PROGRESS)
    return {"count": factory().jobs.count(_owner(), status)}


@jobs.route("/scheduler/jobs/unfinished", methods=["GET"])
def list_unfinished_jobs() -> UnfinishedJobsResponse:
    """List the jobs that have not ended, newest first, at most a hundred.

    The list may be slightly out of date.
    """
    unfinished, has_more = factory().jobs.unfinished(_owner())
    return unfinished_jobs(unfinished, factory().settings, has_more=has_more)


@jobs.route("/scheduler/jobs/{job_id}", methods=["GET"])
def get_job(job_id: str) -> JobResponse:
    """Describe a job."""
    return describe_job(factory().jobs.get(_owner(), job_id), factory().settings)


@jobs.route("/scheduler/jobs/{job_id}", methods=["PATCH"])
def update_job(job_id: str) -> None:
    """Stop a job, rename it, or change its compute type while it waits.

    A running job saves its results before it stops. Stopping a job that has ended changes nothing.
    """
    body = parse_body(UpdateJobBody, jobs.current_request.raw_body)
    _update(factory().jobs, _caller(), _owner(), job_id, body)


@jobs.route("/scheduler/jobs/{job_id}", methods=["DELETE"])
def delete_job(job_id: str) -> None:
    """Delete a job.

    A running container is stopped. The job's files are removed in the background, its log and its upload about 15 minutes later. For 35 days,
    the operator can restore its record, including parameters.
    """
    factory().jobs.delete(_owner(), job_id)


@jobs.route("/scheduler/batch/jobs", methods=["DELETE"])
def delete_jobs() -> None:
    """Delete several jobs, all or none.

    This removes the same as deleting each job.
    """
    job_ids = batch_query(jobs.current_request.query_params)
    factory().jobs.delete_all(_owner(), job_ids)


@jobs.route("/scheduler/jobs/{job_id}/attempts", methods=["GET"])
def list_attempts(job_id: str) -> AttemptListResponse:
    """List the attempts of a job, oldest first.

    A launch that AWS had no capacity for starts nothing and is not listed, so numbers can be missing.
    """
    return attempt_list(factory().jobs.get(_owner(), job_id), factory().settings)


@jobs.route("/scheduler/jobs/{job_id}/download_files", methods=["GET"], audited=True)
def list_files(job_id: str) -> FilePageResponse:
    """List the files of an attempt, each with a presigned download URL.

    Without `attempt`, these are the files of the last attempt that has some; the response names it.
    The stock scheduler copies the files to its own disk instead, and responds with 204.
    """
    job, attempt = factory().jobs.get(_owner(), job_id), attempt_query(jobs.current_request.query_params)
    return file_page(factory().outputs.list_files(job, attempt, _param("next_token")))


@jobs.route("/scheduler/jobs/{job_id}/logs", methods=["GET"])
def read_logs(job_id: str) -> LogPageResponse:
    """Return what the container of an attempt printed.

    Without `attempt`, the log begins with the current attempt and continues with those that follow. With `tail`, it begins with its last lines.
    """
    params = jobs.current_request.query_params
    tail = tail_query(params)
    job, attempt = factory().jobs.get(_owner(), job_id), attempt_query(params)
    return log_page(factory().outputs.read_logs(job, attempt, _param("next_token"), tail=tail))


def _update(service: JobService, caller: Caller, owner_id: str, job_id: str, body: UpdateJobBody) -> None:
    if body.name is None and body.compute_type is None and body.status is None:
        raise InvalidRequestError('The request changes nothing. Set "status": "STOPPED", "name" or "compute_type".')
    if body.compute_type is not None:
        service.choose_compute_type(owner_id, job_id, body.compute_type)
    if body.name is not None:
        service.rename(owner_id, job_id, body.name)
    if body.status is not None:
        service.stop(owner_id, job_id, by=caller)


def _caller() -> Caller:
    return caller_of(jobs.current_request, factory().settings.ownership)


def _owner() -> str:
    return owner_of(jobs.current_request, factory().settings.ownership)


def _param(name: str) -> str | None:
    params = jobs.current_request.query_params
    return (params.get(name) or None) if params else None
