"""What the service says of owners, typed. Times are aware datetimes in UTC."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Self

from jupyter_scheduler_aws.api.job_models import Actor

__all__ = ["Disabling", "Owner", "OwnerPage"]

Document = Mapping[str, Any]
"""A JSON object."""


@dataclass(frozen=True, kw_only=True)
class Disabling:
    """That an owner is disabled."""

    by: Actor
    reason: str
    """May be empty."""

    @classmethod
    def from_document(cls, document: Document) -> Self:
        """Read the API's form."""
        return cls(by=Actor.from_document(document["by"]), reason=document.get("reason") or "")


@dataclass(frozen=True, kw_only=True)
class Owner:
    """Somebody who has created jobs or definitions."""

    owner_id: str
    arn: str
    """The identity that AWS last verified for it."""
    first_seen: datetime
    """When it first created something."""
    last_seen: datetime
    """When it last created something, exact to a day."""
    disabled: Disabling | None
    document: Document = field(repr=False, compare=False)
    """All of it as the API gave it."""

    @classmethod
    def from_document(cls, document: Document) -> Self:
        """Read the API's form."""
        disabled = document.get("disabled")
        return cls(
            owner_id=document["owner_id"],
            arn=document["arn"],
            first_seen=datetime.fromtimestamp(document["first_seen"] / 1000, UTC),
            last_seen=datetime.fromtimestamp(document["last_seen"] / 1000, UTC),
            disabled=Disabling.from_document(disabled) if disabled else None,
            document=document,
        )


@dataclass(frozen=True, kw_only=True)
class OwnerPage:
    """A part of the list of owners."""

    owners: tuple[Owner, ...]
    next_token: str | None
    """Asks for the next part; None at the end."""

    @classmethod
    def from_document(cls, document: Document) -> Self:
        """Read the API's form."""
        owners = tuple(Owner.from_document(each) for each in document["owners"])
        return cls(owners=owners, next_token=document.get("next_token"))
