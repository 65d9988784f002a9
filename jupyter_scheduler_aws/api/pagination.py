"""Pagination: request the pages of a list until there is no further one."""

from collections.abc import Callable, Iterator
from typing import Protocol, TypeVar

from jupyter_scheduler_aws.api.transport import Query

__all__ = ["iterate_pages", "page_query"]


class _Page(Protocol):
    @property
    def next_token(self) -> str | None: ...


P = TypeVar("P", bound=_Page)


def page_query(max_items: int, next_token: str | None) -> Query:
    """Return the query parameters of a page."""
    return [("max_items", str(max_items))] + ([("next_token", next_token)] if next_token else [])


def iterate_pages(get_page: Callable[[str | None], P]) -> Iterator[P]:
    """Yield pages. `get_page` requests the page after a token, or the first one."""
    page = get_page(None)
    yield page
    while page.next_token:
        page = get_page(page.next_token)
        yield page
