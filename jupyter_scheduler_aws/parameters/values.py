"""Values of parameters as text. The runner reads it as a Python literal, or keeps it as text if it is not one."""

import ast
import cmath
import warnings
from collections.abc import Mapping
from typing import Any, Final

from jupyter_scheduler_aws.errors import ParameterError
from jupyter_scheduler_aws.parameters.names import check_names

__all__ = ["ParameterText", "describe_value_problem", "encode_parameters", "parse_parameter"]

_SIMPLE: Final = (type(None), bool, int, str, bytes)
_MAX_SHOWN: Final = 100


class ParameterText(str):
    """A value as a person types it, which is sent unchanged: a Python literal, or else text."""

    __slots__ = ()


def parse_parameter(text: str) -> object:
    """Return the value of a text that is a Python literal, and any other text unchanged, as the runner does.

    A literal is what `ast.literal_eval` accepts, except `...` and numbers that overflow to infinity.
    """
    try:
        with warnings.catch_warnings(action="ignore"):
            value = ast.literal_eval(text)
        return value if _is_value(value) else text
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return text


def describe_value_problem(value: object) -> str | None:
    """Return why a value is refused, or None: text must be valid Unicode without NUL, also inside a list or a dictionary."""
    if isinstance(value, str):
        if "\0" in value:
            return "it contains a NUL character"
        if any("\ud800" <= character <= "\udfff" for character in value):
            return "it contains a lone surrogate, which is not valid text"
    for item in _items(value):
        if problem := describe_value_problem(item):
            return problem
    return None


def encode_parameters(parameters: Mapping[str, Any]) -> dict[str, str]:
    """Encode values so that the runner reads the same ones. Text that looks like another literal gets quotes.

    Raises
    ------
    ParameterError
        If a name is not an identifier, or a value has no Python literal that the runner reads as the same value: it can be
        text, bytes, a finite number, a boolean, None, or a list, tuple, set or dictionary of them.
    """
    check_names(parameters)
    return {name: _encode(name, value) for name, value in parameters.items()}


def _encode(name: str, value: Any) -> str:
    if isinstance(value, ParameterText):
        text, parsed = str(value), parse_parameter(value)
    elif type(value) is str and parse_parameter(value) is value:
        text, parsed = value, value
    else:
        text, parsed = _literal(name, value)
    if problem := describe_value_problem(parsed):
        raise ParameterError(f"The value of the parameter {name!r} is refused: {problem}.")
    return text


def _literal(name: str, value: Any) -> tuple[str, object]:
    try:
        text = repr(value)
    except (ValueError, RecursionError) as error:
        raise ParameterError(f"The value of the parameter {name!r} cannot be written as a literal: {error}.") from None
    parsed = parse_parameter(text)
    if type(parsed) is not type(value) or parsed != value:
        raise ParameterError(
            f"The parameter {name!r} has a value of type {type(value).__name__}, which cannot be written as a literal: "
            f"{text[:_MAX_SHOWN]}. Use text, a finite number, a boolean, None, or lists and dictionaries of them; convert "
            "other objects, for example with str()."
        )
    return text, parsed


def _is_value(value: object) -> bool:
    if isinstance(value, float | complex):
        return cmath.isfinite(value)
    if isinstance(value, _SIMPLE):
        return True
    return value is not ... and all(_is_value(item) for item in _items(value))


def _items(value: object) -> list[object]:
    if isinstance(value, dict):
        return [*value, *value.values()]
    return list(value) if isinstance(value, list | tuple | set) else []
