"""Put the job's parameters into the notebook, and warn about those that it does not use."""

import json
from collections.abc import Mapping
from difflib import get_close_matches

from nbformat import NotebookNode

from runner.default_parameters import assigned_names, find_parameters_cell
from runner.errors import RunProblemError
from runner.exit_codes import Code
from runner.kernels import Kernel
from runner.outcomes import clean_text
from runner.papermill_without_stores import PapermillException, parameterize_notebook, remove_error_markers
from runner.parameters import describe_name_problem, describe_value_problem, parse_parameter
from runner.run_warnings import RunWarnings, WarningCode
from runner.translators import UntranslatableError, translated
from runner.work_order import WorkOrder

__all__ = ["parameterized"]


def parameterized(notebook: NotebookNode, order: WorkOrder, kernel: Kernel, warnings: RunWarnings) -> NotebookNode:
    """Return the notebook with the parameters in a cell after the one that is tagged `parameters`, as papermill does it.

    Raises
    ------
    RunProblemError
        `input_problem`, if the kernel's language does not have such a name or value; `environment_problem`, if papermill does not
        know the language.
    """
    notebook = remove_error_markers(notebook)
    if not order.parameters:
        return notebook
    values = {name: _value(name, text, kernel) for name, text in order.parameters.items()}
    _warn_about_unknown(notebook, order.parameters, kernel, warnings)
    result: NotebookNode = parameterize_notebook(notebook, values, kernel_name=kernel.name, language=kernel.language)
    result.metadata.papermill["parameters"] = {
        name: value if _is_json(value) else order.parameters[name] for name, value in values.items()
    }
    return result


def _value(name: str, text: str, kernel: Kernel) -> object:
    value = parse_parameter(text)
    if problem := describe_name_problem(name, kernel.language) or describe_value_problem(value):
        raise _refused(name, problem)
    try:
        return translated(value, kernel=kernel.name, language=kernel.language)
    except UntranslatableError as error:
        raise _refused(name, f"{error}. To pass it as text, put it in quotes") from error
    except PapermillException as error:
        reason = clean_text(str(error), limit=300)
        message = f"The kernel '{kernel.name}' ({kernel.language}) does not support parameters: {reason}"
        raise RunProblemError(Code.ENVIRONMENT_PROBLEM, message) from error


def _refused(name: str, problem: str) -> RunProblemError:
    message = f"The parameter {name!r} cannot be passed to the notebook: {clean_text(problem, limit=500)}."
    return RunProblemError(Code.INPUT_PROBLEM, message)


def _warn_about_unknown(
    notebook: NotebookNode, parameters: Mapping[str, str], kernel: Kernel, warnings: RunWarnings
) -> None:
    cell = find_parameters_cell(notebook)
    if cell is None:
        message = (
            "The notebook has no cell with the tag `parameters`: the values were inserted as its first cell, so later cells can overwrite "
            "them. Add the tag to the cell that assigns the defaults."
        )
        warnings.add(WarningCode.NO_PARAMETERS_CELL, message)
        return
    known = assigned_names(cell.source) if kernel.language.lower() == "python" else None
    if known is None:
        return
    if unknown := [name for name in parameters if name not in known]:
        message = "The notebook's cell with the tag `parameters` does not assign " + ", ".join(
            _with_suggestion(name, known) for name in unknown
        )
        warnings.add(WarningCode.UNKNOWN_PARAMETER, f"{message}.", names=unknown)


def _with_suggestion(name: str, known: frozenset[str]) -> str:
    nearest = get_close_matches(name, sorted(known), n=1)
    return f"{name} (did you mean {nearest[0]}?)" if nearest else name


def _is_json(value: object) -> bool:
    """Check whether JSON returns the same value: the notebook's metadata is JSON."""
    try:
        return bool(json.loads(json.dumps(value)) == value)
    except TypeError:
        return False
