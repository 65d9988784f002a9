"""The fake API's routes for definitions."""

import uuid
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from tests.jupyter_scheduler_aws.fake_server import FakeServer, Request, Response

__all__ = ["DEFINITION_ROUTES", "NEXT", "REFUSED", "START", "DefinitionRoutes"]

START = 1_795_413_699_000
"""Creation time of everything [ms]."""

NEXT = 1_795_507_200_000
"""Next run time of everything: Tuesday 2026-11-24 08:00 UTC [ms]."""

_DAY = 86_400_000
"""A day [ms]."""

REFUSED: dict[str, Any] = {
    "work": "schedules",
    "code": "denied",
    "title": "Schedule not written",
    "message": "AWS says: AccessDeniedException: [bold]no[/x]. The operator restores the policies.",
    "since": START,
    "attempts": 3,
}
"""A problem of a definition."""


@dataclass
class FakeDefinition:
    document: dict[str, Any]
    snapshot: bytes = b""

    @classmethod
    def of(cls, definition_id: str, name: str, created: int, fields: Mapping[str, Any]) -> Self:
        document = {
            "job_definition_id": definition_id,
            "name": name,
            "input_filename": "report.ipynb",
            "package_input_folder": False,
            "runtime_environment_name": "python",
            "compute_type": "small",
            "output_formats": ["ipynb", "html"],
            "parameters": None,
            "tags": None,
            "schedule": None,
            "timezone": None,
            "active": True,
            "create_time": created,
            "update_time": created,
            "last_run": None,
            "run_count": 0,
            "missed_count": 0,
            "overlap_policy": "allow",
            "catch_up_seconds": 3600,
            "schedule_start": None,
            "schedule_end": None,
            "max_runs": None,
            "job_retention_days": None,
            "keep_last": None,
            "pause_after_failures": None,
            "success_within_seconds": None,
            "skipped_count": 0,
            "consecutive_failures": 0,
            "last_success": None,
            "timeout_seconds": 86_400,
            "max_retries": 0,
            "problems": [],
            **fields,
        }
        definition = cls(document)
        definition.change(fields)
        return definition

    def change(self, changes: Mapping[str, Any]) -> None:
        self.document |= changes
        is_due = self.document["active"] and self.document["schedule"]
        self.document["next_run_time"] = changes.get("next_run_time", NEXT if is_due else None)

    def row(self) -> dict[str, Any]:
        """Return it as in a list, without null fields."""
        return {name: value for name, value in self.document.items() if value is not None}


