"""Decide whether a notebook can run.

The service (`chalicelib/domain/snapshots/notebook.py`) and the runner (`runner_container/runner/notebook_rules.py`) have the same rules;
`tests/support/notebook_forms.py` holds all three to one list of notebooks.
"""

import itertools
import json
from collections.abc import Iterator
from typing import Any, Final

__all__ = ["find_notebook_problem"]

_FORMATS: Final = (2, 3, 4)
_OLD_FORMATS: Final = (2, 3)
"""Formats with worksheets, before 2015. nbformat upgrades them."""

_MAX_CELLS: Final = 100_000
"""How many cells and worksheets a notebook may have: the service has only seconds to check them."""

_CELL_TYPES: Final = ("code", "markdown", "raw")
_OLD_CELL_TYPES: Final = ("code", "heading", "html", "markdown", "raw")

_TOO_MANY_CELLS: Final = f"cannot run: it has more than {_MAX_CELLS:,} cells"


def find_notebook_problem(content: bytes) -> str | None:
    """Return why a notebook cannot run, to continue a sentence that begins with its name; None if it can, perhaps after a repair by the runner."""
    try:
        return _find_problem(_parse_json(content.decode("utf-8-sig")))
    except UnicodeDecodeError:
        return "is not a notebook: it is not UTF-8 text"
    except (ValueError, RecursionError):
        return "is not a notebook: it is not JSON"


def _parse_json(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        raise
    except ValueError:  # an integer of more than 4,300 digits, which Python does not convert
        return json.loads(text, parse_int=float)


def _find_problem(notebook: Any) -> str | None:
    if not isinstance(notebook, dict):
        return "is not a notebook: it is not a JSON object"
    version = notebook.get("nbformat")
    if isinstance(version, bool) or version not in _FORMATS:
        return "is not a notebook of the formats 2, 3 and 4: check its nbformat"
    numbers = itertools.count(1)
    if version not in _OLD_FORMATS:
        return _find_problem_of_cells(notebook.get("cells"), _CELL_TYPES, numbers)
    worksheets = notebook.get("worksheets")
    return _find_problem_of_worksheets(worksheets if isinstance(worksheets, list) else [None], numbers)


def _find_problem_of_worksheets(worksheets: list[Any], numbers: Iterator[int]) -> str | None:
    for worksheet in worksheets:
        if not isinstance(worksheet, dict):
            return "is not a notebook: its worksheets are not a list of objects"
        if next(numbers) > _MAX_CELLS:
            return _TOO_MANY_CELLS
        if problem := _find_problem_of_cells(worksheet.get("cells"), _OLD_CELL_TYPES, numbers):
            return problem
    return None


def _find_problem_of_cells(cells: Any, types: tuple[str, ...], numbers: Iterator[int]) -> str | None:
    """Check cells; `numbers` counts them, in all worksheets."""
    if not isinstance(cells, list):
        return "is not a notebook: its cells are not a list"
    for number, cell in enumerate(cells, start=1):
        if not isinstance(cell, dict):
            return f"cannot run: cell {number} is not an object"
        if next(numbers) > _MAX_CELLS:
            return _TOO_MANY_CELLS
        if cell.get("cell_type") not in types:
            return f"cannot run: the cell_type of cell {number} is none of {', '.join(types)}"
        key = "input" if types is _OLD_CELL_TYPES and cell["cell_type"] == "code" else "source"
        if not _is_text(cell.get(key)):
            return f"cannot run: the {key} of cell {number} is not text"
    return None


def _is_text(value: Any) -> bool:
    """Check for text. It can be missing, and a list of strings is text in lines."""
    if isinstance(value, list):
        return all(isinstance(line, str) for line in value)
    return value is None or isinstance(value, str)
