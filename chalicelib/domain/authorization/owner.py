"""An owner as the service remembers one: who it is, since when, and whether it is disabled."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from chalicelib.domain.authorization.actor import Actor
from chalicelib.errors import OwnerDisabledError

__all__ = ["LONGEST_REASON", "SEEN_AGAIN_AFTER", "Disabling", "Owner", "refuse_disabled"]

SEEN_AGAIN_AFTER: Final = timedelta(days=1)
"""How often a process writes down that an owner is still there: `last_seen` is exact to a day."""

LONGEST_REASON: Final = 200
"""Characters of the reason for disabling an owner: it becomes part of messages."""


@dataclass(frozen=True)
class Disabling:
    """That an owner is disabled: by whom, since when, and why."""

    by: Actor
    reason: str
    """For people; may be empty."""

    @property
    def text(self) -> str:
        """Say it in half a sentence."""
        because = f": {self.reason}" if self.reason else ""
        return f"disabled since {self.by.time:%Y-%m-%d %H:%M} UTC by {self.by.arn}{because}"


@dataclass(frozen=True)
class Owner:
    """Somebody who has created jobs or definitions."""

    owner_id: str
    principal: str
    """What the owner id was made of."""
    arn: str
    """The ARN that was last verified for it."""
    first_seen: datetime
    """When it first created something."""
    last_seen: datetime
    """When it last created something, exact to `SEEN_AGAIN_AFTER`."""
    disabled: Disabling | None = None


def refuse_disabled(owner_id: str, disabling: Disabling | None) -> None:
    """Refuse what a disabled owner asks for, or what is asked for in its name.

    Raises
    ------
    OwnerDisabledError
        If it is disabled.
    """
    if disabling is not None:
        raise OwnerDisabledError(f"The owner {owner_id} is {disabling.text}. Ask an admin to enable it.")
