"""Check the principals that an operator names in `scheduler.toml` when the stack is synthesized. Errors explain what to write instead.

A name must equal one of `Principal.names`. It cannot be a pattern, contain the path of a role (which the ARN of a session does not
contain), or be a name that its bearer chooses.
"""

import re
from collections.abc import Collection, Iterable
from typing import Final

from chalicelib.domain.authorization.principal import IDENTITY_CENTER, NAME, PARTITIONS, UNIQUE_ID

__all__ = [
    "check_principal_name",
    "check_role_arn",
    "check_session_name_role",
    "check_session_names",
    "check_task_role_arn",
    "check_unique",
]

_EXAMPLE: Final = "arn:aws:iam::123456789012"
_ROLE_EXAMPLE: Final = f"write a role's ARN, as in {_EXAMPLE}:role/analysts"
_WRITE: Final = f"write the ARN of an IAM user ({_EXAMPLE}:user/anna) or of a role ({_EXAMPLE}:role/analysts), or a unique id (AIDA…, AROA…)"
_ARN: Final = re.compile(r"arn:(?P<partition>[^:]*):(?P<service>[^:]*):[^:]*:(?P<account>[^:]*):(?P<resource>.*)")
_UNIQUE_ID: Final = re.compile(f"(?:AIDA|AROA){UNIQUE_ID}")
_OTHER_ID: Final = re.compile(r"(?P<prefix>A[A-Z]{3})[A-Z0-9]{12,}(?::.*)?")
_RESOURCE: Final = re.compile(rf"(?P<kind>user|role)/(?P<path>(?:[\x21-\x7e]*/)?)(?P<name>{NAME}{{1,64}})")
_SESSION: Final = re.compile(rf"assumed-role/(?P<role>{NAME}{{1,64}})/(?P<session>{NAME}{{2,64}})")

_NOT_PRINCIPALS: Final = {
    "root": "you cannot name a whole account or its root user: name its users or roles, each by its ARN",
    "policy": "it is a policy, which signs no requests: name the users or roles that have it",
    "group": "requests do not contain the groups of a user: name the group's users, or a role that they assume",
    "instance-profile": "it is an instance profile: name its role",
    "federated-user": "the caller of GetFederationToken chooses this name: let these people assume a role, and name the role",
    "saml-provider": "it is an identity provider: name the role that its people assume",
    "oidc-provider": "it is an identity provider: name the role that its people assume",
}
"""Entities of IAM that have ARNs but sign no requests."""

_NOT_IDS: Final = {
    "AKIA": "it is the id of an access key: name the user who owns the key",
    "ASIA": "it is the id of a temporary access key: name the user or the role",
    "AGPA": _NOT_PRINCIPALS["group"],
    "AIPA": _NOT_PRINCIPALS["instance-profile"],
    "ANPA": _NOT_PRINCIPALS["policy"],
    "AROA": "a session has no id: write its ARN, or the role's id without the session name",
}
"""Prefixes of other ids (IAM user guide, "Understanding unique ID prefixes")."""


def check_principal_name(text: str) -> str:
    """Check and return the name of an admin or a user of an environment.

    The ARN of a session passes; `check_session_names` decides whether the session names of its role can be trusted.

    Raises
    ------
    ValueError
        If no request can come from this principal, or anybody could choose the name. The message explains what to write instead.
    """
    _check_text(text, _WRITE)
    if _UNIQUE_ID.fullmatch(text):
        return text
    if other := _OTHER_ID.fullmatch(text):
        raise _error(text, _NOT_IDS.get(other["prefix"], _WRITE))
    resource = _resource_of(text, _WRITE)
    if _SESSION.fullmatch(resource) and ":sts::" in text:
        return text
    _check_entity(text, resource, ("user", "role"), _WRITE)
    return text


def check_role_arn(text: str) -> str:
    """Check and return the ARN of a role without its path.

    Raises
    ------
    ValueError
        If it is not one. The message explains what to write instead.
    """
    _check_text(text, _ROLE_EXAMPLE)
    _check_entity(text, _resource_of(text, _ROLE_EXAMPLE), ("role",), _ROLE_EXAMPLE)
    return text


