"""Who calls: read from what API Gateway has verified."""

from typing import Final

from chalice.app import Request

from chalicelib.config import Ownership
from chalicelib.domain.authorization.access import Audience, asker_of, is_admitted
from chalicelib.domain.authorization.ownership import Caller, caller_from_identity
from chalicelib.domain.identifiers import is_id
from chalicelib.errors import InvalidRequestError, NotAllowedError, NotAuthenticatedError
from chalicelib.factory import factory
from chalicelib.observability import add_log_keys

__all__ = ["KNOWN_CALLER", "authorize", "caller_of", "owner_of"]

KNOWN_CALLER: Final = "caller"
"""Where a request's context keeps its caller once it is known, so that it is checked and log_keys once."""


_ADVICE: Final = {
    Audience.SELF: "Leave owner_id out.",
    Audience.OWNER: "Leave owner_id out.",
    Audience.ADMIN: "Ask the operator to name you an admin.",
    Audience.ADMIN_FOR_OTHER: "Name the other owner as owner_id, and ask the operator to name you an admin if you are none.",
}
"""What whoever may not call a route can do."""


def caller_of(request: Request, ownership: Ownership) -> Caller:
    """Find the caller of a request.

    Raises
    ------
    NotAuthenticatedError
        If API Gateway has verified nobody.
    NotAllowedError
        If the principal cannot own jobs.
    OwnerDisabledError
        If an admin has disabled the caller: nothing is open to them then, neither changes nor what they have made before.
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
    """Find whose jobs a request is about: the caller's, or those of the owner that it names; `authorize` has checked that it may."""
    caller, named = caller_of(request, ownership), _named_owner(request)
    if named and named != caller.owner_id:
        add_log_keys(owner_id=named)
    return named or caller.owner_id


def authorize(request: Request, audience: Audience, ownership: Ownership) -> None:
    """Check that a request may call a route for this audience.

    Raises
    ------
    NotAuthenticatedError
        If API Gateway has verified nobody.
    NotAllowedError
        If the caller cannot own jobs, or names another owner and may not.
    InvalidRequestError
        If what the caller names cannot be an owner.
    """
    if audience is Audience.RUNNER:
        return
    asker = asker_of(caller_of(request, ownership), _named_owner(request))
    if not is_admitted(asker, audience):
        raise NotAllowedError(f"This route is for {audience.value}. {_ADVICE[audience]}")


def _named_owner(request: Request) -> str | None:
    named = request.query_params.get("owner_id") if request.query_params else None
    if named and not is_id(named):
        raise InvalidRequestError.for_field("owner_id", f"{named!r} is not the id of an owner.")
    return str(named) if named else None
