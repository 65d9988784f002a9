"""The audit line of a request: who did what to whose things, from where, and how it was answered."""

from collections.abc import Mapping
from typing import Any, Final

from chalice.app import Request, Response

from chalicelib.domain.authorization.ownership import Caller
from chalicelib.observability import audit, log_keys
from chalicelib.routes.authorization import KNOWN_CALLER

__all__ = ["record_request"]

_MADE: Final = ("job_id", "job_definition_id", "upload_id")
"""Fields of answers that name what the request has made."""

_LONGEST_ID: Final = 200
_MOST_IDS: Final = 100
"""What callers send as ids is cut to what ids can be; a batch takes as many."""


def record_request(action: str, request: Request, ids: Mapping[str, str], response: Response) -> None:
    """Write a request's audit line.

    Parameters
    ----------
    action
        The route, by its name: the operation's id in the OpenAPI document.
    request
        The request; only ids, the route and where it came from are taken from it.
    ids
        The ids of its path.
    response
        How it was answered.
    """
    named = {name: value[:_LONGEST_ID] for name, value in ids.items()}
    audit(
        action=action,
        route=f"{request.method} {request.context.get('resourcePath', '')}",
        status=response.status_code,
        **_who(request, named.get("owner_id")),
        **named,
        **_job_ids(request),
        **_made_id(response.body),
    )


def _who(request: Request, named_owner: str | None) -> dict[str, Any]:
    """Say who called: what API Gateway has verified; nothing of a runner, which its run id names."""
    identity = request.context.get("identity") or {}
    who = {"request_id": request.context.get("requestId"), "source_ip": identity.get("sourceIp")}
    caller: Caller | None = request.context.get(KNOWN_CALLER)
    if caller is None:
        return who | {"principal": identity.get("user"), "principal_arn": identity.get("userArn")}
    whose = named_owner or log_keys().get("owner_id")
    on_behalf = {"on_behalf": True} if whose != caller.owner_id else {}
    return (
        who
        | {"principal": caller.principal.principal_id, "principal_arn": caller.arn, "caller_id": caller.owner_id}
        | on_behalf
    )


def _job_ids(request: Request) -> dict[str, list[str]]:
    """Give the jobs of a batch, which its query names."""
    params = request.query_params
    if not params or "job_id" not in params or request.method != "DELETE":
        return {}
    return {"job_ids": [each[:_LONGEST_ID] for each in params.getlist("job_id")[:_MOST_IDS]]}


def _made_id(body: Any) -> dict[str, str]:
    made = [str(body[name]) for name in _MADE if name in body] if isinstance(body, dict) else []
    return {"made_id": made[0]} if made else {}
