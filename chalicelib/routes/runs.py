"""Runs over HTTP: the routes that runners call (docs/runner-protocol.md)."""

from typing import Any

from chalicelib.domain.identifiers import RunId
from chalicelib.domain.report import ReportBody
from chalicelib.domain.runner_identity import Session
from chalicelib.errors import NotAllowedError
from chalicelib.factory import factory
from chalicelib.observability import add_log_keys
from chalicelib.routes.blueprint import ApiBlueprint
from chalicelib.routes.models.run_requests import CheckInBody, HeartbeatBody, OutputUrlsBody
from chalicelib.routes.request_body import parse_body
from chalicelib.storage.bucket import URL_LIFE

__all__ = ["runs"]

runs = ApiBlueprint(__name__, invalid_id=NotAllowedError.for_runner)

_RUN = "/runs/{owner_id}/{job_id}/{attempt}"


@runs.route(f"{_RUN}/check-in", methods=["POST"], audited=True)
def check_in(owner_id: str, job_id: str, attempt: str) -> dict[str, Any]:
    """Return a session token for proofs of the runner key and the launch code."""
    body = parse_body(CheckInBody, runs.current_request.raw_body)
    return {"session_token": factory().runs.check_in(body.to_check_in(_run_id(owner_id, job_id, attempt)))}


@runs.route(f"{_RUN}/work-order", methods=["GET"], audited=True)
def get_work_order(owner_id: str, job_id: str, attempt: str) -> dict[str, Any]:
    """Return what to run."""
    return factory().runs.work_order(_session(owner_id, job_id, attempt))


@runs.route(f"{_RUN}/heartbeat", methods=["POST"])
def heartbeat(owner_id: str, job_id: str, attempt: str) -> dict[str, Any]:
    """Store a heartbeat. Return whether to continue or to stop and, if asked, a form for the result object."""
    session = _session(owner_id, job_id, attempt)
    body = parse_body(HeartbeatBody, runs.current_request.raw_body)
    stop = factory().runs.heartbeat(session, body.to_phase(), connected_seconds=body.connected_seconds)
    more = {"result_form": factory().runs.result_form(session)} if body.result_form else {}
    return {"action": "stop" if stop else "continue", **more}


@runs.route(f"{_RUN}/output-urls", methods=["POST"], audited=True)
def make_output_urls(owner_id: str, job_id: str, attempt: str) -> dict[str, Any]:
    """Return presigned URLs for the upload of outputs."""
    session = _session(owner_id, job_id, attempt)
    files = parse_body(OutputUrlsBody, runs.current_request.raw_body).to_files()
    return {"urls": factory().runs.output_urls(session, files), "expires_in_seconds": int(URL_LIFE.total_seconds())}


@runs.route(f"{_RUN}/report", methods=["POST"], audited=True)
def report(owner_id: str, job_id: str, attempt: str) -> dict[str, Any]:
    """Handle the report of how a run ended."""
    session = _session(owner_id, job_id, attempt)
    result = parse_body(ReportBody, runs.current_request.raw_body).to_result()
    return {"status": factory().runs.report(session, result).value}


def _session(owner_id: str, job_id: str, attempt: str) -> Session:
    token = str(runs.current_request.headers.get("x-session-token", ""))
    session = factory().runs.open_session(RunId.parse(f"{owner_id}/{job_id}/{attempt}"), token)
    add_log_keys(owner_id=owner_id, job_id=job_id)
    return session


def _run_id(owner_id: str, job_id: str, attempt: str) -> RunId:
    run_id = RunId.parse(f"{owner_id}/{job_id}/{attempt}")
    if run_id is None:
        raise NotAllowedError.for_runner()
    add_log_keys(owner_id=owner_id, job_id=job_id)
    return run_id
