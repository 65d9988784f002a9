"""Who a caller is: the owner comes from the identity that API Gateway verified, never from the request."""

import re
from dataclasses import dataclass
from typing import Final

from chalicelib.config import Environment, Ownership
from chalicelib.domain.naming import owner_slug

__all__ = ["Caller", "caller_from_identity", "may_use"]

_ASSUMED_ROLE: Final = re.compile(r"^arn:[\w-]+:sts::(?P<account>\d+):assumed-role/(?P<role>[^/]+)/(?P<session>.+)$")
_IDENTITY_CENTER: Final = "AWSReservedSSO_"
"""How IAM Identity Center names its roles (AWS reserves the prefix); there AWS itself sets the session name."""


@dataclass(frozen=True)
class Caller:
    """A verified caller."""

    owner_id: str
    """Whose jobs theirs are."""

    principal: str
    """What the owner id was made of: a user's unique id, a role's, or a role's with a trustworthy session name."""

    arn: str
    """The ARN that API Gateway verified."""

    identity_arns: tuple[str, ...]
    """ARNs that an operator may have written to mean this caller: its own, and for a session its role's."""

    is_admin: bool
    """Whether the operator named this caller an admin."""


def caller_from_identity(*, user_arn: str, unique_id: str, ownership: Ownership) -> Caller:
    """Make a caller of what API Gateway says of an IAM-signed request.

    Parameters
    ----------
    user_arn
        `requestContext.identity.userArn`.
    unique_id
        `requestContext.identity.user`: `AIDA…` for a user, `AROA…:session` for a role's session.
    ownership
        What the operator says of admins and session names.
    """
    session = _ASSUMED_ROLE.match(user_arn)
    arns: tuple[str, ...] = (user_arn,)
    if session is None:
        principal, display = unique_id or user_arn, user_arn.rpartition("/")[2].rpartition(":")[2]
        if unique_id and ":user/" in user_arn:
            display = "user"  # its name may change, the unique id does not
    else:
        role, name = session["role"], session["session"]
        trusted = role.startswith(_IDENTITY_CENTER) or role in ownership.session_name_roles
        role_id = unique_id.partition(":")[0] or f"{session['account']}/{role}"
        principal = f"{role_id}:{name}" if trusted else role_id
        display = name if trusted else role
        # As IAM shows the role, but for its path: a session's ARN leaves that out.
        arns = (user_arn, f"arn:{user_arn.split(':')[1]}:iam::{session['account']}:role/{role}")
    return Caller(
        owner_id=owner_slug(principal, display),
        principal=principal,
        arn=user_arn,
        identity_arns=arns,
        is_admin=any(arn in ownership.admins for arn in arns),
    )


def may_use(environment: Environment, identity_arns: tuple[str, ...]) -> bool:
    """Whether somebody with these ARNs may use an environment."""
    return not environment.users or any(arn in environment.users for arn in identity_arns)
