"""Parameters: convert the strings of the job to typed values, which papermill writes in the kernel's language."""

import ast
import math
import warnings
from collections.abc import Mapping

__all__ = ["typed", "typed_parameters"]


def typed_parameters(parameters: Mapping[str, str]) -> dict[str, object]:
    """Convert each parameter. Keep the names and their order.

    Parameters
    ----------
    parameters
        Names and the texts that the user entered.
    """
    return {name: typed(text) for name, text in parameters.items()}


def typed(text: str) -> object:
    """Return the value of a text that is a Python literal, and any other text unchanged.

    Tuples become lists. What other languages do not have (sets, bytes, complex and non-finite numbers) stays text.

    Parameters
    ----------
    text
        For example `5`, `"Anna"`, `[1, 2]`, or just `Anna`.
    """
    try:
        with warnings.catch_warnings(action="ignore"):
            return _plain(ast.literal_eval(text))
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return text


def _plain(value: object) -> object:
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        return {key: _plain(item) for key, item in value.items()}
    raise ValueError("not every language has such a value")
