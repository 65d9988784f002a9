"""Answers about jobs: the stock contract's fields, and ours beside them."""

from collections.abc import Mapping
from typing import Any, cast

from chalicelib.config import OUTPUT_FORMATS
from chalicelib.domain.authorization.actor import Actor
from chalicelib.domain.job import Job, JobSpec, Phase
from chalicelib.domain.outcome import Outcome, OutcomeCode
from chalicelib.domain.timestamps import to_millis
from chalicelib.routes.models.job_responses import (
    ActorResponse,
    FilePageResponse,
    FileResponse,
    JobFileResponse,
    JobPageResponse,
    JobResponse,
    JobRow,
    LogPageResponse,
    OutcomeResponse,
    PhaseResponse,
    SpecResponse,
    UploadResponse,
)
from chalicelib.services.outputs import FilePage, JobFile
from chalicelib.services.uploads import UploadForm
from chalicelib.storage.bucket import URL_LIFE
from chalicelib.storage.job_lists import JobPage
from chalicelib.storage.runner_logs import LogPage

__all__ = [
    "describe_actor",
    "describe_job",
    "describe_spec",
    "file_page",
    "job_page",
    "log_page",
    "upload_form",
    "without_nulls",
]

_TEMPLATE = "{{input_filename}}-{{create_time}}"
"""The stock scheduler's default; it is shown, never applied."""


def describe_job(job: Job) -> JobResponse:
    """Describe a job as the stock DescribeJob does, with what it cannot say beside it. Absent values are null."""
    spec, outcome = job.spec, job.outcome
    failed = outcome is not None and outcome.code not in (OutcomeCode.SUCCEEDED, OutcomeCode.STOPPED)
    return {
        "job_id": job.job_id,
        "name": job.name,
        "input_filename": job.input_filename,
        "status": job.status,
        "status_message": outcome.message if outcome and failed else None,
        "url": f"/jobs/{job.job_id}",
        "create_time": to_millis(job.create_time),
        "update_time": to_millis(job.update_time),
        "start_time": to_millis(job.start_time) if job.start_time else None,
        "end_time": to_millis(job.end_time) if job.end_time else None,
        **describe_spec(spec),
        "idempotency_token": spec.idempotency_token,
        "job_definition_id": job.job_definition_id,
        "packaged_files": [],
        "downloaded": False,
        "job_files": _job_files(job),
        "owner_id": job.owner_id,
        "attempt": job.attempt,
        "phase": _phase(job.phase) if job.phase else None,
        "outcome": _outcome(outcome) if outcome else None,
        "stopped_by": describe_actor(job.stopped_by) if job.stopped_by else None,
    }


def describe_actor(actor: Actor) -> ActorResponse:
    """Say who did something, and when."""
    return {"owner_id": actor.owner_id, "arn": actor.arn, "time": to_millis(actor.time)}


def describe_spec(spec: JobSpec) -> SpecResponse:
    """Describe what jobs and definitions have in common."""
    return {
        "runtime_environment_name": spec.runtime_environment_name,
        "runtime_environment_parameters": dict(spec.runtime_environment_parameters) or None,
        "compute_type": spec.compute_type,
        "output_formats": list(spec.output_formats),
        "parameters": dict(spec.parameters) or None,
        "tags": list(spec.tags) or None,
        "output_filename_template": spec.output_filename_template or _TEMPLATE,
        "package_input_folder": spec.package_input_folder,
        "input_path": spec.input_path,
        "timeout_seconds": int(spec.timeout.total_seconds()),
        "max_retries": spec.max_retries,
        "retry_on_timeout": spec.retry_on_timeout,
        "min_retry_interval_millis": int(spec.min_retry_interval.total_seconds() * 1000),
    }


def _job_files(job: Job) -> list[JobFileResponse]:
    """List what the panel shows as links; paths are the connector's to fill in."""
    files = [(OUTPUT_FORMATS.get(each, each), each) for each in job.spec.output_formats]
    files.append(("Input", "input"))
    if job.spec.package_input_folder:
        files.append(("Files", "files"))
    return [{"display_name": name, "file_format": file_format, "file_path": None} for name, file_format in files]


def _phase(phase: Phase) -> PhaseResponse:
    return {"code": phase.code, "message": phase.message, "cell": phase.cell, "cells": phase.cells}


def _outcome(outcome: Outcome) -> OutcomeResponse:
    return {
        "code": outcome.code,
        "title": outcome.title,
        "message": outcome.message,
        "retryable": outcome.retryable,
    }


def without_nulls(response: Mapping[str, object]) -> dict[str, Any]:
    """Leave out what is null, as the panel needs it of the rows of a list."""
    return {name: value for name, value in response.items() if value is not None}


def job_page(page: JobPage) -> JobPageResponse:
    """Describe a page of jobs."""
    rows = [cast("JobRow", without_nulls(describe_job(job))) for job in page.jobs]
    response: JobPageResponse = {"jobs": rows, "total_count": -1 if page.total is None else page.total}
    if page.next_token:
        response["next_token"] = page.next_token
    return response


def upload_form(form: UploadForm) -> UploadResponse:
    """Describe where and how to upload a snapshot."""
    return {
        "upload_id": form.upload_id,
        "input_uri": f"upload:{form.upload_id}",
        "url": form.url,
        "fields": dict(form.fields),
        "max_bytes": form.max_bytes,
        "max_notebook_bytes": form.max_notebook_bytes,
        "max_unpacked_bytes": form.max_unpacked_bytes,
        "max_unpacked_files": form.max_unpacked_files,
        "expires_at": to_millis(form.expires_at),
    }


def file_page(page: FilePage) -> FilePageResponse:
    """Describe the files of a job."""
    files = [_file(each) for each in page.files]
    response: FilePageResponse = {"files": files, "expires_in_seconds": int(URL_LIFE.total_seconds())}
    if page.next_token:
        response["next_token"] = page.next_token
    return response


def _file(file: JobFile) -> FileResponse:
    return {
        "file_format": file.file_format,
        "display_name": file.display_name,
        "path": file.path,
        "size_bytes": file.size_bytes,
        "url": file.url,
    }


def log_page(page: LogPage) -> LogPageResponse:
    """Describe log lines."""
    response: LogPageResponse = {
        "events": [{"time": to_millis(each.time), "message": each.message} for each in page.events]
    }
    if page.next_token:
        response["next_token"] = page.next_token
    return response
