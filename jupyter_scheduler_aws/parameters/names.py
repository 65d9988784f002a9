"""Names of parameters: Python identifiers that the notebook's language can assign."""

import keyword
import re
from collections.abc import Iterable
from typing import Final

from jupyter_scheduler_aws.errors import ParameterError

__all__ = ["check_names", "describe_name_problem"]

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


def describe_name_problem(name: str, language: str | None) -> str | None:
    """Return why a parameter cannot have a name, or None.

    Parameters
    ----------
    name
        The name.
    language
        The notebook's language; None if it is unknown.
    """
    if not name.isidentifier():
        return "it is not an identifier: use letters, digits and underscores"
    known = (language or "").lower()
    if name in _RESERVED.get(known, ()):
        return f"it is reserved in {language}"
    pattern = _NAMES.get(known)
    return f"{language} has no such names" if pattern and not pattern.fullmatch(name) else None


def check_names(names: Iterable[str], language: str | None = None) -> None:
    """Check the names of parameters.

    Raises
    ------
    ParameterError
        If the language cannot assign one of them.
    """
    for name in names:
        if problem := describe_name_problem(name, language):
            raise ParameterError(f"A parameter cannot have the name {name!r}: {problem}.")
