"""Owners over HTTP, for admins."""

from chalicelib.domain.authorization.ownership import Caller
from chalicelib.factory import factory
from chalicelib.routes.authorization import caller_of
from chalicelib.routes.blueprint import ApiBlueprint
from chalicelib.routes.models.owner_requests import UpdateOwnerBody
from chalicelib.routes.models.owner_responses import OwnerPageResponse, OwnerResponse, describe_owner, owner_page
from chalicelib.routes.models.query_strings import page_query
from chalicelib.routes.request_body import parse_body

__all__ = ["owners"]

owners = ApiBlueprint(__name__)


@owners.route("/scheduler/owners", methods=["GET"])
def list_owners() -> OwnerPageResponse:
    """List everybody who has created jobs or definitions, for admins.

    To list the definitions of an owner, use `GET /scheduler/job_definitions?owner_id=`.
    """
    max_items, next_token = page_query(owners.current_request.query_params)
    return owner_page(factory().owners.page(max_items=max_items, next_token=next_token))


@owners.route("/scheduler/owners/{owner_id}", methods=["GET"])
def get_owner(owner_id: str) -> OwnerResponse:
    """Describe an owner, for admins."""
    return describe_owner(factory().owners.get(owner_id))


@owners.route("/scheduler/owners/{owner_id}", methods=["PATCH"])
def update_owner(owner_id: str) -> None:
    """Disable or enable an owner, for admins.

    Within a minute, every route responds to a disabled owner with 403 `owner_disabled`. The owner's definitions create no jobs, and waiting
    jobs end. Running jobs continue until somebody stops them.
    """
    body = parse_body(UpdateOwnerBody, owners.current_request.raw_body)
    factory().owners.set_disabled(_caller(), owner_id, disabled=body.disabled, reason=body.reason or "")


def _caller() -> Caller:
    return caller_of(owners.current_request, factory().settings.ownership)
