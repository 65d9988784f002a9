"""Responses about owners: models, and the functions that build them."""

from typing import NotRequired

from typing_extensions import TypedDict

from chalicelib.domain.authorization.owner import Owner
from chalicelib.routes.models.job_responses import ActorResponse
from chalicelib.routes.models.responses import build_response
from chalicelib.storage.owner_table import OwnerPage

__all__ = ["DisablingResponse", "OwnerPageResponse", "OwnerResponse", "describe_owner", "owner_page"]


class DisablingResponse(TypedDict):
    """Who disabled an owner, and why."""

    by: ActorResponse
    """The admin who disabled the owner."""
    reason: str
    """Why; can be empty."""


class OwnerResponse(TypedDict):
    """Somebody who has created jobs or definitions."""

    owner_id: str
    """The value for `owner_id=` in requests."""
    principal: str
    """The user or role behind the owner."""
    arn: str
    """The identity that AWS last verified for the owner."""
    first_seen: int
    """When the owner first created something [ms UTC]."""
    last_seen: int
    """When the owner last created something, exact to a day [ms UTC]."""
    disabled: DisablingResponse | None
    """Who disabled the owner, and why; null if the owner is enabled."""


class OwnerPageResponse(TypedDict):
    """A page of owners, in the order of their ids."""

    owners: list[OwnerResponse]
    """The owners."""
    next_token: NotRequired[str]
    """Token for the next page; absent on the last page."""


def describe_owner(owner: Owner) -> OwnerResponse:
    """Return the description of an owner."""
    return build_response(OwnerResponse, owner)


def owner_page(page: OwnerPage) -> OwnerPageResponse:
    """Return a page of owners."""
    response: OwnerPageResponse = {"owners": [describe_owner(owner) for owner in page.owners]}
    if page.next_token:
        response["next_token"] = page.next_token
    return response
