"""Helpers for tests of documents: the repository's root, and readers of Markdown tables and headings."""

import re
from pathlib import Path
from typing import Final

__all__ = ["ROOT", "anchors", "table_rows"]

ROOT: Final = Path(__file__).parents[2]

_HEADING: Final = re.compile(r"^#+ (.+?)\s*$", re.MULTILINE)
_ROW: Final = re.compile(r"^\|(.+)\|$", re.MULTILINE)


def table_rows(document: str) -> list[list[str]]:
    """Return the rows of all tables of a document, including header and delimiter rows, as lists of cells."""
    text = (ROOT / document).read_text(encoding="utf-8")
    return [[cell.strip() for cell in row.split("|")] for row in _ROW.findall(text)]


def anchors(document: Path) -> set[str]:
    """Return the anchors that GitHub generates for a document's headings."""
    headings = _HEADING.findall(document.read_text(encoding="utf-8"))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
