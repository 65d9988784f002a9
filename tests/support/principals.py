"""Callers of every kind, as API Gateway identifies them."""

from typing import Final

from chalicelib.config import SchedulerSettings
from tests.support.http_api import ANNA
from tests.support.scheduler import settings

__all__ = ["ADMINS", "NO_OWNERS", "USERS", "settings_with_admins"]

_STS: Final = "arn:aws:sts::123456789012"
_IAM: Final = "arn:aws:iam::123456789012"
_SSO: Final = "AWSReservedSSO_DataScience_0123456789abcdef"
NAMED_ADMINS: Final = (f"{_IAM}:user/ada", f"{_IAM}:role/operators", f"{_STS}:assumed-role/{_SSO}/ada@example.com")

USERS: Final = {
    "IAM user": ANNA,
    "Identity Center session": f"{_STS}:assumed-role/{_SSO}/anna@example.com",
    "session of a listed role": f"{_STS}:assumed-role/hub/anna",
    "session of another role": f"{_STS}:assumed-role/analysts/anna",
    "session named like an admin": f"{_STS}:assumed-role/analysts/ada",
    "user of another account": "arn:aws:iam::999999999999:user/anna",
    "role of another account named like an admin's": "arn:aws:sts::999999999999:assumed-role/operators/ada",
}
ADMINS: Final = {
    "IAM user": NAMED_ADMINS[0],
    "session of an admins' role": f"{_STS}:assumed-role/operators/anything",
    "Identity Center session": NAMED_ADMINS[2],
}
NO_OWNERS: Final = {
    "federated user": f"{_STS}:federated-user/ada",
    "root user": f"{_IAM}:root",
    "root session": f"{_STS}:assumed-root/ada",
    "root user of another account": "arn:aws:iam::999999999999:root",
    "something new": f"{_STS}:assumed-robot/ada",
}


def settings_with_admins() -> SchedulerSettings:
    """Name the admins, and one role whose session names are trusted."""
    return settings(ownership={"admins": NAMED_ADMINS, "session_name_roles": (f"{_IAM}:role/hub",)})
