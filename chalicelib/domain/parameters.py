"""The rule for parameters: which values are refused, which names a language has.

Parameters are texts; the runner reads them as Python literals, else as text. docs/environments.md states the rule; client, service and
runner each implement it, and read the same examples in their tests (tests/data/parameters.json).
"""

import ast
import cmath
import keyword
import re
import warnings
from collections.abc import Iterable
from typing import Final

from chalicelib.errors import InvalidRequestError

__all__ = ["check_names", "describe_name_problem", "describe_value_problem", "language_of_kernel", "parse_parameter"]

_SIMPLE: Final = (type(None), bool, int, str, bytes)

_R_WORDS: Final = """if else repeat while function for next break in TRUE FALSE NULL Inf NaN NA NA_integer_ NA_real_ NA_complex_
NA_character_"""
_JULIA_WORDS: Final = """baremodule begin break catch const continue do else elseif end export false finally for function global if
import let local macro module quote return struct true try using while"""
_BASH_VARIABLES: Final = "BASHOPTS BASH_VERSINFO EUID PPID SHELLOPTS UID"

_RESERVED: Final = {
    "python": frozenset({*keyword.kwlist, "__debug__"}),
    "r": frozenset(_R_WORDS.split()),
    "julia": frozenset(_JULIA_WORDS.split()),
    "bash": frozenset(_BASH_VARIABLES.split()),
}
"""Words that cannot be assigned to. In bash, these are the read-only variables; its reserved words can be names."""

_NAMES: Final = {"r": re.compile(r"[^_].*", re.DOTALL), "bash": re.compile(r"[A-Za-z0-9_]+")}
"""What a Python identifier must match to be a name in another language."""

_KERNELS: Final = {"python": re.compile(r"python[0-9.]*"), "R": re.compile(r"ir"), "bash": re.compile(r"bash")}
"""The usual names of kernels, for notebooks that name no language."""


def parse_parameter(text: str) -> object:
    """Return the value of a text that is a Python literal, and any other text unchanged.

    A literal is what `ast.literal_eval` accepts, except `...` and numbers that overflow to infinity.

    Parameters
    ----------
    text
        For example `5`, `"Anna"`, `[1, 2]`, or just `Anna`.
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


def describe_name_problem(name: str, language: str | None) -> str | None:
    """Return why a parameter cannot have a name, or None.

    Parameters
    ----------
    name
        The name.
    language
        The kernel's language; None if it is unknown.
    """
    if not name.isidentifier():
        return "it is not an identifier: use letters, digits and underscores"
    known = (language or "").lower()
    if name in _RESERVED.get(known, ()):
        return f"it is reserved in {language}"
    pattern = _NAMES.get(known)
    return f"{language} has no such names" if pattern and not pattern.fullmatch(name) else None


def check_names(names: Iterable[str], language: str | None) -> None:
    """Check the names of parameters for a language.

    Raises
    ------
    InvalidRequestError
        If the language does not have such a name.
    """
    for name in names:
        if problem := describe_name_problem(name, language):
            raise InvalidRequestError.for_field("parameters", f"{name!r} cannot be the name of a parameter: {problem}.")


def language_of_kernel(name: str) -> str | None:
    """Return the language of a kernel with a usual name; None for others."""
    return next((language for language, pattern in _KERNELS.items() if pattern.fullmatch(name)), None)


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
