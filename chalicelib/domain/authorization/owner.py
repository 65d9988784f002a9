"""Owners as the service stores them: identity, first and last use, and whether they are disabled."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from chalicelib.domain.authorization.actor import Actor
from chalicelib.errors import OwnerDisabledError

__all__ = ["LAST_SEEN_INTERVAL", "MAX_REASON_CHARACTERS", "Disabling", "Owner", "check_not_disabled"]

LAST_SEEN_INTERVAL: Final = timedelta(days=1)
"""How often a process updates `last_seen`, which is therefore accurate to a day."""

MAX_REASON_CHARACTERS: Final = 200
"""Longest reason for disabling an owner, in characters. It becomes part of messages."""


@dataclass(frozen=True)
class Disabling:
    """Who disabled an owner, when and why."""

    by: Actor
    reason: str
    """The reason for people to read; may be empty."""

    @property
    def text(self) -> str:
        """A description to insert into a sentence."""
        reason = f": {self.reason}" if self.reason else ""
        return f"disabled since {self.by.time:%Y-%m-%d %H:%M} UTC by {self.by.arn}{reason}"


@dataclass(frozen=True)
class Owner:
    """Somebody who has created jobs or definitions."""

    owner_id: str
    principal: str
    """The principal that the owner id was made from."""
    arn: str
    """The ARN that was verified last for this owner."""
    first_seen: datetime
    """When the owner first created something."""
    last_seen: datetime
    """When the owner last created something, accurate to `LAST_SEEN_INTERVAL`."""
    disabled: Disabling | None = None


def check_not_disabled(owner_id: str, disabling: Disabling | None) -> None:
    """Check that an owner is not disabled, for a request by the owner or on their behalf.

    Raises
    ------
    OwnerDisabledError
        If the owner is disabled.
    """
    if disabling is not None:
        raise OwnerDisabledError(f"The owner {owner_id} is {disabling.text}. Ask an admin to enable this owner.")
