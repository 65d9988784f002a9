"""Models of owners. Times are aware datetimes in UTC."""

from dataclasses import dataclass, field
from datetime import datetime

from jupyter_scheduler_aws.api.documents import Document, Model
from jupyter_scheduler_aws.api.job_models import Actor

__all__ = ["Disabling", "Owner", "OwnerPage"]


@dataclass(frozen=True, kw_only=True)
class Disabling(Model):
    """Who disabled an owner, and why."""

    by: Actor
    reason: str = ""
    """May be empty."""


@dataclass(frozen=True, kw_only=True)
class Owner(Model):
    """Somebody who has created jobs or definitions."""

    owner_id: str
    arn: str
    """The identity that AWS last verified for them."""
    first_seen: datetime
    """When they first created something."""
    last_seen: datetime
    """When they last created something, exact to a day."""
    disabled: Disabling | None = None
    document: Document = field(repr=False, compare=False)
    """The whole document from the API."""


@dataclass(frozen=True, kw_only=True)
class OwnerPage(Model):
    """One page of the list of owners."""

    owners: tuple[Owner, ...]
    next_token: str | None = None
    """Requests the next page; None at the end."""
