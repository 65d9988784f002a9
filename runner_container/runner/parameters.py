"""Parameters: strings on the wire, typed here, so that any kernel that papermill translates for gets real values."""

import ast
import math
import warnings
from collections.abc import Mapping

__all__ = ["typed", "typed_parameters"]


def typed_parameters(parameters: Mapping[str, str]) -> dict[str, object]:
    """Type each parameter; names and their order stay.

    Parameters
    ----------
    parameters
        Names and the texts that were entered.
    """
    return {name: typed(text) for name, text in parameters.items()}


def typed(text: str) -> object:
    """Read a text as a Python literal where it is one, else keep it.

    Tuples become lists. What no other language has (sets, bytes, complex and not finite numbers) stays the text as entered.

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
    raise ValueError("not a value that every language has")
