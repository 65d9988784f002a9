"""Principals: who signs a request, and how an operator names them in `scheduler.toml`.

Owners, admins and users of environments are all principals. Only principals of listed kinds are allowed. Formats are those of the IAM
user guide ("IAM identifiers") and of the STS API reference (`RoleSessionName`).
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from chalicelib.errors import NotAllowedError

__all__ = ["IDENTITY_CENTER", "NAME", "PARTITIONS", "UNIQUE_ID", "Principal", "PrincipalKind", "identify_principal"]

PARTITIONS: Final = ("aws", "aws-cn", "aws-us-gov", "aws-eusc", "aws-iso", "aws-iso-b", "aws-iso-e", "aws-iso-f")
"""The partitions that botocore's endpoint data (partitions.json) lists."""

IDENTITY_CENTER: Final = "AWSReservedSSO_"
"""Prefix of the names of IAM Identity Center's roles, whose sessions are named after its users (IAM Identity Center user guide, "IAM roles
created by IAM Identity Center"). Only AWS can modify such a role (AWS re:Post, "Cannot perform the operation on the protected role").
AWS does not document that nobody else can create one, so everybody who may create roles in the account is trusted (docs/decisions/0026)."""

NAME: Final = r"[A-Za-z0-9_+=,.@-]"
"""Characters in names of users, roles and sessions (IAM API reference, CreateUser and CreateRole; STS, AssumeRole)."""

UNIQUE_ID: Final = r"[A-Z0-9]{12,124}"
"""The part of a unique id after its prefix; a unique id has 16 to 128 characters (IAM API reference, User and Role)."""

_ARN: Final = rf"arn:(?P<partition>{'|'.join(PARTITIONS)}):"
_USER: Final = re.compile(rf"{_ARN}iam::\d{{12}}:user/(?:[\x21-\x7e]*/)?{NAME}{{1,64}}")
_SESSION: Final = re.compile(
    rf"{_ARN}sts::(?P<account>\d{{12}}):assumed-role/(?P<role>{NAME}{{1,64}})/(?P<session>[^/:*?\s]{{1,64}})"
)
_USER_ID: Final = re.compile(f"AIDA{UNIQUE_ID}")
_SESSION_ID: Final = re.compile(rf"(?P<role_id>AROA{UNIQUE_ID}):(?P<session>.+)")

_USE_INSTEAD: Final = (
    "Sign with the credentials of an IAM user, of an IAM Identity Center sign-in, or of a role that you assume."
)


class PrincipalKind(StrEnum):
    """The kinds of principals that may own jobs. Every other kind is rejected."""

    IAM_USER = "iam_user"
    """An IAM user, identified by its unique id."""
    IDENTITY_CENTER_SESSION = "identity_center_session"
    """Somebody who signed in through IAM Identity Center, identified by the role and the session name, which Identity Center sets."""
    LISTED_ROLE_SESSION = "listed_role_session"
    """A session of a role in `session_name_roles`, identified by the role and the session name."""
    ROLE = "role"
    """Any other role. Its session name does not count, because whoever assumes the role chooses it."""


@dataclass(frozen=True)
class Principal:
    """Who signed a request."""

    kind: PrincipalKind
    principal_id: str
    """The identity: the unique id of a user or a role, or that of a role with a session name that its bearer cannot choose."""
    display: str
    """What people recognize it by."""
    names: tuple[str, ...]
    """Everything that an operator may write to name this principal: its ARN and unique id, and for a session those of its role."""

    def is_among(self, named: Collection[str]) -> bool:
        """Whether an operator's list names this principal."""
        return any(name in named for name in self.names)


def identify_principal(*, user_arn: str, unique_id: str, session_name_roles: Collection[str]) -> Principal:
    """Return the principal that API Gateway verified.

    Parameters
    ----------
    user_arn
        `requestContext.identity.userArn`.
    unique_id
        `requestContext.identity.user`: `AIDA…` for a user, `AROA…:session` for a role's session.
    session_name_roles
        ARNs of the roles whose session names the operator trusts.

    Raises
    ------
    NotAllowedError
        If a principal of this kind may not own jobs, or API Gateway sent no unique id.
    """
    if _USER.fullmatch(user_arn):
        return _user(user_arn, unique_id)
    if session := _SESSION.fullmatch(user_arn):
        return _session(session, unique_id, session_name_roles)
    raise NotAllowedError(f"You are {user_arn}, {_kind_of(user_arn)}, which cannot own jobs. {_USE_INSTEAD}")


def _user(user_arn: str, unique_id: str) -> Principal:
    if not _USER_ID.fullmatch(unique_id):
        raise _without_id(user_arn)
    # The display name is constant, because a user can be renamed and keeps the unique id.
    return Principal(PrincipalKind.IAM_USER, unique_id, "user", (user_arn, unique_id))


def _session(arn: re.Match[str], unique_id: str, session_name_roles: Collection[str]) -> Principal:
    identified = _SESSION_ID.fullmatch(unique_id)
    if identified is None or identified["session"] != arn["session"]:
        raise _without_id(arn[0])
    role_arn = f"arn:{arn['partition']}:iam::{arn['account']}:role/{arn['role']}"
    role_names = (role_arn, identified["role_id"])
    if arn["role"].startswith(IDENTITY_CENTER):
        return Principal(PrincipalKind.IDENTITY_CENTER_SESSION, unique_id, arn["session"], (arn[0], *role_names))
    if role_arn in session_name_roles:
        return Principal(PrincipalKind.LISTED_ROLE_SESSION, unique_id, arn["session"], (arn[0], *role_names))
    return Principal(PrincipalKind.ROLE, identified["role_id"], arn["role"], role_names)


def _kind_of(user_arn: str) -> str:
    if user_arn.endswith(":root"):
        return "the root user of an account"
    if ":federated-user/" in user_arn:
        return "a federated user, whose name the caller of GetFederationToken chose"
    return "a kind of principal that the scheduler does not support"


def _without_id(user_arn: str) -> NotAllowedError:
    return NotAllowedError(
        f"API Gateway sent no unique id for {user_arn}, so the scheduler cannot identify your jobs. {_USE_INSTEAD}"
    )
