"""What of a notebook decides whether it can be run, read without making objects of the rest.

`json.loads` takes up to 40 bytes for a byte: of 20 MiB of empty lists it makes 650 MiB. msgspec checks the whole of the text as well, and
makes objects only of what is asked for; what is kept as it is written (`Raw`) points into the text.
"""

import codecs
import re
from dataclasses import dataclass
from typing import Final, TypeVar

import msgspec
from msgspec import Raw

__all__ = ["NotebookHead", "read_head"]

_PIECE_BYTES: Final = 1024 * 1024
_VERSION: Final = re.compile(rb"[0-9]{1,9}")


class _Kernelspec(msgspec.Struct):
    name: str = ""


class _Metadata(msgspec.Struct):
    kernelspec: Raw = Raw()


class _Notebook(msgspec.Struct):
    nbformat: Raw = Raw()
    cells: Raw = Raw()
    worksheets: Raw = Raw()
    metadata: Raw = Raw()


_Part = TypeVar("_Part", bound=msgspec.Struct)


@dataclass(frozen=True)
class NotebookHead:
    """What decides."""

    has_cells: bool
    nbformat: int | None
    """The format's version; None if none is said."""
    kernel: str
    """Name of its kernel; empty if none is said."""


def read_head(content: bytes) -> NotebookHead | None:
    """Read a notebook's head; None if it is JSON, but no object.

    Raises
    ------
    ValueError
        If it is not JSON in UTF-8, or nested too deeply to be read.
    """
    _check_utf_8(content)
    try:
        notebook = msgspec.json.decode(_without_nan(content), type=_Notebook)
    except msgspec.ValidationError:
        return None
    except (msgspec.DecodeError, RecursionError) as error:
        raise ValueError(str(error)) from None
    metadata = _part(notebook.metadata, _Metadata())
    return NotebookHead(
        has_cells=memoryview(notebook.cells or notebook.worksheets)[:1].tobytes() == b"[",
        nbformat=int(bytes(notebook.nbformat)) if _VERSION.fullmatch(notebook.nbformat) else None,
        kernel=_part(metadata.kernelspec, _Kernelspec()).name,
    )


def _check_utf_8(content: bytes) -> None:
    """Look at texts that msgspec passes over: in pieces, for a text of 100 MiB takes 400 with one emoji in it."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    for start in range(0, len(content), _PIECE_BYTES):
        decoder.decode(content[start : start + _PIECE_BYTES])
    decoder.decode(b"", final=True)


def _without_nan(content: bytes) -> bytes:
    """Put numbers of the same length where Python has written what JSON has no numbers for; in texts it does no harm here."""
    return content.replace(b"NaN", b"111").replace(b"Infinity", b"11111111")


def _part(raw: Raw, default: _Part) -> _Part:
    """Read a part; the default if it is missing or of another form."""
    try:
        return msgspec.json.decode(raw, type=type(default)) if raw else default
    except msgspec.ValidationError:
        return default
