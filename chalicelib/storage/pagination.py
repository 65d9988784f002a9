"""Pagination of lists: one Query for a page if no filter drops rows, else at most four; never a scan."""

from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from pynamodb.expressions.condition import Condition
from pynamodb.models import Model
from pynamodb.pagination import ResultIterator

from chalicelib.domain.list_query import MOST_RESPONSE_BYTES, ListPlan, PageToken, response_bytes

__all__ = ["PageReader", "PageRequest", "RowPage", "count_page"]

_MOST_QUERIES: Final = 4
"""After this many Queries a filtered list returns a short page and a token."""

_FILTERED_PAGE: Final = 500
"""Rows read at a time if a filter may drop most of them."""

_Row = TypeVar("_Row", bound=Model)


def count_page(rows: ResultIterator[Any]) -> int:
    """Count the rows of one Query; pynamodb's own `count` reads all pages, whatever its limit."""
    return int(next(rows.page_iter)["Count"])


@dataclass(frozen=True)
class PageRequest:
    """What to read."""

    plan: ListPlan
    owner_id: str
    hash_value: str
    """Value of the hash key of the plan's index."""
    condition: Condition | None
    """The filter that drops rows."""
    max_items: int
    next_token: str | None


@dataclass(frozen=True)
class RowPage(Generic[_Row]):
    """One page of items."""

    rows: tuple[_Row, ...]
    next_token: str | None
    total: int | None
    """Known on the last page only."""


class PageReader(Generic[_Row]):
    """Reads pages of one table.

    Parameters
    ----------
    model
        The table's bound model.
    id_attribute
        The table's range key.
    """

    def __init__(self, model: type[_Row], id_attribute: str) -> None:
        self._model = model
        self._id = id_attribute

    def read(self, request: PageRequest) -> RowPage[_Row]:
        """Read one page.

        Raises
        ------
        InvalidRequestError
            If the token was not made by this API, or for another list.
        """
        plan, wanted = request.plan, request.max_items
        token = PageToken.decode(request.next_token, plan) if request.next_token else None
        seen = token.seen if token else 0
        start = self._start_key(request, token) if token else None
        rows: list[_Row] = []
        size = 0
        for _ in range(_MOST_QUERIES):
            found, start = self._query(request, start)
            for row, row_bytes in found:
                size += row_bytes
                if size > MOST_RESPONSE_BYTES:
                    wanted = min(wanted, max(1, len(rows)))
                rows.append(row)
            if start is None or len(rows) > wanted:
                break
        kept = tuple(rows[:wanted])
        if len(rows) >= wanted and (start is not None or len(rows) > wanted):
            position = getattr(rows[wanted - 1], plan.index.range_attribute), getattr(rows[wanted - 1], self._id)
        elif start is not None:
            position = start[plan.index.range_attribute]["S"], start[self._id]["S"]
        else:
            return RowPage(kept, None, seen + len(kept))
        return RowPage(kept, PageToken(plan.index.name, *position, seen + len(kept)).encode(), None)

    def _query(self, request: PageRequest, start: Any) -> tuple[list[tuple[_Row, int]], Any]:
        """Make one Query; return its rows, each with its size in a response, and where it ended (None at the end of the list)."""
        plan = request.plan
        range_attribute = getattr(self._model, plan.index.range_attribute)
        pages = self._model.query(
            request.hash_value,
            range_attribute.startswith(plan.prefix) if plan.prefix else None,
            request.condition,
            consistent_read=plan.index.name is None,
            index_name=plan.index.name,
            scan_index_forward=plan.ascending,
            page_size=max(_FILTERED_PAGE, request.max_items + 1) if plan.filters else request.max_items + 1,
            last_evaluated_key=start,
        ).page_iter
        page = next(pages)
        rows = [(self._model.from_raw_data(raw), response_bytes(raw)) for raw in page["Items"]]
        return rows, page.get("LastEvaluatedKey")

    def _start_key(self, request: PageRequest, token: PageToken) -> dict[str, dict[str, str]]:
        index = request.plan.index
        key = {
            "owner_id": request.owner_id,
            self._id: token.item_id,
            index.hash_attribute: request.hash_value,
            index.range_attribute: token.range_key,
        }
        return {name: {"S": value} for name, value in key.items()}
