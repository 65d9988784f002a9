"""Read the directory of an untrusted zip in chunks, so that memory use does not depend on its size.

This module finds the directory, splits it into entries, and unpacks one member (formats: PKWARE's APPNOTE 6.3.10, sections 4.3.6 to
4.3.16). `zipfile` parses the entries, one chunk at a time.
"""

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO, Final

from chalicelib.errors import TooLargeError

__all__ = ["ZIP_ERRORS", "ZipDirectory"]

ZIP_ERRORS: Final = (
    zipfile.BadZipFile,
    NotImplementedError,
    RuntimeError,
    EOFError,
    OSError,
    ValueError,
    OverflowError,
    struct.error,
    zlib.error,
)
"""The exceptions that `zipfile` and zlib raise for damaged or forged files."""

_CHUNK_BYTES: Final = 1024 * 1024
"""Bytes to read at a time. An entry has at most 46 + 3 * 65,535 bytes."""

_ENTRY_BYTES: Final = 46 + 2000
"""Average size that an entry of the directory may have: its fixed part, a name, extra fields. The runner has the same limit."""

_MAX_DIRECTORY_BYTES: Final = 64 * 1024 * 1024
"""Largest directory, however many files are allowed: 64 reads take about three of the function's 29 seconds."""

_END: Final = struct.Struct("<4s4H2LH")
_END_64_BYTES: Final = 56
_LOCATOR_64_BYTES: Final = 20
_LONGEST_COMMENT: Final = 65_535
_LOCAL_HEADER_BYTES: Final = 30
_UTF_8_FLAG: Final = 0x800


class ZipDirectory:
    """The directory of a zip.

    Parameters
    ----------
    file
        The zip.
    max_files
        The number of entries that it may have.

    Raises
    ------
    TooLargeError
        If the directory is larger than this number of entries needs.
    Exception
        One of `ZIP_ERRORS`, if the file is not a zip.
    """

    def __init__(self, file: IO[bytes], *, max_files: int) -> None:
        self._file = file
        self._max_files = max_files
        self._zip_bytes = file.seek(0, io.SEEK_END)
        self._start, self._size, offset = self._find()
        self._shift = self._start - offset
        max_bytes = min(max_files * _ENTRY_BYTES, _MAX_DIRECTORY_BYTES)
        if self._size > max_bytes:
            raise TooLargeError(
                f"The input folder's zip has a directory of {self._size:,} bytes; at most {max_bytes:,} bytes are allowed for"
                f" {max_files:,} files. Leave out files that the run does not need."
            )

    def entries(self) -> Iterator[zipfile.ZipInfo]:
        """Yield each entry.

        Raises
        ------
        TooLargeError
            If there are more entries than allowed.
        Exception
            One of `ZIP_ERRORS`, if the directory is damaged.
        """
        for chunk in self._chunks():
            end = _END.pack(b"PK\x05\x06", 0, 0, 0, 0, len(chunk), 0, 0)
            with zipfile.ZipFile(io.BytesIO(chunk + end)) as part:
                yield from part.infolist()

    def read(self, entry: zipfile.ZipInfo, *, max_bytes: int) -> bytes:
        """Unpack a stored or deflated member of at most `max_bytes`, and check its CRC.

        Raises
        ------
        Exception
            One of `ZIP_ERRORS`, if the member is damaged or larger.
        """
        self._file.seek(self._shift + entry.header_offset)
        header = self._file.read(_LOCAL_HEADER_BYTES)
        if header[:4] != b"PK\x03\x04":
            raise zipfile.BadZipFile("a member is not where the directory says")
        name_bytes, extra_bytes = struct.unpack_from("<2H", header, 26)
        encoding = "utf-8" if entry.flag_bits & _UTF_8_FLAG else "cp437"
        if self._file.read(name_bytes).decode(encoding) != entry.orig_filename:
            raise zipfile.BadZipFile("a member has another name than the directory says")
        self._file.seek(extra_bytes, io.SEEK_CUR)
        # Data that cannot be compressed grows by 5 bytes for each block of up to 65,535 (RFC 1951, section 3.2.4).
        packed = self._file.read(min(entry.compress_size, max_bytes + max_bytes // 1000 + 1024))
        is_stored = entry.compress_type == zipfile.ZIP_STORED
        content = packed if is_stored else zlib.decompressobj(-zlib.MAX_WBITS).decompress(packed, max_bytes + 1)
        if len(content) != entry.file_size or zlib.crc32(content) != entry.CRC:
            raise zipfile.BadZipFile("a member is not what the directory says")
        return content

    def _find(self) -> tuple[int, int, int]:
        """Return the start, the size and the declared offset of the directory. They differ if other data precedes the zip."""
        before = _LONGEST_COMMENT + _END.size + _END_64_BYTES + _LOCATOR_64_BYTES
        tail_start = max(0, self._zip_bytes - before)
        self._file.seek(tail_start)
        tail = self._file.read()
        at = tail.rfind(b"PK\x05\x06")
        if at < 0:
            raise zipfile.BadZipFile("it is not a zip, or its end is missing")
        _, _, _, _, _, size, offset, _ = _END.unpack_from(tail, at)
        at_64 = at - _END_64_BYTES - _LOCATOR_64_BYTES
        if (
            at_64 >= 0
            and tail[at_64:].startswith(b"PK\x06\x06")
            and tail[at_64 + _END_64_BYTES :].startswith(b"PK\x06\x07")
        ):
            at = at_64
            size, offset = struct.unpack_from("<2Q", tail, at + 40)
        start = tail_start + at - size
        if start < 0:
            raise zipfile.BadZipFile("its directory is larger than itself")
        return start, size, offset

    def _chunks(self) -> Iterator[bytes]:
        """Yield the directory in chunks of complete entries."""
        self._file.seek(self._start)
        left, rest, count = self._size, b"", 0
        while left:
            part = self._file.read(min(_CHUNK_BYTES, left))
            if not part:
                raise zipfile.BadZipFile("its directory ends too early")
            left, rest, at = left - len(part), rest + part, 0
            while (end := _end_of_entry(rest, at)) is not None:
                at, count = end, count + 1
                if count > self._max_files:
                    raise TooLargeError(
                        f"The input folder has more than {self._max_files:,} files and folders, which is the limit."
                        " Leave out files that the run does not need."
                    )
            yield rest[:at]
            rest = rest[at:]
        if rest:
            raise zipfile.BadZipFile("its directory ends in the middle of an entry")


def _end_of_entry(directory: bytes, start: int) -> int | None:
    """Return where an entry ends; None if it is not complete."""
    if len(directory) < start + 46:
        return None
    if not directory.startswith(b"PK\x01\x02", start):
        raise zipfile.BadZipFile("its directory is damaged")
    end = start + 46 + sum(struct.unpack_from("<3H", directory, start + 28))
    return end if end <= len(directory) else None
