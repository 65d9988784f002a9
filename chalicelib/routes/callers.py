"""Who calls: read from what API Gateway has verified."""

from chalice.app import Request

from chalicelib.config import Ownership
from chalicelib.domain.naming import is_id
from chalicelib.domain.ownership import Caller, caller_from_identity
from chalicelib.errors import InvalidRequestError, NotAllowedError, NotAuthenticatedError
from chalicelib.observability import identify

__all__ = ["caller_of", "owner_of"]


def caller_of(request: Request, ownership: Ownership) -> Caller:
    """Find the caller of a request.

    Raises
    ------
    NotAuthenticatedError
        If API Gateway has verified nobody.
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
    """Find whose jobs a request is about: the caller's; an admin may name another's with `owner_id=`.

    Raises
    ------
    NotAllowedError
        If somebody else names another's.
    InvalidRequestError
        If what an admin names cannot be an owner.
    """
    caller = caller_of(request, ownership)
    named = request.query_params.get("owner_id") if request.query_params else None
    if named and named != caller.owner_id and not caller.is_admin:
        raise NotAllowedError("Only admins may look at other people's jobs. Leave owner_id out.")
    if named and not is_id(named):
        raise InvalidRequestError.for_field("owner_id", f"{named!r} is not the id of an owner.")
    return str(named or caller.owner_id)
