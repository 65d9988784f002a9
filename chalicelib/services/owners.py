"""Owners: remembered when they create something, listed, disabled and enabled by admins."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from chalicelib.domain.authorization.actor import Actor
from chalicelib.domain.authorization.owner import LAST_SEEN_INTERVAL, Disabling, Owner, check_not_disabled
from chalicelib.domain.authorization.ownership import Caller
from chalicelib.errors import ConflictError, NotFoundError
from chalicelib.services.clock import Clock
from chalicelib.storage.owner_table import OwnerPage, OwnerTable

__all__ = ["REMEMBERED_FOR", "OwnerService"]

REMEMBERED_FOR: Final = timedelta(seconds=60)
"""How long a process of the API remembers who is disabled. Ticks and dispatch read it anew each time."""


@dataclass(frozen=True)
class _Memory:
    """Who was disabled at an instant."""

    disabled: Mapping[str, Disabling]
    read_at: datetime


class OwnerService:
    """Keeps owners.

    Parameters
    ----------
    owners
        The owners table.
    clock
        Tells the time.
    """

    def __init__(self, *, owners: OwnerTable, clock: Clock) -> None:
        self._owners = owners
        self._clock = clock
        self._memory: _Memory | None = None
        self._noted: dict[str, datetime] = {}

    def check(self, owner_id: str) -> None:
        """Refuse a disabled owner, by what this process remembers: at most one AWS call in `REMEMBERED_FOR`.

        Raises
        ------
        OwnerDisabledError
            If the owner is disabled.
        """
        now = self._clock()
        if self._memory is None or not timedelta(0) <= now - self._memory.read_at < REMEMBERED_FOR:
            self._memory = _Memory(self._owners.disabled(), now)
        check_not_disabled(owner_id, self._memory.disabled.get(owner_id))

    def note(self, caller: Caller) -> None:
        """Note that an owner creates something: one AWS call a day and process."""
        now, last = self._clock(), self._noted.get(caller.owner_id)
        if last is None or now - last >= LAST_SEEN_INTERVAL:
            self._owners.note(caller, now)
            self._noted[caller.owner_id] = now

    def page(self, *, max_items: int, next_token: str | None) -> OwnerPage:
        """List owners.

        Raises
        ------
        InvalidRequestError
            If the token is none of ours.
        """
        return self._owners.page(max_items=max_items, next_token=next_token)

    def get(self, owner_id: str) -> Owner:
        """Look at an owner.

        Raises
        ------
        NotFoundError
            If nobody of that id has created anything.
        """
        owner = self._owners.get(owner_id)
        if owner is None:
            raise NotFoundError.for_owner(owner_id)
        return owner

    def set_disabled(self, caller: Caller, owner_id: str, *, disabled: bool, reason: str) -> None:
        """Disable or enable an owner, as an admin. One that is disabled already keeps who did it, when and why.

        Raises
        ------
        NotFoundError
            If nobody of that id has created anything.
        ConflictError
            If an admin would disable themself.
        """
        owner = self.get(owner_id)
        if disabled and owner_id == caller.owner_id:
            raise ConflictError("You would disable yourself, and could not undo it. Ask another admin.")
        if disabled and owner.disabled is None:
            by = Actor(caller.owner_id, caller.arn, self._clock())
            self._owners.disable(owner_id, Disabling(by, " ".join(reason.split())))
        elif not disabled:
            self._owners.enable(owner_id)
        self._memory = None
