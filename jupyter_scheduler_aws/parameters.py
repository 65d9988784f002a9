"""Encode parameters as text. The runner reads it as a Python literal, or keeps it as text if it is not one."""

import ast
from collections.abc import Mapping
from typing import Any

__all__ = ["decode_parameter", "encode_parameters"]


def decode_parameter(text: str) -> Any:
    """Decode a value as the runner does: a Python literal, else the text itself."""
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return text


def encode_parameters(parameters: Mapping[str, Any]) -> dict[str, str]:
    """Encode values so that the runner decodes the same ones. Text that looks like another literal gets quotes.

    Raises
    ------
    TypeError
        If a value cannot be written as a Python literal (text, numbers, booleans, None, lists, tuples, sets,
        dictionaries).
    """
    return {name: _encode(name, value) for name, value in parameters.items()}


def _encode(name: str, value: Any) -> str:
    if isinstance(value, str) and decode_parameter(value) is value:
        return value
    text = repr(value)
    decoded = decode_parameter(text)
    if type(decoded) is not type(value) or decoded != value:
        raise TypeError(
            f"The parameter {name!r} has a value of type {type(value).__name__}, which cannot be written as a literal: {text}. "
            "Use text, a number, a boolean, None, or lists and dictionaries of them."
        )
    return text
