"""Pagination of lists: one Query for a page if no filter drops rows, else at most four; one more for the total; never a scan."""

from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from pynamodb.expressions.condition import Condition
from pynamodb.models import Model
from pynamodb.pagination import ResultIterator

from chalicelib.domain.list_query import MAX_RESPONSE_BYTES, ListPlan, PageToken, response_bytes

__all__ = ["PageReader", "PageRequest", "RowPage", "count_page"]

_MOST_QUERIES: Final = 4
"""After this many Queries a filtered list returns a short page and a token."""

_FILTERED_PAGE: Final = 500
"""Rows read at a time if a filter may drop most of them."""

_LONGEST_COUNTED_PAGE: Final = 100
"""Only lists that a person looks at page by page get a total before their last page; who reads whole lists need not pay for it."""

_MOST_COUNTED: Final = 1000
"""Rows that are read to count what follows a page; DynamoDB reads fewer if they have more than 1 MiB (docs/decisions/0059)."""

_MOST_REMEMBERED: Final = 10_000
"""Lists that a process remembers as too long: about 2 MB."""

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
    """Rows of the list; None if they were not counted (docs/decisions/0059)."""


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
        self._too_long: set[tuple[str, str | None]] = set()

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
                if size > MAX_RESPONSE_BYTES:
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
        after = PageToken(plan.index.name, *position, seen + len(kept))
        return RowPage(kept, after.encode(), self._total(request, after))

    def _total(self, request: PageRequest, after: PageToken) -> int | None:
        """Count the rows that follow a page, with one Query, and add those before; None if it does not reach the end of the list.

        A list that was too long is not counted again by this process, in whatever order: it has the same rows in each.
        """
        plan, counted = request.plan, (request.hash_value, request.plan.prefix)
        if plan.filters or request.max_items > _LONGEST_COUNTED_PAGE or counted in self._too_long:
            return None
        rows = self._model.query(
            request.hash_value,
            self._range_condition(plan),
            request.condition,
            index_name=plan.index.name,
            scan_index_forward=plan.ascending,
            limit=_MOST_COUNTED,
            last_evaluated_key=self._start_key(request, after),
            attributes_to_get=["owner_id"],
        )
        page = next(rows.page_iter)
        if page.get("LastEvaluatedKey") is None:
            return after.seen + int(page["Count"])
        if len(self._too_long) < _MOST_REMEMBERED:
            self._too_long.add(counted)
        return None

    def _query(self, request: PageRequest, start: Any) -> tuple[list[tuple[_Row, int]], Any]:
        """Make one Query; return its rows, each with its size in a response, and where it ended (None at the end of the list)."""
        plan = request.plan
        pages = self._model.query(
            request.hash_value,
            self._range_condition(plan),
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

    def _range_condition(self, plan: ListPlan) -> Condition | None:
        range_attribute = getattr(self._model, plan.index.range_attribute)
        return range_attribute.startswith(plan.prefix) if plan.prefix else None

    def _start_key(self, request: PageRequest, token: PageToken) -> dict[str, dict[str, str]]:
        index = request.plan.index
        key = {
            "owner_id": request.owner_id,
            self._id: token.item_id,
            index.hash_attribute: request.hash_value,
            index.range_attribute: token.range_key,
        }
        return {name: {"S": value} for name, value in key.items()}
