"""The fake API's routes for owners."""

from typing import Any

from tests.jupyter_scheduler_aws.fake_definitions import START
from tests.jupyter_scheduler_aws.fake_server import FakeServer, Request, Response

__all__ = ["OWNER_ROUTES", "OwnerRoutes"]


class OwnerRoutes(FakeServer):
    def __init__(self) -> None:
        super().__init__()
        self.owners: dict[str, dict[str, Any]] = {}

    def add_owner(self, name: str) -> str:
        owner_id = f"user-{name}"
        self.owners[owner_id] = {
            "owner_id": owner_id,
            "principal": f"AIDA{name.upper()}",
            "arn": f"arn:aws:iam::1:user/{name}",
            "first_seen": START,
            "last_seen": START,
            "disabled": None,
        }
        return owner_id

    def list_owners(self, request: Request) -> Response:
        query = dict(request.query)
        start = int(query.get("next_token", 0))
        end = start + min(2, int(query["max_items"]))
        found = list(self.owners.values())
        more = {"next_token": str(end)} if end < len(found) else {}
        return Response.of({"owners": found[start:end], **more})

    def get_owner(self, _request: Request, owner_id: str) -> Response:
        return Response.of(self.owners[owner_id])

    def change_owner(self, request: Request, owner_id: str) -> Response:
        body = request.document
        by = {"owner_id": "ann-1", "arn": "arn:aws:iam::1:user/ann", "time": START}
        disabled = {"by": by, "reason": body.get("reason", "")} if body["disabled"] else None
        self.owners[owner_id]["disabled"] = disabled
        return Response(204)


OWNER_ROUTES = [
    ("GET", "/v1/scheduler/owners", "list_owners"),
    ("GET", "/v1/scheduler/owners/([^/]+)", "get_owner"),
    ("PATCH", "/v1/scheduler/owners/([^/]+)", "change_owner"),
]
