"""Wire models of requests about owners."""

from typing import Annotated

from pydantic import StringConstraints

from chalicelib.domain.authorization.owner import MAX_REASON_CHARACTERS
from chalicelib.routes.models.request_fields import Body

__all__ = ["UpdateOwnerBody"]


class UpdateOwnerBody(Body):
    """`PATCH /scheduler/owners/{owner_id}`: disable or enable an owner."""

    disabled: bool
    """Whether to disable the owner."""
    reason: Annotated[str, StringConstraints(max_length=MAX_REASON_CHARACTERS)] | None = None
    """Why; the people who are refused can read it."""
