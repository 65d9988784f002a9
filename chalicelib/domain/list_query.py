"""Lists and pagination: which index serves a query, and where the next page starts."""

import base64
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Self

from chalicelib.domain.job import JobStatus
from chalicelib.errors import InvalidRequestError

__all__ = [
    "DEFAULT_MAX_ITEMS",
    "INDEXES",
    "MAX_RESPONSE_BYTES",
    "SORTABLE_DEFINITIONS",
    "SORTABLE_JOBS",
    "DefinitionQuery",
    "JobQuery",
    "ListIndex",
    "ListPlan",
    "PageToken",
    "SortField",
    "parse_sort",
    "plan_definitions",
    "plan_list",
    "response_bytes",
]

DEFAULT_MAX_ITEMS: Final = 1000
"""The default of the stock scheduler. A page ends earlier if DynamoDB's limit of 1 MiB per Query ends it."""

MAX_RESPONSE_BYTES: Final = 5 * 1024 * 1024
"""Largest page, measured as JSON within JSON: a function's response has at most 6,291,556 bytes (AWS Lambda Developer Guide, "Lambda
quotas") and carries its body as a string, in which a control character takes 7 bytes and a quotation mark 4."""

_MAX_KEY_BYTES: Final = 1024
"""Longest range key that DynamoDB accepts."""

_SORT: Final = re.compile(r"^(?P<direction>asc|desc)?\(?(?P<name>[^()]+)\)?$", re.IGNORECASE)


@dataclass(frozen=True)
class ListIndex:
    """The source of a list: the table itself, or one of its indexes."""

    name: str | None
    """Name of the global secondary index; None for the table, which is read consistently."""
    hash_attribute: str
    range_attribute: str


INDEXES: Final[Mapping[str, ListIndex]] = {
    "create_time": ListIndex(None, "owner_id", "job_id"),
    "name": ListIndex("by_name", "owner_id", "name_key"),
    "input_filename": ListIndex("by_input_filename", "owner_id", "input_filename_key"),
    "status": ListIndex("by_status", "owner_id", "status_key"),
    "job_definition_id": ListIndex("by_definition", "definition_key", "job_id"),
}
"""The index for each sort field of jobs, and for the jobs of one definition."""

_DEFINITION_INDEXES: Final[Mapping[str, ListIndex]] = {
    "create_time": ListIndex(None, "owner_id", "definition_id"),
    "name": ListIndex("by_name", "owner_id", "name_key"),
    "input_filename": ListIndex("by_input_filename", "owner_id", "input_filename_key"),
}
"""The index for each sort field of definitions."""


@dataclass(frozen=True)
class SortField:
    """One field to sort by."""

    name: str
    ascending: bool


@dataclass(frozen=True)
class JobQuery:
    """Which jobs to list."""

    status: JobStatus | None = None
    name: str | None = None
    """Prefix of the name."""
    tags: tuple[str, ...] = ()
    """A match has all of them."""
    start_time: datetime | None = None
    """Started at this instant or later."""
    job_definition_id: str | None = None
    sort: SortField = SortField("create_time", ascending=False)
    max_items: int = DEFAULT_MAX_ITEMS
    next_token: str | None = None


@dataclass(frozen=True)
class DefinitionQuery:
    """Which definitions to list."""

    name: str | None = None
    """Prefix of the name."""
    tags: tuple[str, ...] = ()
    """A match has all of them."""
    create_time: datetime | None = None
    """Created at this instant or later."""
    sort: SortField = SortField("create_time", ascending=False)
    max_items: int = DEFAULT_MAX_ITEMS
    next_token: str | None = None


@dataclass(frozen=True)
class ListPlan:
    """How to read a query: one index, one direction, and filters for the rest."""

    index: ListIndex
    ascending: bool
    prefix: str | None = None
    """Prefix of the range key."""
    filters: frozenset[str] = frozenset()
    """Fields of the query that the index does not cover."""


SORTABLE_JOBS: Final = tuple(name for name in INDEXES if name != "job_definition_id")
"""Fields that jobs can be sorted by."""

