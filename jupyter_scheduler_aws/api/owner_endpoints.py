"""What admins ask the service about owners."""

from collections.abc import Iterator
from urllib.parse import quote

from jupyter_scheduler_aws.api.job_endpoints import Api
from jupyter_scheduler_aws.api.owner_models import Owner, OwnerPage
from jupyter_scheduler_aws.api.response_models import read_response

__all__ = ["OwnerApi"]


class OwnerApi(Api):
    """The requests about owners; for admins only."""

    def list_owners(self, *, page_size: int = 100) -> Iterator[Owner]:
        """Go through everybody who has created something, in the order of their ids, asking for more as they are used up."""
        token: str | None = None
        while True:
            query = [("max_items", str(page_size))] + ([("next_token", token)] if token else [])
            page = read_response(OwnerPage.from_document, self.transport.call("GET", "/owners", query=query))
            yield from page.owners
            if not (token := page.next_token):
                return

    def get_owner(self, owner_id: str) -> Owner:
        """Describe an owner."""
        return read_response(Owner.from_document, self.transport.call("GET", _owner(owner_id)))

    def disable_owner(self, owner_id: str, *, reason: str = "") -> None:
        """Keep an owner from doing anything more; jobs that run go on.

        Parameters
        ----------
        owner_id
            The owner.
        reason
            What whoever is refused reads.
        """
        self.transport.call("PATCH", _owner(owner_id), body={"disabled": True, "reason": reason})

    def enable_owner(self, owner_id: str) -> None:
        """Let an owner do everything again."""
        self.transport.call("PATCH", _owner(owner_id), body={"disabled": False})


def _owner(owner_id: str) -> str:
    return f"/owners/{quote(owner_id, safe='')}"
