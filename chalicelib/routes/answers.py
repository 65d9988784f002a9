"""Wire models of answers: the stock contract's fields, and ours beside them."""

from typing import Any

from chalicelib.config import OUTPUT_FORMATS, Environment
from chalicelib.domain.instants import to_millis
from chalicelib.domain.job import Job, JobSpec
from chalicelib.services.outputs import FilePage
from chalicelib.services.uploads import UploadForm
from chalicelib.storage.files import URL_LIFE
from chalicelib.storage.job_lists import JobPage
from chalicelib.storage.logs import LogPage

__all__ = ["describe_environment", "describe_job", "describe_spec", "file_page", "job_page", "log_page", "upload_form"]

_TEMPLATE = "{{input_filename}}-{{create_time}}"
"""The stock scheduler's default; it is shown, never applied."""


def describe_job(job: Job) -> dict[str, Any]:
    """Describe a job as the stock DescribeJob does, with what it cannot say beside it. Absent values are null."""
    spec, outcome = job.spec, job.outcome
    failed = outcome is not None and outcome.code not in ("succeeded", "stopped")
    return {
        "job_id": job.job_id,
        "name": job.name,
        "input_filename": job.input_filename,
        "status": job.status.value,
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
        **_additions(job),
    }


def describe_spec(spec: JobSpec) -> dict[str, Any]:
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


def _job_files(job: Job) -> list[dict[str, str | None]]:
    """List what the panel shows as links; paths are the connector's to fill in."""
    files = [(OUTPUT_FORMATS.get(each, each), each) for each in job.spec.output_formats]
    files.append(("Input", "input"))
    if job.spec.package_input_folder:
        files.append(("Files", "files"))
    return [{"display_name": name, "file_format": file_format, "file_path": None} for name, file_format in files]


def _additions(job: Job) -> dict[str, Any]:
    phase, outcome = job.phase, job.outcome
    return {
        "owner_id": job.owner_id,
        "attempt": job.attempt,
        "phase": {"code": phase.code.value, "message": phase.message, "cell": phase.cell, "cells": phase.cells}
        if phase
        else None,
        "outcome": {
            "code": outcome.code,
            "title": outcome.title,
            "message": outcome.message,
            "retryable": outcome.retryable,
        }
        if outcome
        else None,
    }


def job_page(page: JobPage) -> dict[str, Any]:
    """Describe a page of jobs: absent values are left out, as the panel needs it of `next_token`."""
    rows = [{name: value for name, value in describe_job(job).items() if value is not None} for job in page.jobs]
    token = {"next_token": page.next_token} if page.next_token else {}
    return {"jobs": rows, "total_count": -1 if page.total is None else page.total, **token}


def describe_environment(name: str, environment: Environment) -> dict[str, Any]:
    """Describe an environment; its label equals its name, because the panel looks it up by the label."""
    return {
        "name": name,
        "label": name,
        "description": environment.description,
        "file_extensions": list(environment.file_extensions),
        "output_formats": [{"name": each, "label": OUTPUT_FORMATS[each]} for each in environment.output_formats],
        "metadata": None,
        "compute_types": list(environment.compute_types),
        "default_compute_type": environment.chosen_compute_type,
        "utc_only": False,
    }


def upload_form(form: UploadForm) -> dict[str, Any]:
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


def file_page(page: FilePage) -> dict[str, Any]:
    """Describe the files of a job."""
    files = [vars(each) for each in page.files]
    token = {"next_token": page.next_token} if page.next_token else {}
    return {"files": files, "expires_in_seconds": int(URL_LIFE.total_seconds()), **token}


def log_page(page: LogPage) -> dict[str, Any]:
    """Describe log lines."""
    events = [{"time": to_millis(each.time), "message": each.message} for each in page.events]
    return {"events": events, **({"next_token": page.next_token} if page.next_token else {})}
