"""Tables without lines: lists that fit the terminal, and the details of one thing."""

from collections.abc import Iterable, Sequence
from typing import Final

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from jupyter_scheduler_aws.cli.formatting import safe_line, safe_text

__all__ = ["MEDIUM", "WIDE", "details_grid", "fitted_table", "plain_table"]

WIDE: Final = 120
"""Columns of a terminal that has room for all cells of a list."""

MEDIUM: Final = 96
"""Columns of a terminal that has room for one cell more than the minimum."""

_GAP: Final = 2
"""Columns between two cells."""

_MIN_NAME: Final = 8
"""Columns that a name gets at least."""


def fitted_table(headings: Sequence[str], rows: Sequence[Sequence[Text]], names: Sequence[str], *, width: int) -> Table:
    """Return a table whose last column, the names, is cut to fit the terminal.

    Parameters
    ----------
    headings, rows
        The columns before the names. They are never cut; cells without a heading are left out.
    names
        One for each row.
    width
        Columns of the terminal.
    """
    table = Table(box=None, padding=(0, _GAP // 2), pad_edge=False, header_style="bold")
    columns = list(zip(headings, *(row[: len(headings)] for row in rows), strict=True))
    for heading in headings:
        table.add_column(heading, no_wrap=True)
    used = sum(max(map(len, column)) + _GAP for column in columns)
    table.add_column("NAME", no_wrap=True, overflow="ellipsis", max_width=max(_MIN_NAME, width - used))
    for row, name in zip(rows, names, strict=True):
        table.add_row(*row[: len(headings)], safe_line(name))
    return table


def plain_table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> Table:
    """Return a table whose cells wrap."""
    table = Table(*headings, box=None, padding=(0, 1), pad_edge=False, header_style="bold")
    for column in table.columns:
        column.overflow = "fold"
    table.columns[0].no_wrap = True
    for row in rows:
        table.add_row(*map(safe_line, row))
    return table


def details_grid(rows: Iterable[tuple[str, RenderableType | None]]) -> Table:
    """Return labels with values. Rows without a value are left out."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    for label, value in rows:
        if value:
            grid.add_row(label, safe_text(value) if isinstance(value, str) else value)
    return grid
