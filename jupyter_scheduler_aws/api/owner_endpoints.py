"""The API's endpoints for owners, for admins: one method each."""

from collections.abc import Iterator
from urllib.parse import quote

from jupyter_scheduler_aws.api.documents import read_response
from jupyter_scheduler_aws.api.job_endpoints import Api
from jupyter_scheduler_aws.api.owner_models import Owner, OwnerPage
from jupyter_scheduler_aws.api.pagination import iterate_pages, page_query

__all__ = ["OwnerApi"]


class OwnerApi(Api):
    """Endpoints for owners; for admins only."""

    def list_owners(self, *, page_size: int = 100) -> Iterator[Owner]:
        """Iterate over everybody who has created something, ordered by id, page by page."""

        def get_page(next_token: str | None) -> OwnerPage:
            document = self.transport.call("GET", "/owners", query=page_query(page_size, next_token))
            return read_response(OwnerPage.from_document, document)

        return (owner for page in iterate_pages(get_page) for owner in page.owners)

    def get_owner(self, owner_id: str) -> Owner:
        """Describe an owner."""
        return read_response(Owner.from_document, self.transport.call("GET", _owner(owner_id)))

    def disable_owner(self, owner_id: str, *, reason: str = "") -> None:
        """Disable an owner: every request of theirs is refused. Running jobs continue.

        Parameters
        ----------
        owner_id
            The owner.
        reason
            Shown to the owner with each refusal.
        """
        self.transport.call("PATCH", _owner(owner_id), body={"disabled": True, "reason": reason})

    def enable_owner(self, owner_id: str) -> None:
        """Enable an owner again."""
        self.transport.call("PATCH", _owner(owner_id), body={"disabled": False})


def _owner(owner_id: str) -> str:
    return f"/owners/{quote(owner_id, safe='')}"
