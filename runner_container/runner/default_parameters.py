"""Which parameters a notebook has: the variables that its cell with the tag `parameters` assigns."""

import ast
import warnings

from nbformat import NotebookNode

__all__ = ["assigned_names", "find_parameters_cell"]


def find_parameters_cell(notebook: NotebookNode) -> NotebookNode | None:
    """Return the first cell with the tag `parameters`, after which papermill inserts the values; None if there is none."""
    return next((cell for cell in notebook.cells if "parameters" in (cell.metadata.get("tags") or ())), None)


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
