"""Read the notebook."""

import logging

import nbformat
from nbformat import NotebookNode

from runner.errors import RunProblemError
from runner.exit_codes import Code
from runner.notebook_repair import repair_notebook
from runner.notebook_rules import parse_notebook
from runner.papermill_without_stores import version
from runner.run_warnings import RunWarnings, WarningCode

__all__ = ["read_notebook"]

_LOG = logging.getLogger(__name__)


def read_notebook(data: bytes, filename: str, warnings: RunWarnings | None = None) -> NotebookNode:
    """Read a notebook, repair it, and upgrade it to format 4, with the metadata that papermill needs.

    Parameters
    ----------
    data
        The content of the file. papermill's own reader opens the path, which a kernel that runs already could have replaced.
    filename
        Its name, for messages.
    warnings
        Receives what was repaired.

    Raises
    ------
    RunProblemError
        `input_problem`, if it cannot run.
    """
    try:
        content, repairs = repair_notebook(parse_notebook(data))
    except ValueError as error:
        message = f"{filename} {error}. Open it in JupyterLab, save it, and submit it again."
        raise RunProblemError(Code.INPUT_PROBLEM, message) from error
    if warnings and repairs:
        message = "The notebook was repaired before it ran. Open it in JupyterLab and save it to repair your copy."
        warnings.add(WarningCode.NOTEBOOK_REPAIRED, message, names=repairs)
    read = nbformat.versions[content["nbformat"]].to_notebook_json  # joins the lines of texts
    notebook: NotebookNode = nbformat.convert(read(content), to_version=4)  # type: ignore[no-untyped-call]
    _add_papermill_metadata(notebook)
    types = [cell.cell_type for cell in notebook.cells]
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
