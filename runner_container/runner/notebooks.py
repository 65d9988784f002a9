"""Read the notebook and put the job's parameters into it."""

import logging

import nbformat
from nbformat import NotebookNode

from runner.errors import RunProblemError
from runner.exit_codes import Code
from runner.kernels import Kernel
from runner.notebook_repair import repair_notebook
from runner.notebook_rules import parse_notebook
from runner.outcomes import clean_text
from runner.papermill_without_stores import PapermillException, parameterize_notebook, remove_error_markers, version
from runner.parameters import typed_parameters
from runner.run_warnings import RunWarnings, WarningCode
from runner.work_order import WorkOrder

__all__ = ["parameterized", "read_notebook"]

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
