"""Compares two answers to one request, field by field."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

__all__ = ["ABSENT", "Difference", "Response", "compare", "shown"]

ABSENT: Final = "absent"
"""How a field that is not there is shown; null is shown as null."""

_IDENTITIES: Final = ("job_id", "job_definition_id", "file_format", "name")
"""Fields that say which row of a list is which; the first that every row has."""

_LONGEST: Final = 160
"""Characters of a value that are shown, and compared with the table."""


@dataclass(frozen=True)
class Response:
    """What a server said, with everything replaced that must differ: ids, times, names of environments."""

    status: int
    content_type: str | None
    body: Any
    """Decoded JSON; text where it is not JSON; None if there is none."""

    @property
    def is_success(self) -> bool:
        """Whether the request was done."""
        return self.status < 300


@dataclass(frozen=True)
class Difference:
    """One difference between two answers."""

    field: str
    """`status code`, `content-type`, or a path into the body such as `jobs[].url`; `… order` and `… rows` are about lists."""
    stock: str
    here: str

    def __str__(self) -> str:
        return f"{self.field}: stock {self.stock}, here {self.here}"


def compare(stock: Response, here: Response) -> list[Difference]:
    """List the differences; where one succeeds and the other does not, only the status is compared."""
    status = _of_values("status code", stock.status, here.status)
    if stock.is_success != here.is_success:
        return status
    return [
        *status,
        *_of_values("content-type", stock.content_type, here.content_type),
        *_of_documents("", stock.body, here.body),
    ]


def shown(value: object) -> str:
    """Show a value: compact JSON, not too long."""
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
