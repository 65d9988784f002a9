"""A fake of the service's API and of S3, as the client sees them."""

import hashlib
import re
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.parser import BytesParser
from typing import Any
from urllib.parse import quote, unquote

from typing_extensions import override

from tests.jupyter_scheduler_aws.documents import ENVIRONMENT
from tests.jupyter_scheduler_aws.fake_definitions import DEFINITION_ROUTES, START, DefinitionRoutes
from tests.jupyter_scheduler_aws.fake_owners import OWNER_ROUTES, OwnerRoutes
from tests.jupyter_scheduler_aws.fake_server import Request, Response
from tests.jupyter_scheduler_aws.fake_service import SERVICE_ROUTES, ServiceRoutes

__all__ = ["FakeApi", "FakeJob", "etag_of", "running_api"]


def etag_of(content: bytes) -> str:
    return f'"{hashlib.md5(content).hexdigest()}"'


def cell(number: int) -> dict[str, Any]:
    phase = {"code": "running", "cell": number, "cells": 3}
    return {"status": "IN_PROGRESS", "start_time": START + 5000, "attempt": 1, "phase": phase}


def ended(status: str, code: str, title: str, message: str = "") -> dict[str, Any]:
    outcome = {"code": code, "title": title, "message": message, "retryable": False}
    return {"status": status, "end_time": START + 65_000, "phase": {"code": "ended"}, "outcome": outcome}


COMPLETED = ended("COMPLETED", "succeeded", "Completed")
FAILED = ended("FAILED", "notebook_error", "The notebook raised an error", "Cell 3 of 3: ValueError: no data for 1850")


@dataclass
class FakeJob:
    document: dict[str, Any]
    plan: list[dict[str, Any]]
    """The changes that each request for it shows, in order."""
    files: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    """Format and content by path."""
    attempts: list[dict[str, Any]] = field(default_factory=list)
    files_of: int = 0
    """The attempt that made the files; 0: the job's last."""

    def look(self) -> dict[str, Any]:
        if self.plan:
            self.document |= self.plan.pop(0)
        return self.document


