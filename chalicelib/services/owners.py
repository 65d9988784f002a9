"""Owners: recorded when they create something; listed, disabled and enabled by admins."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from chalicelib.domain.authorization.actor import Actor
from chalicelib.domain.authorization.owner import SEEN_AGAIN_AFTER, Disabling, Owner, refuse_disabled
from chalicelib.domain.authorization.ownership import Caller
from chalicelib.errors import ConflictError, NotFoundError
from chalicelib.services.clock import Clock
from chalicelib.storage.owner_table import OwnerPage, OwnerTable

__all__ = ["CACHE_TIME", "OwnerService"]

CACHE_TIME: Final = timedelta(seconds=60)
"""How long a process of the API caches who is disabled. Ticks and dispatch read it each time."""


@dataclass(frozen=True)
class _Cache:
    """Who was disabled when it was read."""

    disabled: Mapping[str, Disabling]
    read_at: datetime


@dataclass(kw_only=True)
class OwnerService:
    """Records owners, lists them, and disables and enables them."""

    owners: OwnerTable
    clock: Clock
    _cache: _Cache | None = field(default=None, init=False)
    _noted: dict[str, datetime] = field(default_factory=dict, init=False)

    def check(self, owner_id: str) -> None:
        """Refuse a disabled owner, with at most one AWS call every `CACHE_TIME`.

        Raises
        ------
        OwnerDisabledError
            If the owner is disabled.
        """
        now = self.clock()
        if self._cache is None or not timedelta(0) <= now - self._cache.read_at < CACHE_TIME:
            self._cache = _Cache(self.owners.disabled(), now)
        refuse_disabled(owner_id, self._cache.disabled.get(owner_id))

    def note(self, caller: Caller) -> None:
        """Record that an owner creates something: one AWS call a day and process."""
        now, last = self.clock(), self._noted.get(caller.owner_id)
        if last is None or now - last >= SEEN_AGAIN_AFTER:
            self.owners.note(caller, now)
            self._noted[caller.owner_id] = now

    def page(self, *, max_items: int, next_token: str | None) -> OwnerPage:
        """List owners.

        Raises
        ------
        InvalidRequestError
            If the token was not made by this API.
        """
        return self.owners.page(max_items=max_items, next_token=next_token)

    def get(self, owner_id: str) -> Owner:
        """Read an owner.

        Raises
        ------
        NotFoundError
            If nobody with this id has created anything.
        """
        owner = self.owners.get(owner_id)
        if owner is None:
            raise NotFoundError.for_owner(owner_id)
        return owner

    def set_disabled(self, caller: Caller, owner_id: str, *, disabled: bool, reason: str) -> None:
        """Disable or enable an owner, as an admin. If it is disabled already, who did it, when and why stay the same.

        Raises
        ------
        NotFoundError
            If nobody with this id has created anything.
        ConflictError
            If an admin tries to disable themself.
        """
        owner = self.get(owner_id)
        if disabled and owner_id == caller.owner_id:
            raise ConflictError("You cannot disable yourself, because you could not undo it. Ask another admin.")
        if disabled and owner.disabled is None:
            disabled_by = Actor(caller.owner_id, caller.arn, self.clock())
            self.owners.disable(owner_id, Disabling(disabled_by, " ".join(reason.split())))
        elif not disabled:
            self.owners.enable(owner_id)
        self._cache = None
