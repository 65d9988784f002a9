"""docs/costs.md: its tables add up, and the idle bill is what it promises."""

import re
from decimal import Decimal

import pytest

from tests.docs.documents import table_rows


def tables_with_sums() -> list[list[list[str]]]:
    """Cut the document's rows into tables that end with a sum."""
    tables: list[list[list[str]]] = [[]]
    for row in table_rows("docs/costs.md"):
        if set(row[0]) <= set("- "):
            tables.append([])
        tables[-1].append(row)
        if "sum" in row[0]:
            tables.append([])
    return [table[1:] for table in tables if table and "sum" in table[-1][0]]


def amount(cell: str) -> Decimal | None:
    match = re.fullmatch(r"\**\$(\d+\.\d+)\**", cell)
    return Decimal(match[1]) if match else None


@pytest.mark.parametrize("table", tables_with_sums(), ids=["idle", "job"])
def test_columns_add_up(table: list[list[str]]) -> None:
    *items, sums = table
    totals = {column: total for column, cell in enumerate(sums) if (total := amount(cell)) is not None}
    assert totals
    for column, total in totals.items():
        assert sum(amount(row[column]) or Decimal() for row in items) == total


def test_idle_bill_is_under_two_dollars() -> None:
    *_, sums = tables_with_sums()[0]
    assert (amount(sums[3]) or Decimal("inf")) < 2
