"""Unusual zips of input folders, which the service and the runner both reject."""

import io
import stat
import struct
import zipfile
from collections.abc import Callable, Mapping
from typing import Final

__all__ = ["HOSTILE", "MOST_BYTES", "MOST_FILES", "directory_of", "end_of", "entry_of", "with_notebook"]

MOST_FILES: Final = 50
MOST_BYTES: Final = 200 << 20
"""The limits that these zips exceed."""

_NOTEBOOK: Final = b'{"cells": [], "metadata": {"kernelspec": {"name": "python3"}}, "nbformat": 4, "nbformat_minor": 5}'


def with_notebook(*others: tuple[str | zipfile.ZipInfo, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Make a zip of a notebook, `a.ipynb`, and more."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as package:
        package.writestr("a.ipynb", _NOTEBOOK)
        for name, content in others:
            package.writestr(name, content)
    return file.getvalue()


def entry_of(name: bytes, *, flags: int = 0x800, extra: bytes = b"", comment: bytes = b"") -> bytes:
    """Make an entry of a directory, of an empty file."""
    fixed = struct.pack(
        "<4s4B4HL2L5H2L",
        b"PK\x01\x02",
        20,
        3,
        20,
        0,
        flags,
        0,
        0,
        0x21,
        0,
        0,
        0,
        len(name),
        len(extra),
        len(comment),
        0,
        0,
        0,
        0,
    )
    return fixed + name + extra + comment


def end_of(size: int, *, count: int = 0, offset: int = 0) -> bytes:
    """Make the end record of a zip, which locates its directory."""
    return struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, count, count, size, offset, 0)


def directory_of(entry: Callable[[int], bytes], count: int) -> bytes:
    """Make a zip that consists of a directory with this number of entries."""
    directory = b"".join(entry(number) for number in range(count))
    return directory + end_of(len(directory), count=min(count, 0xFFFF))


def _special(name: str, mode: int) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name)
    entry.external_attr = mode << 16
    return entry


def _twice() -> bytes:
    """Make a zip of two files with the same name."""
    return with_notebook(("b.txt", b"1"), ("c.txt", b"2")).replace(b"c.txt", b"b.txt")


def _encrypted() -> bytes:
    raw = bytearray(with_notebook(("b.txt", b"1")))
    raw[raw.rindex(b"PK\x01\x02") + 8] |= 1
    return bytes(raw)


def _in_parts(count: int) -> bytes:
    return with_notebook(*((f"{number}.bin", b"\x00" * (30 << 20)) for number in range(count)))


def _understated() -> bytes:
    """Make a zip of 200 entries whose end record states one."""
    directory = b"".join(entry_of(b"%d" % number) for number in range(200))
    return directory + end_of(len(directory), count=1)


HOSTILE: Final[Mapping[str, Callable[[], bytes]]] = {
    "more files than allowed": lambda: with_notebook(*((f"{i}.txt", b"") for i in range(MOST_FILES))),
    "more files than it says": _understated,
    "a directory that is too large": lambda: directory_of(
        lambda i: entry_of(b"n%d" % i, extra=b"\xfe\xca\x60\xea" + b"x" * 60_000), 3
    ),
    "a directory that is larger than the zip": lambda: end_of(5000),
    "a directory that is larger than any zip": lambda: b"x" * 100 + end_of(0xFFFFFFFF),
    "larger than allowed": lambda: _in_parts(7),
    "a bomb": lambda: with_notebook(("b.bin", b"\x00" * (66 << 20))),
    "the same name twice": _twice,
    "a file and a folder of the same name": lambda: with_notebook(("b", b""), ("b/", b"")),
    "a name that leads out": lambda: with_notebook(("../b", b"")),
    "a name that leads out and back": lambda: with_notebook(("b/../../c", b"")),
    "an absolute name": lambda: with_notebook(("/etc/b", b"")),
    "a drive": lambda: with_notebook(("C:/b", b"")),
    "a backslash": lambda: with_notebook(("a\\b", b"")),
    "a control character": lambda: with_notebook(("a\nb", b"")),
    "a null character": lambda: with_notebook(("axb.txt", b"")).replace(b"axb.txt", b"a\x00b.txt"),
    "a device": lambda: with_notebook(("b/nul.txt", b"")),
    "a link": lambda: with_notebook((_special("b", stat.S_IFLNK | 0o777), b"/etc/passwd")),
    "a pipe": lambda: with_notebook((_special("b", stat.S_IFIFO | 0o666), b"")),
    "encrypted": _encrypted,
    "of another method": lambda: with_notebook(("b", b"1"), method=zipfile.ZIP_LZMA),
    "no zip": lambda: b"PK not really",
    "empty": lambda: b"\x00",
    "cut off": lambda: with_notebook(("b", b"1"))[:-30],
    "a damaged directory": lambda: with_notebook(("b", b"1")).replace(b"PK\x01\x02", b"PK\x01\x03"),
}
"""The zips, by their problem."""
