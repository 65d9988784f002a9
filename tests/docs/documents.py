"""What the tests of documents share: the repository's root and a reader of Markdown tables."""

import re
from pathlib import Path
from typing import Final

__all__ = ["ROOT", "table_rows"]

ROOT: Final = Path(__file__).parents[2]

_ROW: Final = re.compile(r"^\|(.+)\|$", re.MULTILINE)


def table_rows(document: str) -> list[list[str]]:
    """Read every row of every table of a document, heads and rules included, as lists of cells."""
    text = (ROOT / document).read_text(encoding="utf-8")
    return [[cell.strip() for cell in row.split("|")] for row in _ROW.findall(text)]
