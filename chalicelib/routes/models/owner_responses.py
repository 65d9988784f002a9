"""Answers about owners: their models, and what makes them."""

from typing import NotRequired

from typing_extensions import TypedDict

from chalicelib.domain.authorization.owner import Owner
from chalicelib.domain.timestamps import to_millis
from chalicelib.routes.models.job_response_builders import describe_actor
from chalicelib.routes.models.job_responses import ActorResponse
from chalicelib.storage.owner_table import OwnerPage

__all__ = ["DisablingResponse", "OwnerPageResponse", "OwnerResponse", "describe_owner", "owner_page"]


class DisablingResponse(TypedDict):
    """That an owner is disabled."""

    by: ActorResponse
    """The admin who did it."""
    reason: str
    """Why; may be empty."""


class OwnerResponse(TypedDict):
    """Somebody who has created jobs or definitions."""

    owner_id: str
    """What `owner_id=` takes."""
    principal: str
    """The user or role behind the owner."""
    arn: str
    """The identity that AWS last verified for it."""
    first_seen: int
    """When it first created something [ms UTC]."""
    last_seen: int
    """When it last created something, exact to a day [ms UTC]."""
    disabled: DisablingResponse | None
    """Who disabled it, and why; null if it is enabled."""


class OwnerPageResponse(TypedDict):
    """A page of owners, in the order of their ids."""

    owners: list[OwnerResponse]
    """The owners."""
    next_token: NotRequired[str]
    """Asks for the next page; absent on the last."""


def describe_owner(owner: Owner) -> OwnerResponse:
    """Describe an owner."""
    disabled = owner.disabled
    return {
        "owner_id": owner.owner_id,
        "principal": owner.principal,
        "arn": owner.arn,
        "first_seen": to_millis(owner.first_seen),
        "last_seen": to_millis(owner.last_seen),
        "disabled": {"by": describe_actor(disabled.by), "reason": disabled.reason} if disabled else None,
    }


def owner_page(page: OwnerPage) -> OwnerPageResponse:
    """Describe a page of owners."""
    response: OwnerPageResponse = {"owners": [describe_owner(each) for each in page.owners]}
    if page.next_token:
        response["next_token"] = page.next_token
    return response
