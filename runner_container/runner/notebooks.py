"""Read the notebook and put the job's parameters into it."""

import logging

import nbformat
from nbformat import NotebookNode

from runner.errors import RunProblemError
from runner.exit_codes import Code
from runner.kernels import Kernel
from runner.outcomes import clean_text
from runner.papermill_without_stores import PapermillException, parameterize_notebook, remove_error_markers, version
from runner.parameters import typed_parameters
from runner.work_order import WorkOrder

__all__ = ["parameterized", "read_notebook"]

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


def parameterized(notebook: NotebookNode, order: WorkOrder, kernel: Kernel) -> NotebookNode:
    """Return the notebook with the parameters in a cell after the one that is tagged `parameters`, as papermill does it.

    Raises
    ------
    RunProblemError
        `environment_problem`, if papermill cannot write them in the kernel's language.
    """
    notebook = remove_error_markers(notebook)
    if not order.parameters:
        return notebook
    values = typed_parameters(order.parameters)
    try:
        result: NotebookNode = parameterize_notebook(
            notebook, values, kernel_name=kernel.name, language=kernel.language
        )
    except (PapermillException, NotImplementedError) as error:
        reason = clean_text(str(error), limit=300)
        message = f"The kernel '{kernel.name}' ({kernel.language}) does not support parameters: {reason}"
        raise RunProblemError(Code.ENVIRONMENT_PROBLEM, message) from error
    return result