SORTABLE_DEFINITIONS: Final = tuple(_DEFINITION_INDEXES)
"""Fields that definitions can be sorted by."""


def parse_sort(texts: Sequence[str], sortable: Sequence[str]) -> SortField:
    """Parse `sort_by`. Only the first field counts; ties are sorted by creation in the same direction.

    Raises
    ------
    InvalidRequestError
        If a list cannot be sorted by a field.
    """
    fields = [_parse_sort_field(text, sortable) for text in texts]
    return fields[0] if fields else SortField("create_time", ascending=False)


def _parse_sort_field(text: str, sortable: Sequence[str]) -> SortField:
    match = _SORT.match(text.strip())
    name = match["name"].strip() if match else text
    if match is None or name not in sortable:
        raise InvalidRequestError.for_field(
            "sort_by", f"{text!r} cannot be sorted by; use asc(FIELD) or desc(FIELD) with {', '.join(sortable)}."
        )
    return SortField(name, ascending=(match["direction"] or "asc").lower() == "asc")


def plan_list(query: JobQuery) -> ListPlan:
    """Choose the index for a query of jobs. The queries that the panel sends need no filter."""
    filters = {name for name in ("status", "name", "tags", "start_time", "job_definition_id") if getattr(query, name)}
    by_creation = query.sort.name == "create_time"
    if "job_definition_id" in filters and by_creation:
        return ListPlan(
            INDEXES["job_definition_id"], query.sort.ascending, None, frozenset(filters - {"job_definition_id"})
        )
    if "status" in filters and (by_creation or query.sort.name == "status"):
        prefix = f"{query.status}#"
        return ListPlan(INDEXES["status"], query.sort.ascending, prefix, frozenset(filters - {"status"}))
    if "name" in filters and query.sort.name == "name":
        return ListPlan(INDEXES["name"], query.sort.ascending, query.name, frozenset(filters - {"name"}))
    return ListPlan(INDEXES[query.sort.name], query.sort.ascending, None, frozenset(filters))


def plan_definitions(query: DefinitionQuery) -> ListPlan:
    """Choose the index for a query of definitions."""
    filters = {name for name in ("name", "tags", "create_time") if getattr(query, name)}
    index, ascending = _DEFINITION_INDEXES[query.sort.name], query.sort.ascending
    if "name" in filters and query.sort.name == "name":
        return ListPlan(index, ascending, query.name, frozenset(filters - {"name"}))
    return ListPlan(index, ascending, None, frozenset(filters))


def response_bytes(value: object) -> int:
    """Return the number of bytes that a value takes in a function's response."""
    return len(json.dumps(json.dumps(value)))


@dataclass(frozen=True)
class PageToken:
    """Where the next page starts; opaque to clients. It contains no owner, because the owner always comes from the caller."""

    index: str | None
    range_key: str
    item_id: str
    seen: int
    """Rows on the pages before, so that the last page can report the total."""

    def encode(self) -> str:
        """Encode it for the wire."""
        text = json.dumps([self.index, self.range_key, self.item_id, self.seen], separators=(",", ":"))
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    @classmethod
    def decode(cls, text: str, plan: ListPlan) -> Self:
        """Decode a token.

        Raises
        ------
        InvalidRequestError
            If this service did not make it, or it belongs to a list with another order or filter.
        """
        try:
            index, range_key, item_id, seen = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        except (ValueError, TypeError, RecursionError):
            index, range_key, item_id, seen = None, None, None, None
        if not (_is_key(range_key) and _is_key(item_id) and isinstance(seen, int) and seen >= 0):
            raise InvalidRequestError.for_unknown_token()
        if index != plan.index.name or (plan.prefix and not range_key.startswith(plan.prefix)):
            raise InvalidRequestError.for_field(
                "next_token", "it belongs to a list with another order or filter; start again without it."
            )
        return cls(index, range_key, item_id, seen)


def _is_key(value: object) -> bool:
    """Check whether DynamoDB accepts a value as a key: a string, not empty, not too long, without lone surrogates."""
    if not isinstance(value, str):
        return False
    try:
        return 0 < len(value.encode()) <= _MAX_KEY_BYTES
    except UnicodeEncodeError:
        return False
