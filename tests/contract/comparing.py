"""Compare two responses to one request, field by field."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

__all__ = ["ABSENT", "Difference", "Response", "compare", "shown"]

ABSENT: Final = "absent"
"""How a missing field is shown; null is shown as null."""

_IDENTITIES: Final = ("job_id", "job_definition_id", "file_format", "name")
"""Fields that identify the rows of a list; the first one that every row has is used."""

_LONGEST: Final = 160
"""The number of characters of a value that are shown and compared with the table."""


@dataclass(frozen=True)
class Response:
    """The response of a server, with everything replaced that must differ: ids, times, names of environments."""

    status: int
    content_type: str | None
    body: Any
    """The decoded JSON; text if it is not JSON; None if there is no body."""

    @property
    def is_success(self) -> bool:
        """Whether the request succeeded."""
        return self.status < 300


@dataclass(frozen=True)
class Difference:
    """One difference between two responses."""

    field: str
    """`status code`, `content-type`, or a path into the body such as `jobs[].url`; `… order` and `… rows` refer to lists."""
    stock: str
    here: str

    def __str__(self) -> str:
        return f"{self.field}: stock {self.stock}, here {self.here}"


def compare(stock: Response, here: Response) -> list[Difference]:
    """List the differences. If only one request succeeds, compare only the status."""
    status = _of_values("status code", stock.status, here.status)
    if stock.is_success != here.is_success:
        return status
    return [
        *status,
        *_of_values("content-type", stock.content_type, here.content_type),
        *_of_documents("", stock.body, here.body),
    ]


def shown(value: object) -> str:
    """Format a value as compact, truncated JSON."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _of_values(field: str, stock: object, here: object) -> list[Difference]:
    # JSON's true is not 1, and 1 is not 1.0.
    same = json.dumps(stock, sort_keys=True) == json.dumps(here, sort_keys=True)
    return [] if same else [Difference(field, shown(stock), shown(here))]


def _of_documents(field: str, stock: Any, here: Any) -> Iterator[Difference]:
    if isinstance(stock, Mapping) and isinstance(here, Mapping):
        yield from _of_objects(field, stock, here)
    elif isinstance(stock, list) and isinstance(here, list) and _are_tables(stock, here):
        yield from _of_tables(field, stock, here)
    else:
        yield from _of_values(field or "body", stock, here)


def _of_objects(field: str, stock: Mapping[str, Any], here: Mapping[str, Any]) -> Iterator[Difference]:
    for name in sorted(stock.keys() | here.keys()):
        path = f"{field}.{name}" if field else name
        if name not in stock:
            yield Difference(path, ABSENT, shown(here[name]))
        elif name not in here:
            yield Difference(path, shown(stock[name]), ABSENT)
        else:
            yield from _of_documents(path, stock[name], here[name])


def _are_tables(stock: Sequence[Any], here: Sequence[Any]) -> bool:
    rows = [*stock, *here]
    return bool(rows) and all(isinstance(row, Mapping) for row in rows)


def _of_tables(field: str, stock: Sequence[Any], here: Sequence[Any]) -> Iterator[Difference]:
    identity = next((name for name in _IDENTITIES if all(name in row for row in [*stock, *here])), None)
    if identity is None:
        yield from _of_values(f"{field}[]", stock, here)
        return
    theirs, ours = ([row[identity] for row in rows] for rows in (stock, here))
    common = [each for each in theirs if each in ours]
    if sorted(map(str, theirs)) != sorted(map(str, ours)):
        yield Difference(f"{field} rows", shown(theirs), shown(ours))
    elif theirs != ours:
        yield Difference(f"{field} order", shown(theirs), shown(ours))
    for each in common:
        pair = (next(row for row in rows if row[identity] == each) for rows in (stock, here))
        yield from _of_documents(f"{field}[]", *pair)
