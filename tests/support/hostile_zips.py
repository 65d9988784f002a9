"""Unusual zips of input folders: the service and the runner both reject, or both accept, each of them."""

import io
import stat
import struct
import zipfile
from collections.abc import Callable, Mapping
from typing import Final

__all__ = ["FINE", "HOSTILE", "MOST_BYTES", "MOST_FILES", "directory_of", "end_of", "entry_of", "with_notebook"]

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


def zip64_of(raw: bytes, *, size: int | None = None) -> bytes:
    """Move the numbers of the end record to a zip64 record before it, as some tools do for small zips, too."""
    before, end = raw[:-22], raw[-22:]
    (count,) = struct.unpack_from("<H", end, 10)
    found, offset = struct.unpack_from("<2L", end, 12)
    end_64 = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, count, count, size or found, offset)
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, len(before), 1)
    return before + end_64 + locator + struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, *[0xFFFF] * 2, *[0xFFFFFFFF] * 2, 0)


class _NoSeek(io.BytesIO):
    """A stream, for which `zipfile` writes the size of a member after it, in a data descriptor."""

    def seekable(self) -> bool:
        return False


def _streamed() -> bytes:
    file = _NoSeek()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("a.ipynb", _NOTEBOOK)
        package.writestr("b.txt", b"1")
    return file.getvalue()


def _in_old_encoding() -> bytes:
    """Make a zip of a file whose name is in code page 437."""
    return with_notebook(("axb.txt", b"1")).replace(b"axb.txt", b"a\x81b.txt")


def _below_dot() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as package:
        for name, content in (("./", b""), ("./a.ipynb", _NOTEBOOK), ("./b//c.txt", b"1"), ("b/./d.txt", b"2")):
            package.writestr(name, content)
    return file.getvalue()


FINE: Final[Mapping[str, tuple[Callable[[], bytes], tuple[str, ...]]]] = {
    "names of devices on Windows": (
        lambda: with_notebook(("aux.csv", b"1"), ("con.txt", b""), ("NUL", b""), ("d/com1", b"")),
        ("NUL", "aux.csv", "con.txt", "d/com1"),
    ),
    "names with characters that Windows does not allow": (
        lambda: with_notebook((r"a\b", b""), ("C:/b", b""), ('<>|?*"', b""), ("dot.", b""), ("space ", b"")),
        ('<>|?*"', "C:/b", r"a\b", "dot.", "space "),
    ),
    "control characters": (lambda: with_notebook(("Icon\r", b""), ("a\nb\x1b\x7f", b"")), ("Icon\r", "a\nb\x1b\x7f")),
    "names that differ in case only": (lambda: with_notebook(("b", b"1"), ("B", b"2")), ("B", "b")),
    "names that differ in normalization only": (
        lambda: with_notebook(("\xfc", b"1"), ("u\u0308", b"2")),
        ("u\u0308", "\xfc"),
    ),
    "zeros": (lambda: with_notebook(("zeros.bin", bytes(80 << 20))), ("zeros.bin",)),
    "a name of 255 bytes": (lambda: with_notebook(("ü" * 127 + "x", b"")), ("ü" * 127 + "x",)),
    "a path of 700 bytes": (lambda: with_notebook(("b/" * 350 + "c", b"")), ("b/" * 350 + "c",)),
    "names below a dot": (_below_dot, ("b/c.txt", "b/d.txt")),
    "a folder twice": (lambda: with_notebook(("b/", b""), ("b/c", b""), ("b/", b"")), ("b/c",)),
    "a folder with content": (lambda: with_notebook(("b/", b"1")), ()),
    "a file without permissions": (lambda: with_notebook((_special("b", stat.S_IFREG), b"1")), ("b",)),
    "a file with a folder's mode": (lambda: with_notebook((_special("b", stat.S_IFDIR | 0o755), b"1")), ("b",)),
    "stored": (lambda: with_notebook(("b", b"1"), method=zipfile.ZIP_STORED), ("b",)),
    "zip64": (lambda: zip64_of(with_notebook(("b", b"1"))), ("b",)),
    "with data descriptors": (_streamed, ("b.txt",)),
    "a name in code page 437": (_in_old_encoding, ("aüb.txt",)),
    "after other data": (lambda: b"#!/bin/sh\n" + with_notebook(("b", b"1")), ("b",)),
    "with a comment": (lambda: with_notebook()[:-2] + struct.pack("<H", 5) + b"hello", ()),
}
"""Zips that are accepted, and the paths of their files besides the notebook."""


HOSTILE: Final[Mapping[str, Callable[[], bytes]]] = {
    "more files than allowed": lambda: with_notebook(*((f"{i}.txt", b"") for i in range(MOST_FILES))),
    "more files than it says": _understated,
    "a directory that is too large": lambda: directory_of(
        lambda i: entry_of(b"n%d" % i, extra=b"\xfe\xca\x60\xea" + b"x" * 60_000), 3
    ),
    "a directory that is larger than the zip": lambda: end_of(5000),
    "a directory that is larger than any zip": lambda: b"x" * 100 + end_of(0xFFFFFFFF),
    "larger than allowed": lambda: _in_parts(7),
    "the same name twice": _twice,
    "a file and a folder of the same name": lambda: with_notebook(("b", b""), ("b/", b"")),
    "a file in a file": lambda: with_notebook(("b", b""), ("b/c/d", b"")),
    "a file that is a folder": lambda: with_notebook(("b/c/d", b""), ("b", b"")),
    "the same name in two ways": lambda: with_notebook(("b/c", b""), ("./b//c", b"")),
    "a name of 256 bytes": lambda: with_notebook(("ü" * 128, b"")),
    "a folder of 256 bytes": lambda: with_notebook(("b" * 256 + "/c", b"")),
    "a path of 4,001 bytes": lambda: with_notebook(("b/" * 2000 + "c", b"")),
    "more folders than it may need": lambda: with_notebook(*((f"{i}/" + "b/" * 20 + "c", b"") for i in range(40))),
    "a zip64 with a directory that is too large": lambda: zip64_of(with_notebook(), size=1 << 40),
    "a name that leads out": lambda: with_notebook(("../b", b"")),
    "a name that leads out and back": lambda: with_notebook(("b/../../c", b"")),
    "an absolute name": lambda: with_notebook(("/etc/b", b"")),
    "an empty name": lambda: directory_of(lambda _: entry_of(b""), 1),
    "a null character": lambda: with_notebook(("axb.txt", b"")).replace(b"axb.txt", b"a\x00b.txt"),
    "a link": lambda: with_notebook((_special("b", stat.S_IFLNK | 0o777), b"/etc/passwd")),
    "a pipe": lambda: with_notebook((_special("b", stat.S_IFIFO | 0o666), b"")),
    "encrypted": _encrypted,
    "of another method": lambda: with_notebook(("b", b"1"), method=zipfile.ZIP_LZMA),
    "no zip": lambda: b"PK not really",
    "empty": lambda: b"\x00",
    "cut off": lambda: with_notebook(("b", b"1"))[:-30],
    "a damaged directory": lambda: with_notebook(("b", b"1")).replace(b"PK\x01\x02", b"PK\x01\x03"),
}
"""Zips that are rejected, by their problem."""
