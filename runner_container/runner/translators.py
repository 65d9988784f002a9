r"""How parameters are written in the kernel's language, for papermill.

papermill's translators change text: R, Julia, MATLAB and others read its escapes (`\xe9`) as other characters, `$` is interpolated in
Julia, and a line feed or a tab is input of the terminal in bash. Those of Python, R, bash and Julia are replaced. For the other languages
papermill's translators get only what they write correctly.
"""

import re
import shlex
from collections.abc import Iterable
from typing import Any, Final

from runner.papermill_without_stores import (
    BashTranslator,
    JuliaTranslator,
    PythonTranslator,
    RTranslator,
    Translator,
    papermill_translators,
)

__all__ = ["UntranslatableError", "register_translators", "translated"]

_PORTABLE: Final = re.compile(r"[ !#%&()-_a-~]*")
"""Text without characters that have a meaning inside the quotes of some language."""
_BASH_PLAIN: Final = frozenset(range(0x20, 0x7F)) - frozenset(b"'\\")
"""Bytes that mean themselves inside `$'...'`."""
_BASIC_PLANE: Final = 0x10000
"""Characters below this have four digits in a Unicode escape."""
_MAX_EXACT_DOUBLE: Final = 2**53
_MAX_R_DEPTH: Final = 40
"""R's parser refuses more than 50 open parentheses."""


class UntranslatableError(ValueError):
    """A language does not have such a value. The message says which."""


_QUOTED: Final = {'"': r"\"", "\\": r"\\", "\n": r"\n", "\r": r"\r", "\t": r"\t"}
_INTERPOLATED: Final = {**_QUOTED, "$": r"\$"}


class _Python(PythonTranslator):  # type: ignore[misc] # papermill has no types
    @classmethod
    def translate(cls, val: object) -> str:
        return repr(val)


class _R(RTranslator):  # type: ignore[misc]
    @classmethod
    def translate_str(cls, val: str) -> str:
        return f'"{_escape(val, special=_QUOTED)}"'

    @classmethod
    def translate_int(cls, val: int) -> str:
        if abs(val) > _MAX_EXACT_DOUBLE:
            raise UntranslatableError(f"R cannot represent the number {val} exactly")
        return str(val)

    @classmethod
    def translate_dict(cls, val: dict[str, object]) -> str:
        if "" in val:
            raise UntranslatableError("R has no empty names in a list")
        return str(super().translate_dict(val))

    @classmethod
    def translate(cls, val: object) -> str:
        if _depth(val) > _MAX_R_DEPTH:
            raise UntranslatableError("R does not read a list that is nested so deeply")
        return str(super().translate(val))


class _Julia(JuliaTranslator):  # type: ignore[misc]
    @classmethod
    def translate_str(cls, val: str) -> str:
        return f'"{_escape(val, special=_INTERPOLATED)}"'


class _Bash(BashTranslator):  # type: ignore[misc]
    @classmethod
    def translate_str(cls, val: str) -> str:
        """Quote text. Anything that a terminal may interpret is written as bytes, which no locale changes."""
        if val.isascii() and val.isprintable():
            return shlex.quote(val)
        escaped = (chr(byte) if byte in _BASH_PLAIN else f"\\x{byte:02x}" for byte in val.encode())
        return f"$'{''.join(escaped)}'"

    @classmethod
    def translate_list(cls, val: list[object]) -> str:
        if any(isinstance(item, list | dict) for item in val):
            raise UntranslatableError("bash has no lists inside lists")
        return str(super().translate_list(val))

    @classmethod
    def translate_dict(cls, val: dict[str, object]) -> str:  # noqa: ARG003 - papermill's signature
        raise UntranslatableError("bash has no dictionaries that a value could become")


_OURS: Final[dict[str, type[Translator]]] = {
    "python": _Python,
    "R": _R,
    "bash": _Bash,
    "julia": _Julia,
    "pysparkkernel": _Python,
    "sparkrkernel": _R,
}
"""By papermill's key: the language, or the kernel's name."""


def register_translators() -> None:
    """Register the translators of this module with papermill."""
    for key, translator in _OURS.items():
        papermill_translators.register(key, translator)


def translated(value: object, *, kernel: str, language: str) -> Any:
    """Return a value in the form in which papermill can write it for a kernel.

    Parameters
    ----------
    value
        A value from `parse_parameter`.
    kernel, language
        The kernel's name and language.

    Raises
    ------
    UntranslatableError
        If the language does not have such a value.
    PapermillException
        If papermill does not know the language.
    """
    register_translators()
    translator = papermill_translators.find_translator(kernel, language)
    if not issubclass(translator, PythonTranslator):
        value = _json_value(value, language)
        if translator not in _OURS.values():
            _check_portable(value, language)
    try:
        translator.translate(value)
    except NotImplementedError as error:
        raise UntranslatableError(str(error)) from error
    return value


def _json_value(value: object, language: str) -> object:
    """Convert tuples to lists; other values that only Python has are refused."""
    if isinstance(value, list | tuple):
        return [_json_value(item, language) for item in value]
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        return {key: _json_value(item, language) for key, item in value.items()}
    if isinstance(value, dict | set | bytes | complex):
        kind = (
            "dictionaries whose keys are not text"
            if isinstance(value, dict)
            else f"values of Python's type {type(value).__name__}"
        )
        raise UntranslatableError(f"{language} has no {kind}")
    return value


def _check_portable(value: object, language: str) -> None:
    if isinstance(value, str) and not _PORTABLE.fullmatch(value):
        raise UntranslatableError(
            f"in {language}, text is limited to ASCII characters without quotes, backslashes, backticks and $"
        )
    if isinstance(value, int) and abs(value) >= 2**63:
        raise UntranslatableError(f"in {language}, whole numbers are limited to 64 bits")
    for item in _items(value):
        _check_portable(item, language)


def _items(value: object) -> Iterable[object]:
    if isinstance(value, dict):
        return [*value, *value.values()]
    return value if isinstance(value, list) else ()


def _depth(value: object) -> int:
    return 1 + max(map(_depth, _items(value)), default=0) if isinstance(value, list | dict) else 0


def _escape(text: str, *, special: dict[str, str]) -> str:
    """Escape text for R and Julia. All that is not printable ASCII becomes a Unicode escape, which no locale changes."""
    return "".join(special.get(each) or (each if " " <= each <= "~" else _unicode_escape(ord(each))) for each in text)


def _unicode_escape(code: int) -> str:
    return f"\\u{code:04x}" if code < _BASIC_PLANE else f"\\U{code:08x}"