class FakeApi(DefinitionRoutes, OwnerRoutes, ServiceRoutes):
    def __init__(self) -> None:
        super().__init__()
        self.jobs: dict[str, FakeJob] = {}
        self.environments: list[Any] = [ENVIRONMENT]
        self.plan: list[dict[str, Any]] = [cell(1), cell(2), COMPLETED]
        self.outputs: dict[str, tuple[str, bytes]] = {
            "report-2026.ipynb": ("ipynb", b"{}"),
            "report-2026.html": ("html", b"<html></html>" * 1000),
            "results/table.csv": ("files", b"year,ppm\n1970,325.7\n"),
        }
        self.max_upload_bytes = 1_000_000
        self.folder_limits = {
            "max_notebook_bytes": 500_000,
            "max_unpacked_bytes": 10_000_000,
            "max_unpacked_files": 100,
        }
        """Empty: an older service that does not state them."""
        self.clock_off_millis = 0
        self.generation = 1
        """Generation of the presigned URLs; older ones have expired."""
        self.etag_of: Callable[[bytes], str] = etag_of
        self.headers: dict[str, str] = {}
        """Headers of each downloaded file, in addition to the ETag."""

    def add_job(self, name: str = "Report", *, status: str = "COMPLETED", **fields: Any) -> str:
        job_id = f"0199{len(self.jobs):04x}-0000-7000-8000-{uuid.uuid4().hex[:12]}"
        document = {
            "job_id": job_id,
            "name": name,
            "status": status,
            "input_filename": "report.ipynb",
            "runtime_environment_name": "python",
            "compute_type": "small",
            "output_formats": ["ipynb", "html"],
            "parameters": {},
            "tags": [],
            "create_time": START + len(self.jobs) * 60_000,
            "update_time": START,
            "attempt": 0,
            "phase": {"code": "waiting", "message": "waiting for a slot"},
            "outcome": None,
            **fields,
        }
        self.jobs[job_id] = FakeJob(document, [], dict(self.outputs))
        return job_id

    @override
    def add_planned_job(self, name: str, **fields: Any) -> str:
        job_id = self.add_job(name, status="CREATED", **fields)
        self.jobs[job_id].plan = [dict(change) for change in self.plan]
        return job_id

    @override
    def response(self, request: Request) -> Response:
        for method, pattern, name in _ROUTES:
            match = re.fullmatch(pattern, request.path)
            if match and request.method == method:
                parts = [unquote(part) for part in match.groups()]
                known, what = self.known(pattern)
                if parts and parts[0] not in known:
                    return Response.refusal(404, f"There is no {what} {parts[0]} of yours.", "not_found")
                response: Response = getattr(self, name)(request, *parts)
                return response
        return Response.refusal(404, "There is no such route.", "not_found")

    def known(self, pattern: str) -> tuple[Mapping[str, Any], str]:
        """Return what the id in a path can refer to, and its kind."""
        if "/owners" in pattern:
            return self.owners, "owner"
        return (self.definitions, "job definition") if "/job_def" in pattern else (self.jobs, "job")

    def health(self, _request: Request) -> Response:
        you = {
            "owner_id": "ann-1",
            "principal": "AIDA",
            "kind": "iam_user",
            "arn": "arn:aws:iam::1:user/ann",
            "admin": False,
        }
        return Response.of({"version": "0.1.0", "time": int(time.time() * 1000) + self.clock_off_millis, "you": you})

    def list_environments(self, _request: Request) -> Response:
        return Response.of(self.environments)

    def create_upload(self, request: Request) -> Response:
        size, is_zip = request.document.get("size_bytes"), request.document["filename"].endswith(".zip")
        if size and size > self.max_upload_bytes:
            return Response.refusal(413, f"The upload has {size} bytes; at most {self.max_upload_bytes}.", "too_large")
        upload_id = uuid.uuid4().hex
        form = {
            "upload_id": upload_id,
            "input_uri": f"upload:{upload_id}",
            "url": f"{self.origin}/bucket",
            "fields": {"key": f"uploads/{upload_id}", "policy": "p", "x-amz-signature": "s"},
            "max_bytes": self.max_upload_bytes,
            **dict.fromkeys(self.folder_limits, None),
            **(self.folder_limits if is_zip else {}),
            "expires_at": START,
        }
        return Response.of(form)

    def receive_upload(self, request: Request) -> Response:
        head = f"Content-Type: {request.headers['content-type']}\r\n\r\n".encode()
        parts = BytesParser().parsebytes(head + request.body).get_payload()
        assert isinstance(parts, list)
        names = [str(part.get_param("name", header="content-disposition")) for part in parts]  # type: ignore[union-attr]
        if names[-1] != "file" or names[:-1] != ["key", "policy", "x-amz-signature"]:
            return Response(400, b"<Error><Code>InvalidArgument</Code><Message>file must be last</Message></Error>")
        content = [part.get_payload(decode=True) for part in parts]  # type: ignore[union-attr]
        self.uploads[str(content[0], "ascii").removeprefix("uploads/")] = content[-1]  # type: ignore[arg-type, assignment]
        return Response(204)

    def create_job(self, request: Request) -> Response:
        body = request.document
        upload = self.uploads.get(body["input_uri"].removeprefix("upload:"))
        if upload is None:
            return Response.refusal(422, "Nothing was uploaded for input_uri.", "cannot_be_run")
        if body["runtime_environment_name"] not in [environment["name"] for environment in self.environments]:
            return Response.refusal(422, "There is no such environment.", "cannot_be_run")
        token = request.path, body.pop("idempotency_token")
        if token not in self.tokens:
            body.pop("input_uri")
            self.tokens[token] = job_id = self.add_planned_job(body.pop("name"), **body)
            self.jobs[job_id].files["input.ipynb"] = ("input", upload)
            if printed := re.search(rb'"printed\\", \\"(\w+)', upload):
                self.jobs[job_id].files["report-2026.ipynb"] = ("ipynb", b'"printed ' + printed[1] + b'"')
        return Response.of({"job_id": self.tokens[token]})

    def list_jobs(self, request: Request) -> Response:
        query = dict(request.query)
        found = [job.look() for job in reversed(self.jobs.values())]
        found = [job for job in found if query.get("status") in (None, job["status"])]
        found = [job for job in found if job["name"].startswith(query.get("name", ""))]
        tags = {value for name, value in request.query if name == "tags"}
        found = [job for job in found if tags <= set(job["tags"] or ())]
        found = [job for job in found if query.get("job_definition_id") in (None, job.get("job_definition_id"))]
        return self.page("jobs", found, query)

    def get_job(self, _request: Request, job_id: str) -> Response:
        return Response.of(self.jobs[job_id].look())

    def change_job(self, request: Request, job_id: str) -> Response:
        if request.document.get("status") == "STOPPED":
            by = {"owner_id": "ann-1", "arn": "arn:aws:iam::1:user/ann", "time": START}
            self.jobs[job_id].document |= {"status": "STOPPING", "stopped_by": by}
        self.jobs[job_id].document |= {key: value for key, value in request.document.items() if key == "name"}
        return Response(204)

    def delete_job(self, _request: Request, job_id: str) -> Response:
        del self.jobs[job_id]
        return Response(204)

    def delete_batch(self, request: Request) -> Response:
        job_ids = [value for name, value in request.query if name == "job_id"]
        if missing := [job_id for job_id in job_ids if job_id not in self.jobs]:
            return Response.refusal(404, f"There is no job {missing[0]} of yours.", "not_found")
        for job_id in job_ids:
            del self.jobs[job_id]
        return Response(204)

    def list_attempts(self, _request: Request, job_id: str) -> Response:
        return Response.of({"attempts": self.jobs[job_id].attempts, "attempts_left_out": 0})

    def list_files(self, request: Request, job_id: str) -> Response:
        job = self.jobs[job_id]
        made_by = job.files_of or job.document["attempt"]
        attempt = int(dict(request.query).get("attempt", made_by))
        files = [(path, file) for path, file in job.files.items() if attempt == made_by or file[0] == "input"]
        start = int(dict(request.query).get("next_token", 0))
        rows = [
            {
                "file_format": file_format,
                "display_name": path,
                "path": path,
                "size_bytes": len(content),
                "url": f"{self.origin}/s3/{job_id}/{quote(path, safe='')}?generation={self.generation}",
            }
            for path, (file_format, content) in files[start : start + self.page_size]
        ]
        more: Mapping[str, Any] = (
            {"next_token": str(start + self.page_size)} if start + self.page_size < len(files) else {}
        )
        return Response.of({"attempt": attempt, "files": rows, "expires_in_seconds": 900, **more})

    def get_file(self, request: Request, job_id: str, path: str) -> Response:
        if dict(request.query)["generation"] != str(self.generation):
            return Response(403, b"<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>")
        content = self.jobs[job_id].files[path][1]
        headers = {"etag": self.etag_of(content), **self.headers}
        if request.headers.get("if-match", headers["etag"]) != headers["etag"]:
            return Response(412)
        if match := re.fullmatch(r"bytes=(\d+)-(\d*)", request.headers.get("range", "")):
            start, stop = int(match[1]), min(int(match[2] or len(content)) + 1, len(content))
            if start >= stop:
                return Response(416)
            content_range = f"bytes {start}-{stop - 1}/{len(content)}"
            return Response(206, content[start:stop], {**headers, "content-range": content_range})
        return Response(200, content, headers)


_ROUTES = [
    *SERVICE_ROUTES,
    ("GET", "/v1/scheduler/health", "health"),
    ("GET", "/v1/scheduler/runtime_environments", "list_environments"),
    ("POST", "/v1/scheduler/uploads", "create_upload"),
    ("POST", "/bucket", "receive_upload"),
    ("POST", "/v1/scheduler/jobs", "create_job"),
    ("GET", "/v1/scheduler/jobs", "list_jobs"),
    ("DELETE", "/v1/scheduler/batch/jobs", "delete_batch"),
    ("GET", "/v1/scheduler/jobs/([^/]+)", "get_job"),
    ("PATCH", "/v1/scheduler/jobs/([^/]+)", "change_job"),
    ("DELETE", "/v1/scheduler/jobs/([^/]+)", "delete_job"),
    ("GET", "/v1/scheduler/jobs/([^/]+)/attempts", "list_attempts"),
    ("GET", "/v1/scheduler/jobs/([^/]+)/download_files", "list_files"),
    *DEFINITION_ROUTES,
    *OWNER_ROUTES,
]


@contextmanager
def running_api() -> Iterator[FakeApi]:
    """Run a fake API."""
    api = FakeApi()
    api.start()
    try:
        yield api
    finally:
        api.stop()
