"""Audit lines: who did what to whose resources, from where, and with which response."""

from collections.abc import Mapping
from typing import Any, Final

from chalice.app import Request, Response

from chalicelib.domain.authorization.ownership import Caller
from chalicelib.observability import audit, log_keys
from chalicelib.routes.authorization import KNOWN_CALLER

__all__ = ["record_request"]

_CREATED_IDS: Final = ("job_id", "job_definition_id", "upload_id")
"""Fields of responses that contain the id of what the request created."""

_MAX_ID_CHARACTERS: Final = 200
_MAX_IDS: Final = 100
"""Most ids of one request, the limit of a batch. Ids in requests are truncated to the length that ids can have."""


def record_request(action: str, request: Request, ids: Mapping[str, str], response: Response) -> None:
    """Write the audit line of a request.

    Parameters
    ----------
    action
        The name of the route: the operation id in the OpenAPI document.
    request
        The request. The line contains its ids, its route and its source.
    ids
        The ids in its path.
    response
        The response.
    """
    path_ids = {name: value[:_MAX_ID_CHARACTERS] for name, value in ids.items()}
    audit(
        action=action,
        route=f"{request.method} {request.context.get('resourcePath', '')}",
        status=response.status_code,
        **_caller(request, path_ids.get("owner_id")),
        **path_ids,
        **_job_ids(request),
        **_created_id(response.body),
    )


def _caller(request: Request, named_owner: str | None) -> dict[str, Any]:
    """Describe the caller that API Gateway verified. Runners have none; their run id identifies them."""
    identity = request.context.get("identity") or {}
    source = {"request_id": request.context.get("requestId"), "source_ip": identity.get("sourceIp")}
    caller: Caller | None = request.context.get(KNOWN_CALLER)
    if caller is None:
        return source | {"principal": identity.get("user"), "principal_arn": identity.get("userArn")}
    owner_id = named_owner or log_keys().get("owner_id")
    on_behalf = {"on_behalf": True} if owner_id != caller.owner_id else {}
    return (
        source
        | {"principal": caller.principal.principal_id, "principal_arn": caller.arn, "caller_id": caller.owner_id}
        | on_behalf
    )


def _job_ids(request: Request) -> dict[str, list[str]]:
    """Return the job ids in the query of a batch."""
    params = request.query_params
    if not params or "job_id" not in params or request.method != "DELETE":
        return {}
    return {"job_ids": [job_id[:_MAX_ID_CHARACTERS] for job_id in params.getlist("job_id")[:_MAX_IDS]]}


def _created_id(body: Any) -> dict[str, str]:
    created = [str(body[name]) for name in _CREATED_IDS if name in body] if isinstance(body, dict) else []
    return {"created_id": created[0]} if created else {}
