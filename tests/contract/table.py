"""The table of differences in docs/compatibility.md, parsed as rules for requests, fields and values."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from tests.contract.comparing import Difference
from tests.docs.documents import table_rows

__all__ = ["DOCUMENT", "Row", "read_table", "rows_of"]

DOCUMENT: Final = "docs/compatibility.md"
_HEAD: Final = ["request", "what", "stock", "here", "reason"]
_CODE: Final = re.compile(r"`([^`]+)`")

_KINDS: Final = {
    "a number": r"-?\d+",
    "a text": r'".*',
    "a list": r"\[.*",
    "an object": r"\{.*",
    "a time": r'"<time>"',
    "an error": r"[45]\d\d",
}
"""Words for values in the table. Other values are in backticks, with `*` for any text."""


@dataclass(frozen=True)
class Row:
    """One row of the table."""

    cells: tuple[str, ...]

    def covers(self, request: str, difference: Difference) -> bool:
        """Check whether the row covers a difference."""
        found = (request, difference.field, difference.stock, difference.here)
        return all(_matches(cell, value) for cell, value in zip(self.cells, found, strict=False))

    def idle_parts(self, differences: Sequence[tuple[str, Difference]]) -> list[str]:
        """Return the requests and fields of the row that match no difference; all of them if the row covers none."""
        covered = [(request, each.field) for request, each in differences if self.covers(request, each)]
        return [
            part
            for column, cell in enumerate(self.cells[:2])
            for part in _CODE.findall(cell)
            if not any(_matches(f"`{part}`", found[column]) for found in covered)
        ]

    @property
    def problem(self) -> str | None:
        """Return what is wrong with the row itself; None if it is valid."""
        request, what, stock, here, reason = self.cells
        if not reason:
            return "it gives no reason"
        if any(not _patterns(cell) for cell in (request, what, stock, here)):
            return "a cell has neither a value in backticks nor a word for one"
        if _is_anything(what) or (_is_anything(stock) and _is_anything(here)):
            return "it stands for anything"
        return None

    def __str__(self) -> str:
        return " | ".join(self.cells)


def rows_of(cells: list[list[str]]) -> list[Row]:
    """Return the rows of the only table with this head."""
    start = cells.index(_HEAD) + 2
    rows = []
    for row in cells[start:]:
        if len(row) != len(_HEAD):
            break
        rows.append(Row(tuple(row)))
    return rows


def read_table() -> list[Row]:
    """Parse the table in the document."""
    return rows_of(table_rows(DOCUMENT))


def _patterns(cell: str) -> list[str]:
    words = [pattern for word, pattern in _KINDS.items() if re.search(rf"\b{word}\b", _CODE.sub("", cell))]
    return words + [".*".join(map(re.escape, text.split("*"))) for text in _CODE.findall(cell)]


def _matches(cell: str, value: str) -> bool:
    return any(re.fullmatch(pattern, value, re.DOTALL) for pattern in _patterns(cell))


def _is_anything(cell: str) -> bool:
    return ".*" in _patterns(cell)
