"""Runs over HTTP: what runners call, docs/runner-protocol.md."""

from typing import Any

from chalicelib.domain.job import Phase, PhaseCode
from chalicelib.domain.naming import RunId
from chalicelib.errors import NotFoundError
from chalicelib.factory import factory
from chalicelib.observability import identify
from chalicelib.routes.requests import BeatBody, CheckInBody, OutputUrlsBody, ReportBody
from chalicelib.routes.responses import ApiBlueprint, parse_body
from chalicelib.services.runs import OutputFile
from chalicelib.storage.files import URL_LIFE

__all__ = ["runs"]

runs = ApiBlueprint(__name__)

_RUN = "/runs/{owner_id}/{job_id}/{attempt}"


@runs.route(f"{_RUN}/check-in", methods=["POST"], audited=True)
def check_in(owner_id: str, job_id: str, attempt: str) -> dict[str, Any]:
    """Exchange a launch code for a session token."""
    body = parse_body(CheckInBody, runs.current_request.raw_body)
    run_id = _run_id(owner_id, job_id, attempt)
    token = factory().runs.check_in(run_id, launch=body.launch, code=body.launch_code, instance_id=body.instance_id)
    return {"session_token": token}


@runs.route(f"{_RUN}/work-order", methods=["GET"], audited=True)
def get_work_order(owner_id: str, job_id: str, attempt: str) -> dict[str, Any]:
    """Say what to run."""
    return factory().runs.work_order(_run_id(owner_id, job_id, attempt), _token())


@runs.route(f"{_RUN}/beat", methods=["POST"])
def beat(owner_id: str, job_id: str, attempt: str) -> dict[str, Any]:
    """Take a sign of life; say whether to go on."""
    body = parse_body(BeatBody, runs.current_request.raw_body)
    phase = Phase(PhaseCode(body.phase), cell=body.cell, cells=body.cells)
    stop = factory().runs.beat(_run_id(owner_id, job_id, attempt), _token(), phase)
    return {"action": "stop" if stop else "continue"}


@runs.route(f"{_RUN}/output-urls", methods=["POST"], audited=True)
def make_output_urls(owner_id: str, job_id: str, attempt: str) -> dict[str, Any]:
    """Give URLs to upload outputs to."""
    body = parse_body(OutputUrlsBody, runs.current_request.raw_body)
    files = [OutputFile(each.format, each.path, each.size_bytes, each.content_type) for each in body.files]
    urls = factory().runs.output_urls(_run_id(owner_id, job_id, attempt), _token(), files)
    return {"urls": urls, "expires_in_seconds": int(URL_LIFE.total_seconds())}


@runs.route(f"{_RUN}/report", methods=["POST"], audited=True)
def report(owner_id: str, job_id: str, attempt: str) -> dict[str, Any]:
    """Take the report of how a run ended."""
    outcome = parse_body(ReportBody, runs.current_request.raw_body).outcome
    run_id = _run_id(owner_id, job_id, attempt)
    status = factory().runs.report(run_id, _token(), code=outcome.code, message=outcome.message)
    return {"status": status.value}


def _run_id(owner_id: str, job_id: str, attempt: str) -> RunId:
    run_id = RunId.parse(f"{owner_id}/{job_id}/{attempt}")
    if run_id is None:
        raise NotFoundError("There is no such run.")
    identify(owner_id=owner_id, job_id=job_id)
    return run_id


def _token() -> str:
    return str(runs.current_request.headers.get("x-session-token", ""))
