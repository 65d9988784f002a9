"""The owners table: who has created something, and who is disabled."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from pynamodb.exceptions import DeleteError

from chalicelib.domain.authorization.owner import Disabling, Owner
from chalicelib.domain.authorization.ownership import Caller
from chalicelib.errors import InvalidRequestError
from chalicelib.storage.actor_codec import actor_from_json, actor_to_json
from chalicelib.storage.aws_errors import CONDITION_FAILED, error_code, raises_aws_errors
from chalicelib.storage.items import OwnerItem

__all__ = ["OwnerPage", "OwnerTable"]

_OWNER: Final = "owner"
_DISABLED: Final = "disabled"
_TOKEN: Final = re.compile(r"[a-z0-9-]{1,100}")


@dataclass(frozen=True)
class OwnerPage:
    """One page of owners."""

    owners: tuple[Owner, ...]
    next_token: str | None


@raises_aws_errors
class OwnerTable:
    """Reads and writes owners, always consistently."""

    def __init__(self, model: type[OwnerItem]) -> None:
        self._model = model

    def note(self, caller: Caller, now: datetime) -> None:
        """Record that an owner has been seen; the first time is kept."""
        model = self._model
        model(_OWNER, caller.owner_id).update(
            actions=[
                model.principal.set(caller.principal.principal_id),
                model.arn.set(caller.arn),
                model.first_seen.set(model.first_seen | now),
                model.last_seen.set(now),
            ]
        )

    def get(self, owner_id: str) -> Owner | None:
        """Read an owner; None if it has never created anything."""
        try:
            item = self._model.get(_OWNER, owner_id, consistent_read=True)
        except self._model.DoesNotExist:
            return None
        return _to_owner(item, self.disabling(owner_id))

    def page(self, *, max_items: int, next_token: str | None) -> OwnerPage:
        """List owners by their ids: one Query for the page, and one for the disabled owners.

        Raises
        ------
        InvalidRequestError
            If the token was not made by this API.
        """
        start = _start_key(next_token) if next_token else None
        response = self._model.query(_OWNER, consistent_read=True, limit=max_items, last_evaluated_key=start)
        items, disabled = list(response), self.disabled()
        owners = tuple(_to_owner(item, disabled.get(item.owner_id)) for item in items)
        more = response.last_evaluated_key and owners
        return OwnerPage(owners, owners[-1].owner_id if more else None)

    def disable(self, owner_id: str, disabling: Disabling) -> None:
        """Disable an owner; a repeated call replaces who did it, when and why."""
        self._model(_DISABLED, owner_id, by=actor_to_json(disabling.by), reason=disabling.reason or None).save()

    def enable(self, owner_id: str) -> bool:
        """Enable an owner; False if it was not disabled."""
        try:
            self._model(_DISABLED, owner_id).delete(condition=self._model.owner_id.exists())
        except DeleteError as error:
            if error_code(error) != CONDITION_FAILED:
                raise
            return False
        return True

    def disabling(self, owner_id: str) -> Disabling | None:
        """Read by whom and why an owner is disabled; None if it is enabled."""
        try:
            return _to_disabling(self._model.get(_DISABLED, owner_id, consistent_read=True))
        except self._model.DoesNotExist:
            return None

    def disabled(self) -> dict[str, Disabling]:
        """Read every disabled owner, with one Query."""
        items = self._model.query(_DISABLED, consistent_read=True)
        return {item.owner_id: _to_disabling(item) for item in items}


def _to_owner(item: OwnerItem, disabling: Disabling | None) -> Owner:
    return Owner(item.owner_id, item.principal, item.arn, item.first_seen, item.last_seen, disabling)


def _to_disabling(item: OwnerItem) -> Disabling:
    return Disabling(actor_from_json(item.by), item.reason or "")


def _start_key(token: str) -> dict[str, dict[str, str]]:
    """Parse a token: the id of the last owner on the previous page."""
    if not _TOKEN.fullmatch(token):
        raise InvalidRequestError.for_unknown_token()
    return {"kind": {"S": _OWNER}, "owner_id": {"S": token}}
