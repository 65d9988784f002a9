"""Authorize requests: the caller that API Gateway verified, and whose resources the request is about."""

from typing import Final

from chalice.app import Request

from chalicelib.config import Ownership
from chalicelib.domain.authorization.access import Audience, caller_kind, is_allowed
from chalicelib.domain.authorization.ownership import Caller, caller_from_identity
from chalicelib.domain.identifiers import is_id
from chalicelib.errors import InvalidRequestError, NotAllowedError, NotAuthenticatedError
from chalicelib.factory import factory
from chalicelib.observability import add_log_keys

__all__ = ["KNOWN_CALLER", "authorize", "caller_of", "owner_of"]

KNOWN_CALLER: Final = "caller"
"""The key of a request's context that stores its caller, so that the caller is verified once."""


_ADVICE: Final = {
    Audience.SELF: "Remove owner_id.",
    Audience.OWNER: "Remove owner_id.",
    Audience.ADMIN: "Ask the operator to make you an admin.",
    Audience.ADMIN_FOR_OTHER: "Set owner_id to the other owner. If you are not an admin, ask the operator to make you one.",
}
"""What a caller who may not use a route can do."""


def caller_of(request: Request, ownership: Ownership) -> Caller:
    """Return the caller of a request.

    Raises
    ------
    NotAuthenticatedError
        If API Gateway has verified no identity.
    NotAllowedError
        If the principal cannot own jobs.
    OwnerDisabledError
        If an admin has disabled the caller, who then can neither read nor change anything.
    """
    if KNOWN_CALLER not in request.context:
        caller = _verified_caller(request, ownership)
        request.context[KNOWN_CALLER] = caller
        add_log_keys(owner_id=caller.owner_id, request_id=request.context.get("requestId", ""))
        factory().owners.check(caller.owner_id)
    known: Caller = request.context[KNOWN_CALLER]
    return known


def _verified_caller(request: Request, ownership: Ownership) -> Caller:
    identity = request.context.get("identity") or {}
    user_arn = identity.get("userArn")
    if not user_arn:
        raise NotAuthenticatedError(
            "This request is not signed. Sign it with AWS credentials (Signature Version 4, service execute-api)."
        )
    return caller_from_identity(user_arn=user_arn, unique_id=identity.get("user") or "", ownership=ownership)


def owner_of(request: Request, ownership: Ownership) -> str:
    """Return the owner whose jobs a request is about: the caller, or the owner that it names. `authorize` has checked the right to it."""
    caller, named = caller_of(request, ownership), _named_owner(request)
    if named and named != caller.owner_id:
        add_log_keys(owner_id=named)
    return named or caller.owner_id


def authorize(request: Request, audience: Audience, ownership: Ownership) -> None:
    """Check whether a request may use a route for this audience.

    Raises
    ------
    NotAuthenticatedError
        If API Gateway has verified no identity.
    NotAllowedError
        If the caller cannot own jobs, or may not use the route.
    InvalidRequestError
        If the request names an owner with an invalid id.
    """
    if audience is Audience.RUNNER:
        return
    kind = caller_kind(caller_of(request, ownership), _named_owner(request))
    if not is_allowed(kind, audience):
        raise NotAllowedError(f"This route is for {audience.value}. {_ADVICE[audience]}")


def _named_owner(request: Request) -> str | None:
    named = request.query_params.get("owner_id") if request.query_params else None
    if named and not is_id(named):
        raise InvalidRequestError.for_field("owner_id", f"{named!r} is not the id of an owner.")
    return str(named) if named else None
