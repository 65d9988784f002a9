"""Who calls: read from what API Gateway has verified."""

from chalice.app import Request

from chalicelib.config import Ownership
from chalicelib.domain.access import Audience, asker_of, is_admitted
from chalicelib.domain.naming import is_id
from chalicelib.domain.ownership import Caller, caller_from_identity
from chalicelib.errors import InvalidRequestError, NotAllowedError, NotAuthenticatedError
from chalicelib.observability import identify

__all__ = ["authorize", "caller_of", "owner_of"]


def caller_of(request: Request, ownership: Ownership) -> Caller:
    """Find the caller of a request.

    Raises
    ------
    NotAuthenticatedError
        If API Gateway has verified nobody.
    NotAllowedError
        If the principal cannot own jobs.
    """
    identity = request.context.get("identity") or {}
    user_arn = identity.get("userArn")
    if not user_arn:
        raise NotAuthenticatedError(
            "This request is not signed. Sign it with AWS credentials (Signature Version 4, service execute-api)."
        )
    caller = caller_from_identity(user_arn=user_arn, unique_id=identity.get("user") or "", ownership=ownership)
    identify(owner_id=caller.owner_id, request_id=request.context.get("requestId", ""))
    return caller


def owner_of(request: Request, ownership: Ownership) -> str:
    """Find whose jobs a request is about: the caller's, or those of the owner that it names; `authorize` has checked that it may."""
    return _named_owner(request) or caller_of(request, ownership).owner_id


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
        raise NotAllowedError(f"This route is for {audience.value}. Leave owner_id out.")


def _named_owner(request: Request) -> str | None:
    named = request.query_params.get("owner_id") if request.query_params else None
    if named and not is_id(named):
        raise InvalidRequestError.for_field("owner_id", f"{named!r} is not the id of an owner.")
    return str(named) if named else None
