"""Callers and ownership. The owner comes from the identity that API Gateway verified, never from the request."""

from collections.abc import Iterable
from dataclasses import dataclass

from chalicelib.config import Environment, Ownership
from chalicelib.domain.authorization.principal import Principal, identify_principal
from chalicelib.domain.identifiers import make_owner_id

__all__ = ["Caller", "caller_from_identity", "may_use"]


@dataclass(frozen=True)
class Caller:
    """A verified caller."""

    owner_id: str
    """The owner of everything that the caller creates."""

    principal: Principal
    """The principal that the owner id is made from."""

    arn: str
    """The ARN that API Gateway verified."""

    is_admin: bool
    """Whether the operator named this caller an admin."""


def caller_from_identity(*, user_arn: str, unique_id: str, ownership: Ownership) -> Caller:
    """Make a caller from the identity that API Gateway verified for a request signed with IAM credentials.

    Parameters
    ----------
    user_arn
        `requestContext.identity.userArn`.
    unique_id
        `requestContext.identity.user`: `AIDA…` for a user, `AROA…:session` for a role's session.
    ownership
        The settings about admins and session names.

    Raises
    ------
    NotAllowedError
        If a principal of this kind may not own jobs.
    """
    principal = identify_principal(
        user_arn=user_arn, unique_id=unique_id, session_name_roles=ownership.session_name_roles
    )
    return Caller(
        owner_id=make_owner_id(principal.principal_id, principal.display),
        principal=principal,
        arn=user_arn,
        is_admin=principal.is_among(ownership.admins),
    )


def may_use(environment: Environment, principal_names: Iterable[str]) -> bool:
    """Check whether the principal with these names may use an environment."""
    return not environment.users or any(name in environment.users for name in principal_names)
