"""Decide whether a notebook can run, without creating objects for most of it.

`json.loads` takes up to 40 bytes of memory per byte: 650 MiB for 20 MiB of empty lists. msgspec also validates the whole text, but
creates objects only for declared fields. A `Raw` field points into the text.

The client (`jupyter_scheduler_aws/snapshots/notebook_rules.py`) and the runner (`runner_container/runner/notebook_rules.py`) have the same
rules; `tests/support/notebook_forms.py` holds all three to one list of notebooks.
"""

import codecs
import itertools
import re
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any, ClassVar, Final

import msgspec
from msgspec import Raw

__all__ = ["read_kernel"]

_CHUNK_BYTES: Final = 1024 * 1024
_NOTHING: Final = Raw()
_FORMATS: Final = (2, 3, 4)
_OLD_FORMATS: Final = (2, 3)
"""Formats with worksheets, before 2015. The runner upgrades them."""

_MAX_CELLS: Final = 100_000
"""How many cells and worksheets a notebook may have: the checks of a cell take some microseconds, and 100 MiB could have 5 million cells."""

_NUMBERS: Final[ContextVar[Iterator[int]]] = ContextVar("numbers")
"""The numbers of the next cells and worksheets of the notebook that is being checked."""

_LINES: Final = re.compile(rb'\[(?:[\s,]*+"(?:[^"\\]++|\\.)*+")*+\s*+\]')
"""A JSON array of strings. Its quantifiers are possessive: they keep no positions to return to, so its memory is bounded."""

_INDEX: Final = re.compile(r"\$\[(\d+)\]")
"""The index of an element in a message of msgspec."""


class _Notebook(msgspec.Struct):
    nbformat: Raw = _NOTHING
    cells: Raw = _NOTHING
    worksheets: Raw = _NOTHING
    metadata: Raw = _NOTHING


class _Metadata(msgspec.Struct):
    kernelspec: Raw = _NOTHING


class _Kernelspec(msgspec.Struct):
    name: Raw = _NOTHING


class _Cell(msgspec.Struct, gc=False):
    """A cell. It is checked and emptied when it has been read, so that it takes 48 bytes."""

    types: ClassVar[tuple[str, ...]] = ("code", "markdown", "raw")
    code_field: ClassVar[str] = "source"
    cell_type: Raw = _NOTHING
    source: Raw = _NOTHING
    input: Raw = _NOTHING

    def __post_init__(self) -> None:
        _count()
        kind = _text(self.cell_type)
        if kind not in self.types:
            raise ValueError(f"the cell_type of cell {{}} is none of {', '.join(self.types)}")
        field = self.code_field if kind == "code" else "source"
        text = getattr(self, field)
        if text is not _NOTHING and not _is_text(text):
            raise ValueError(f"the {field} of cell {{}} is not text")
        self.cell_type = self.source = self.input = _NOTHING


class _OldCell(_Cell, gc=False):
    types: ClassVar[tuple[str, ...]] = ("code", "heading", "html", "markdown", "raw")
    code_field: ClassVar[str] = "input"


class _Worksheet(msgspec.Struct, gc=False):
    cells: Raw = _NOTHING

    def __post_init__(self) -> None:
        _count()
        _check_cells(self.cells, _OldCell)
        self.cells = _NOTHING


class _ProblemError(Exception):
    """A notebook cannot run. Unlike a ValueError, it passes through msgspec unchanged."""


def read_kernel(content: bytes) -> str:
    """Check whether a notebook can run, perhaps after a repair, and return the name of its kernel; empty if it names none.

    Raises
    ------
    ValueError
        If it cannot run. The message continues a sentence that begins with the name of the file.
    """
    content = content.removeprefix(codecs.BOM_UTF8)
    try:
        _check_utf_8(content)
    except UnicodeDecodeError:
        raise ValueError("is not a notebook: it is not UTF-8 text") from None
    try:
        whole = msgspec.json.decode(_without_python_values(content), type=Raw)
    except (msgspec.DecodeError, RecursionError):
        raise ValueError("is not a notebook: it is not JSON") from None
    if _first_byte(whole) != b"{":
        raise ValueError("is not a notebook: it is not a JSON object")
    notebook = msgspec.json.decode(whole, type=_Notebook)
    try:
        _check_notebook(notebook)
    except _ProblemError as error:
        raise ValueError(str(error)) from None
    return _text(_part(_part(notebook.metadata, _Metadata, _Metadata()).kernelspec, _Kernelspec, _Kernelspec()).name)


def _count() -> None:
    if next(_NUMBERS.get()) > _MAX_CELLS:
        raise _ProblemError(f"cannot run: it has more than {_MAX_CELLS:,} cells")


def _check_notebook(notebook: _Notebook) -> None:
    _NUMBERS.set(itertools.count(1))
    version = _part(notebook.nbformat, float, 0.0)
    if version not in _FORMATS:
        raise _ProblemError("is not a notebook of the formats 2, 3 and 4: check its nbformat")
    if version not in _OLD_FORMATS:
        _check_cells(notebook.cells, _Cell)
        return
    if _part(notebook.worksheets, list[_Worksheet], None) is None:
        raise _ProblemError("is not a notebook: its worksheets are not a list of objects")


def _check_cells(cells: Raw, cell: type[_Cell]) -> None:
    if _first_byte(cells) != b"[":
        raise _ProblemError("is not a notebook: its cells are not a list")
    try:
        msgspec.json.decode(cells, type=list[cell])  # type: ignore[valid-type]
    except msgspec.ValidationError as error:
        found = _INDEX.search(str(error))
        number = int(found[1]) + 1 if found else 1
        problem = str(error.__cause__) if error.__cause__ else "cell {} is not an object"
        raise _ProblemError(f"cannot run: {problem.format(number)}") from None


def _is_text(value: Raw) -> bool:
    """Check for text. It can be null, and a list of strings is text in lines."""
    first = _first_byte(value)
    return first in (b"n", b'"') or (first == b"[" and _LINES.fullmatch(value) is not None)


def _first_byte(value: Raw) -> bytes:
    return memoryview(value)[:1].tobytes()


def _text(value: Raw) -> str:
    """Decode a string; return an empty one if it is missing or something else."""
    found: str = _part(value, str, "")
    return found


def _part(value: Raw, expected: Any, default: Any) -> Any:
    """Decode a part; return the default if it is missing or has another type."""
    if value is _NOTHING:
        return default
    try:
        return msgspec.json.decode(value, type=expected)
    except msgspec.ValidationError:
        return default


def _check_utf_8(content: bytes) -> None:
    """Check the strings that msgspec skips. Decode in chunks, because a text of 100 MiB with one emoji takes 400 MiB of memory."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    for start in range(0, len(content), _CHUNK_BYTES):
        decoder.decode(content[start : start + _CHUNK_BYTES])
    decoder.decode(b"", final=True)


def _without_python_values(content: bytes) -> bytes:
    """Replace what Python reads and JSON does not allow by values of the same length that are not text either.

    These are NaN and Infinity, and escapes of half a character. Changed strings do no harm here.
    """
    for value in (b"-Infinity", b"Infinity", b"NaN"):
        content = content.replace(value, b"{" + b" " * (len(value) - 2) + b"}")
    return content.replace(b"\\ud", b"\\u0").replace(b"\\uD", b"\\u0")
