"""Jobs over HTTP."""

from chalicelib.domain.authorization.ownership import Caller
from chalicelib.domain.job import JobStatus
from chalicelib.errors import InvalidRequestError
from chalicelib.factory import factory
from chalicelib.routes.authorization import caller_of, owner_of
from chalicelib.routes.chalice_app import ApiBlueprint, parse_body
from chalicelib.routes.models.job_requests import CreateJobBody, CreateUploadBody, UpdateJobBody
from chalicelib.routes.models.job_response_builders import describe_job, file_page, job_page, log_page, upload_form
from chalicelib.routes.models.job_responses import (
    FilePageResponse,
    JobCountResponse,
    JobIdResponse,
    JobPageResponse,
    JobResponse,
    LogPageResponse,
    UploadResponse,
)
from chalicelib.routes.models.query_strings import batch_query, job_query, parse_status
from chalicelib.services.jobs import JobService

__all__ = ["jobs"]

jobs = ApiBlueprint(__name__)


@jobs.route("/scheduler/uploads", methods=["POST"])
def create_upload() -> UploadResponse:
    """Give a form to upload a snapshot with.

    Send the file there, then name the upload as `input_uri` of a job or a definition.
    """
    body = parse_body(CreateUploadBody, jobs.current_request.raw_body)
    packaged = body.filename.lower().endswith(".zip")
    form = factory().uploads.create(_caller().owner_id, packaged=packaged, size_bytes=body.size_bytes)
    return upload_form(form)


@jobs.route("/scheduler/jobs", methods=["POST"])
def create_job() -> JobIdResponse:
    """Create a job.

    It waits until there is a slot for it. With an `idempotency_token` the request may be repeated.
    """
    body = parse_body(CreateJobBody, jobs.current_request.raw_body)
    return {"job_id": factory().jobs.create(_caller(), body.to_request())}


@jobs.route("/scheduler/jobs", methods=["GET"])
def list_jobs() -> JobPageResponse:
    """List jobs.

    The newest come first, unless `sort_by` says otherwise. Lists that are sorted or filtered by anything but creation may lag a moment.
    """
    return job_page(factory().jobs.page(_owner(), job_query(jobs.current_request.query_params)))


@jobs.route("/scheduler/jobs/count", methods=["GET"])
def count_jobs() -> JobCountResponse:
    """Count jobs in a state; those that run, if none is said."""
    status = parse_status(_param("status") or JobStatus.IN_PROGRESS)
    return {"count": factory().jobs.count(_owner(), status)}


@jobs.route("/scheduler/jobs/{job_id}", methods=["GET"])
def get_job(job_id: str) -> JobResponse:
    """Describe a job."""
    return describe_job(factory().jobs.get(_owner(), job_id))


@jobs.route("/scheduler/jobs/{job_id}", methods=["PATCH"])
def update_job(job_id: str) -> None:
    """Stop a job, rename it, or give it another compute type while it waits.

    A job that runs saves what there is, then ends; one that has ended stays as it is.
    """
    body = parse_body(UpdateJobBody, jobs.current_request.raw_body)
    _update(factory().jobs, _caller(), _owner(), job_id, body)


@jobs.route("/scheduler/jobs/{job_id}", methods=["DELETE"])
def delete_job(job_id: str) -> None:
    """Delete a job.

    A container that runs it is stopped. Its files are removed in the background, its log and its upload about 15 minutes later. Its record,
    with its parameters, can be restored by the operator for 35 days.
    """
    factory().jobs.delete(_owner(), job_id)


@jobs.route("/scheduler/batch/jobs", methods=["DELETE"])
def delete_jobs() -> None:
    """Delete several jobs, all or none.

    What is removed, and when, is the same as for one.
    """
    job_ids = batch_query(jobs.current_request.query_params)
    factory().jobs.delete_all(_owner(), job_ids)


@jobs.route("/scheduler/jobs/{job_id}/download_files", methods=["GET"], audited=True)
def list_files(job_id: str) -> FilePageResponse:
    """List the files of a job, each with a URL to download it from.

    The stock scheduler copies them to its own disk instead, and answers 204.
    """
    job = factory().jobs.get(_owner(), job_id)
    return file_page(factory().outputs.list_files(job, _param("next_token")))


@jobs.route("/scheduler/jobs/{job_id}/logs", methods=["GET"])
def read_logs(job_id: str) -> LogPageResponse:
    """Give what the job's container printed."""
    job = factory().jobs.get(_owner(), job_id)
    return log_page(factory().outputs.read_logs(job, _param("next_token")))


def _update(service: JobService, caller: Caller, owner_id: str, job_id: str, body: UpdateJobBody) -> None:
    if body.name is None and body.compute_type is None and body.status is None:
        raise InvalidRequestError('Say what to change: "status": "STOPPED", "name" or "compute_type".')
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
