"""Read the notebook."""

import logging

import nbformat
from nbformat import NotebookNode

from runner.errors import RunProblemError
from runner.exit_codes import Code
from runner.outcomes import clean_text
from runner.papermill_without_stores import version

__all__ = ["read_notebook"]

_LOG = logging.getLogger(__name__)


def read_notebook(data: bytes, filename: str) -> NotebookNode:
    """Read a notebook of any format that Jupyter knows, as version 4, with the metadata that papermill needs.

    Parameters
    ----------
    data
        The content of the file. papermill's own reader opens the path, which a kernel that runs already could have replaced.
    filename
        Its name, for messages.

    Raises
    ------
    RunProblemError
        `input_problem`, if it is not a notebook.
    """
    try:
        notebook: NotebookNode = nbformat.v4.upgrade(nbformat.reads(data.decode("utf-8"), as_version=4))  # type: ignore[no-untyped-call]
        _add_papermill_metadata(notebook)
        types = [cell.cell_type for cell in notebook.cells]
    except Exception as error:  # nbformat raises KeyError, TypeError, ValueError and its own errors on odd JSON
        reason = clean_text(str(error), limit=300) or type(error).__name__
        raise RunProblemError(Code.INPUT_PROBLEM, f"{filename} is not a Jupyter notebook: {reason}") from error
    _LOG.info("%s: %d cells, %d with code", filename, len(types), types.count("code"))
    return notebook


def _add_papermill_metadata(notebook: NotebookNode) -> None:
    """Add what `papermill.iorw.load_notebook_node` adds."""
    if "papermill" not in notebook.metadata:
        empty: dict[str, object] = {"default_parameters": {}, "parameters": {}, "environment_variables": {}}
        notebook.metadata["papermill"] = {**empty, "version": version}
    for cell in notebook.cells:
        for name, value in (("tags", []), ("papermill", {})):
            if name not in cell.metadata:
                cell.metadata[name] = value
