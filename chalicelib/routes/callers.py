"""Who calls: read from what API Gateway has verified."""

from typing import Final

from chalice.app import Request

from chalicelib.config import Ownership
from chalicelib.domain.ownership import Caller, caller_from_identity
from chalicelib.errors import NotAllowedError, NotAuthenticatedError
from chalicelib.factory import factory
from chalicelib.observability import identify

__all__ = ["KNOWN_CALLER", "caller_of", "owner_of"]

KNOWN_CALLER: Final = "caller"
"""Where a request's context keeps its caller once it is known, so that it is checked and identified once."""


def caller_of(request: Request, ownership: Ownership) -> Caller:
    """Find the caller of a request.

    Raises
    ------
    NotAuthenticatedError
        If API Gateway has verified nobody.
    OwnerDisabledError
        If an admin has disabled the caller: nothing is open to them then, neither changes nor what they have made before.
    """
    if KNOWN_CALLER not in request.context:
        caller = _verified_caller(request, ownership)
        request.context[KNOWN_CALLER] = caller
        identify(owner_id=caller.owner_id, request_id=request.context.get("requestId", ""))
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
    """Find whose jobs a request is about: the caller's; an admin may name another's with `owner_id=`.

    Raises
    ------
    NotAllowedError
        If somebody else names another's.
    """
    caller = caller_of(request, ownership)
    named = request.query_params.get("owner_id") if request.query_params else None
    if not named or named == caller.owner_id:
        return caller.owner_id
    if not caller.is_admin:
        raise NotAllowedError("Only admins may look at other people's jobs. Leave owner_id out.")
    identify(owner_id=named)
    return str(named)