def check_session_name_role(text: str) -> str:
    """Check and return the ARN of a role whose session names the operator trusts.

    Raises
    ------
    ValueError
        If it is not the ARN of a role, or the session names of this role are always trusted.
    """
    check_role_arn(text)
    if _role_name(text).startswith(IDENTITY_CENTER):
        raise _error(
            text, "IAM Identity Center sets the session names of this role, so they are always trusted: remove it"
        )
    return text


def check_task_role_arn(text: str) -> str:
    """Check and return the ARN of a role for tasks, with its path if it has one.

    Raises
    ------
    ValueError
        If it is not one. The message explains what to write instead.
    """
    _check_text(text, _ROLE_EXAMPLE)
    matched = _RESOURCE.fullmatch(_resource_of(text, _ROLE_EXAMPLE))
    if matched is None or matched["kind"] != "role" or ":iam::" not in text:
        raise _error(text, f"it is not the ARN of a role; {_ROLE_EXAMPLE}")
    return text


def check_session_names(names: Iterable[str], session_name_roles: Collection[str]) -> None:
    """Check that no named session can choose its own name.

    Raises
    ------
    ValueError
        If the callers of a session's role choose the session name.
    """
    for name in names:
        arn = _ARN.fullmatch(name)
        session = _SESSION.fullmatch(arn["resource"]) if arn else None
        if arn is None or session is None or session["role"].startswith(IDENTITY_CENTER):
            continue
        role_arn = f"arn:{arn['partition']}:iam::{arn['account']}:role/{session['role']}"
        if role_arn not in session_name_roles:
            raise _error(
                name,
                f"everybody who assumes this role can choose this session name: name the role, {role_arn},"
                " or list the role in ownership.session_name_roles if something that you trust sets the session names",
            )


def check_unique(values: tuple[str, ...]) -> tuple[str, ...]:
    """Return the values after checking that each occurs once.

    Raises
    ------
    ValueError
        If a value occurs twice.
    """
    if duplicates := sorted({value for value in values if values.count(value) > 1}):
        raise ValueError(f"{', '.join(duplicates)} is listed twice")
    return values


def _check_text(text: str, write: str) -> None:
    if not text.strip():
        raise ValueError(f"an empty string names nobody; {write}")
    if text != text.strip():
        raise _error(text, "it starts or ends with a space; remove the space")
    if "*" in text or "?" in text:
        raise _error(text, f"patterns are not supported, name each principal separately; {write}")
    if re.fullmatch(r"\d{12}", text):
        raise _error(text, _NOT_PRINCIPALS["root"])


def _resource_of(text: str, write: str) -> str:
    """Return the resource part of an ARN of IAM or STS."""
    arn = _ARN.fullmatch(text)
    if arn is None:
        raise _error(text, f"it is not an ARN, and the same name can exist in several accounts; {write}")
    if arn["partition"] not in PARTITIONS:
        raise _error(text, f"there is no partition {arn['partition']!r}; choose one of {', '.join(PARTITIONS)}")
    kind = arn["resource"].partition("/")[0]
    if arn["service"] in ("iam", "sts") and kind in _NOT_PRINCIPALS:
        raise _error(text, _NOT_PRINCIPALS[kind])
    if not re.fullmatch(r"\d{12}", arn["account"]):
        raise _error(text, f"{arn['account']!r} is not an account id of 12 digits")
    return arn["resource"]


def _check_entity(text: str, resource: str, kinds: Collection[str], write: str) -> None:
    matched = _RESOURCE.fullmatch(resource)
    if matched is None or matched["kind"] not in kinds or ":iam::" not in text:
        raise _error(text, f"it is not the ARN of a {' or '.join(kinds)}; {write}")
    if matched["kind"] == "role" and matched["path"]:
        without_path = text.replace(f"role/{matched['path']}", "role/", 1)
        raise _error(text, f"requests do not contain the path of a role; write {without_path}")


def _role_name(role_arn: str) -> str:
    return role_arn.rpartition("/")[2]


def _error(text: str, problem: str) -> ValueError:
    return ValueError(f"{text!r}: {problem}")