class DefinitionRoutes(FakeServer):
    def __init__(self) -> None:
        super().__init__()
        self.definitions: dict[str, FakeDefinition] = {}
        self.uploads: dict[str, bytes] = {}
        self.tokens: dict[tuple[str, str], str] = {}
        """Ids of what was created, by path and idempotency token."""
        self.page_size = 2

    @abstractmethod
    def add_planned_job(self, name: str, **fields: Any) -> str:
        """Add a job that changes as planned."""

    def page(self, name: str, found: list[dict[str, Any]], query: Mapping[str, str]) -> Response:
        start = int(query.get("next_token", 0))
        end = start + min(self.page_size, int(query["max_items"]))
        page: dict[str, Any] = {name: found[start:end], "total_count": -1}
        return Response.of(page | ({"next_token": str(end)} if end < len(found) else {}))

    def add_definition(self, name: str = "Report", **fields: Any) -> str:
        definition_id = f"0198{len(self.definitions):04x}-0000-7000-8000-{uuid.uuid4().hex[:12]}"
        self.definitions[definition_id] = FakeDefinition.of(definition_id, name, START, fields)
        return definition_id

    def create_definition(self, request: Request) -> Response:
        body = request.document
        token = request.path, body.pop("idempotency_token")
        snapshot = self.uploads.get(body.pop("input_uri").removeprefix("upload:"))
        if snapshot is None:
            return Response.refusal(422, "Nothing was uploaded for input_uri.", "cannot_be_run")
        if body.get("schedule") == "61 * * * *":
            return Response.refusal(400, "schedule: minute 61 is over 59.", "invalid_request")
        if token not in self.tokens:
            self.tokens[token] = definition_id = self.add_definition(body.pop("name"), **body)
            self.definitions[definition_id].snapshot = snapshot
        return Response.of({"job_definition_id": self.tokens[token]})

    def list_definitions(self, request: Request) -> Response:
        query = dict(request.query)
        found = [definition.row() for definition in reversed(self.definitions.values())]
        return self.page(
            "job_definitions", [row for row in found if row["name"].startswith(query.get("name", ""))], query
        )

    def get_definition(self, _request: Request, definition_id: str) -> Response:
        return Response.of(self.definitions[definition_id].document)

    def change_definition(self, request: Request, definition_id: str) -> Response:
        changes = request.document
        if uri := changes.pop("input_uri", None):
            self.definitions[definition_id].snapshot = self.uploads[uri.removeprefix("upload:")]
        self.definitions[definition_id].change(changes)
        return Response(204)

    def delete_definition(self, _request: Request, definition_id: str) -> Response:
        del self.definitions[definition_id]
        return Response(204)

    def run_definition(self, request: Request, definition_id: str) -> Response:
        document, body = self.definitions[definition_id].document, request.document
        token = request.path, body["idempotency_token"]
        if token not in self.tokens:
            fields = {"job_definition_id": definition_id, "parameters": body.get("parameters", document["parameters"])}
            if "scheduled_time" in body:
                fields |= {"scheduled_time": body["scheduled_time"], "timezone": document.get("timezone")}
            self.tokens[token] = self.add_planned_job(document["name"], **fields)
        return Response.of({"job_id": self.tokens[token]})

    def take_over_definition(self, _request: Request, definition_id: str) -> Response:
        old = self.definitions[definition_id].document
        own_id = self.add_definition(old["name"], schedule=old["schedule"])
        by = {"owner_id": "ann-1", "arn": "arn:aws:iam::1:user/ann", "time": START, "job_definition_id": own_id}
        self.definitions[definition_id].change({"active": False, "taken_over_by": by})
        return Response.of({"job_definition_id": own_id})

    def explain_crontab(self, request: Request) -> Response:
        query = dict(request.query)
        if query["schedule"] == "61 * * * *":
            return Response.refusal(400, "schedule: minute 61 is over 59.", "invalid_request")
        times = [NEXT + day * _DAY for day in range(5)]
        if (
            "to" in query
        ):  # a crontab of these tests is due each day at midnight UTC; of a period, two days are returned at a time
            first = -(-int(query["from"]) // _DAY) * _DAY
            times = list(range(first, int(query["to"]) + 1, _DAY))[:2]
        explanation = {
            "schedule": query["schedule"],
            "timezone": query.get("timezone", "UTC"),
            "eventbridge_expressions": ["cron(0 9 1 * ? *)", "cron(0 9 ? * 2 *)"],
            "next_run_times": times,
        }
        return Response.of(explanation)


DEFINITION_ROUTES = [
    ("POST", "/v1/scheduler/job_definitions", "create_definition"),
    ("GET", "/v1/scheduler/job_definitions", "list_definitions"),
    ("GET", "/v1/scheduler/job_definitions/([^/]+)", "get_definition"),
    ("PATCH", "/v1/scheduler/job_definitions/([^/]+)", "change_definition"),
    ("DELETE", "/v1/scheduler/job_definitions/([^/]+)", "delete_definition"),
    ("POST", "/v1/scheduler/job_definitions/([^/]+)/jobs", "run_definition"),
    ("POST", "/v1/scheduler/job_definitions/([^/]+)/take_over", "take_over_definition"),
    ("GET", "/v1/scheduler/crontab", "explain_crontab"),
    ("GET", "/s3/([^/]+)/([^/]+)", "get_file"),
]
