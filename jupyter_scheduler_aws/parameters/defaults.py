"""Which parameters a notebook has: the variables that its cell with the tag `parameters` assigns."""

import ast
import json
import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

__all__ = ["NotebookParameters", "assigned_names", "read_notebook_parameters"]

_LANGUAGES: Final = {"python": re.compile(r"python[0-9.]*"), "R": re.compile(r"ir"), "bash": re.compile(r"bash")}
"""The usual names of kernels, for notebooks that name no language."""


@dataclass(frozen=True)
class NotebookParameters:
    """What a notebook shows about its parameters."""

    language: str | None = None
    """None if it names none that is known."""
    has_cell: bool = True
    """Whether a cell has the tag."""
    names: frozenset[str] | None = None
    """The names that this cell assigns; None if that cannot be known."""


def read_notebook_parameters(content: bytes) -> NotebookParameters:
    """Read which parameters a notebook has. If it is not a notebook of format 4, nothing is known.

    Parameters
    ----------
    content
        The content of its file.
    """
    try:
        notebook = json.loads(content)
        cells = [cell for cell in notebook["cells"] if "parameters" in _tags(cell)]
        language = _language(notebook.get("metadata"))
        source = cells[0].get("source", "") if cells else ""
        is_python = language is not None and language.lower() == "python"
        names = assigned_names("".join(source)) if cells and is_python else None
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return NotebookParameters()
    return NotebookParameters(language, bool(cells), names)


def assigned_names(source: str) -> frozenset[str] | None:
    """Return the names that Python code assigns, or None if that cannot be known: magics, syntax errors, `import *`.

    Parameters
    ----------
    source
        The source of the cell.
    """
    try:
        with warnings.catch_warnings(action="ignore"):
            tree = ast.parse(source)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return None
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, ast.alias):
            if node.name == "*":
                return None
            names.add(node.asname or node.name.partition(".")[0])
    return frozenset(names)


def _tags(cell: Mapping[str, Any]) -> Any:
    return cell.get("metadata", {}).get("tags") or ()


def _language(metadata: Any) -> str | None:
    spec = metadata.get("kernelspec") or {}
    named = spec.get("language") or (metadata.get("language_info") or {}).get("name")
    if isinstance(named, str):
        return named
    name = str(spec.get("name") or "")
    return next((language for language, pattern in _LANGUAGES.items() if pattern.fullmatch(name)), None)
