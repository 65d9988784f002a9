"""The fake API's routes for logs, and for what the operator allows."""

from typing import Any

from tests.jupyter_scheduler_aws.documents import CONFIG
from tests.jupyter_scheduler_aws.fake_definitions import START
from tests.jupyter_scheduler_aws.fake_server import FakeServer, Request, Response

__all__ = ["SERVICE_ROUTES", "ServiceRoutes"]


class ServiceRoutes(FakeServer):
    page_size: int
    jobs: dict[str, Any]

    def __init__(self) -> None:
        super().__init__()
        self.config: dict[str, Any] = CONFIG
        self.log: list[str] = ["cell 1 of 3", "hello"]
        self.logs_of_attempts: dict[str, list[str]] = {}

    def get_config(self, _request: Request) -> Response:
        return Response.of(self.config)

    def list_unfinished(self, _request: Request) -> Response:
        ended = {"COMPLETED", "FAILED", "STOPPED"}
        found = [job.document for job in reversed(self.jobs.values()) if job.document["status"] not in ended]
        return Response.of({"jobs": found[:100], "has_more": len(found) > 100})

    def get_log(self, request: Request, _job_id: str) -> Response:
        query = dict(request.query)
        log = self.logs_of_attempts.get(query.get("attempt", ""), self.log)
        start = len(log) - int(query["tail"]) if "tail" in query else int(query.get("next_token", 0))
        end = len(log) if "tail" in query else start + self.page_size
        events = [{"time": START, "message": line} for line in log[max(0, start) : end]]
        token = str(len(log) if "tail" in query else start + len(events))
        return Response.of({"attempt": 1, "events": events, "next_token": token})


SERVICE_ROUTES = [
    ("GET", "/v1/scheduler/config", "get_config"),
    ("GET", "/v1/scheduler/jobs/unfinished", "list_unfinished"),
    ("GET", "/v1/scheduler/jobs/([^/]+)/logs", "get_log"),
]
