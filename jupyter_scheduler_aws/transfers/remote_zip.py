"""Takes one member out of a zip that is in S3, fetching little more than that member."""

import io
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import IO, Any, Final

import httpx
from typing_extensions import override

from jupyter_scheduler_aws.api.retry_policy import RepeatError, RetryPolicy
from jupyter_scheduler_aws.transfers.partial_files import Part
from jupyter_scheduler_aws.transfers.presigned_source import ChangedError, Source

__all__ = ["fetch_member"]

_TAIL_BYTES: Final = 64 * 1024
"""Fetched at first: the end of a zip says what is in it, for some 600 files within so many bytes."""

_BLOCK_BYTES: Final = 256 * 1024
"""Fetched at a time after that: most notebooks are smaller."""

_KEPT_IN_MEMORY_BYTES: Final = 32 * 1024 * 1024
"""A larger zip goes to a temporary file, where a server sends nothing but the whole."""

_MOST_DIRECTORY_BYTES: Final = 64 * 1024 * 1024
_MOST_ENTRIES: Final = 100_000
"""The largest directory that the service takes, whatever its operator allows. `zipfile` makes some 700 bytes of each entry."""

_MOST_NOTEBOOK_BYTES: Final = 100 * 1024 * 1024
"""The largest notebook that an operator may allow."""

_BROKEN: Final = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, OSError)
"""What `zipfile` raises for a zip that is broken, encrypted, or packed in a way that it does not know."""

_WHOLE: Final = "Look at the whole of it: `nbjobs download --with-input`."


def fetch_member(part: Part, source: Source, name: str, *, pace: RetryPolicy, on_bytes: Callable[[int], None]) -> int:
    """Fetch a member of a zip, put it in its place, and give its size [B]. Its CRC is verified.

    Parameters
    ----------
    part
        Takes the member.
    source
        Where the zip comes from.
    name
        The member.
    pace
        How often to repeat.
    on_bytes
        Called with the number of bytes that are there, after each part; may raise to end the fetch.

    Raises
    ------
    DownloadError
        If the zip is broken, has no such member, or did not arrive, however often it was tried.
    """

    def step() -> int:
        part.begin(None)
        try:
            for chunk in _read(source, name, pace):
                part.write(chunk)
                on_bytes(part.offset)
        except ChangedError:
            raise RepeatError(source.error("met a file that changes all the time")) from None
        size = part.offset
        if not part.land():
            raise RepeatError(source.error("was overtaken by another download"))
        return size

    return pace.repeat(step)


def _read(source: Source, name: str, pace: RetryPolicy) -> Iterator[bytes]:
    """Give a member in chunks; the errors of `zipfile` are made readable, those of whoever takes the chunks left alone."""
    try:
        with (
            RemoteFile(source, pace) as raw,
            _BoundedReader(raw, _BLOCK_BYTES) as file,
            zipfile.ZipFile(file) as package,
            package.open(_small_enough(package.getinfo(name))) as member,
        ):
            while chunk := member.read(_BLOCK_BYTES):
                yield chunk
    except KeyError:
        raise source.error(f"brought a zip that has no {name!r} in it", then=_WHOLE) from None
    except _BROKEN as error:
        raise source.error(f"brought a zip that cannot be read ({error})", then=_WHOLE) from error


def _small_enough(member: zipfile.ZipInfo) -> zipfile.ZipInfo:
    if member.file_size > _MOST_NOTEBOOK_BYTES:
        raise zipfile.BadZipFile(f"{member.filename!r} has {member.file_size:,} bytes in it")
    return member


class _BoundedReader(io.BufferedReader):
    """A buffered reader for `zipfile`, which reads a directory at once and makes an object of each of its entries."""

    @override
    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > _MOST_DIRECTORY_BYTES:
            raise zipfile.BadZipFile(f"its directory has {size:,} bytes")
        data = super().read(size)
        if data.count(b"PK\x01\x02") > _MOST_ENTRIES:
            raise zipfile.BadZipFile(f"it has more than {_MOST_ENTRIES:,} entries")
        return data


class RemoteFile(io.RawIOBase):
    """A file in S3 to be read anywhere; each read is a request, but for those in its last part.

    Every read raises a `DownloadError` if the file does not arrive, and `ChangedError` if it is another by now.

    Parameters
    ----------
    source
        Where the file comes from.
    pace
        How often to repeat.
    """

    def __init__(self, source: Source, pace: RetryPolicy) -> None:
        super().__init__()
        self._source = source
        self._pace = pace
        self._position = 0
        self._etag: str | None = None
        self._whole: IO[bytes] | None = None
        size = source.file.size_bytes
        self._tail_start = max(0, size - _TAIL_BYTES)
        self._tail = self._fetch(self._tail_start, size) if size else b""

    @override
    def readable(self) -> bool:
        return True

    @override
    def seekable(self) -> bool:
        return True

    @override
    def tell(self) -> int:
        return self._position

    @override
    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        size = self._source.file.size_bytes
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: size}[whence]
        if base + offset < 0:
            raise OSError("A position before the beginning.")
        self._position = base + offset
        return self._position

    @override
    def readinto(self, buffer: Any) -> int:
        start, size = self._position, self._source.file.size_bytes
        if start >= size:
            return 0
        if start >= self._tail_start:
            data = self._tail[start - self._tail_start :][: len(buffer)]
        else:
            data = self._fetch(start, min(start + len(buffer), self._tail_start))
        buffer[: len(data)] = data
        self._position += len(data)
        return len(data)

    @override
    def close(self) -> None:
        if self._whole:
            self._whole.close()
        super().close()

    def _fetch(self, start: int, stop: int) -> bytes:
        data = b"" if self._whole else self._pace.repeat(lambda: self._request(start, stop))
        if self._whole:
            self._whole.seek(start)
            data = self._whole.read(stop - start)
        if len(data) != stop - start:
            raise ChangedError
        return data

    def _request(self, start: int, stop: int) -> bytes:
        with self._source.get(start=start, stop=stop, etag=self._etag) as response:
            if response.status_code == httpx.codes.PARTIAL_CONTENT:
                self._etag = response.headers.get("etag")
                return b"".join(_no_more_than(stop - start, response))
            self._whole = _keep(self._source.file.size_bytes, response)
            return b""


def _no_more_than(size_bytes: int, response: httpx.Response) -> Iterator[bytes]:
    """Give what comes, and stop at the first chunk that is too much: whoever sends more than was asked for may never end."""
    left = size_bytes
    for chunk in response.iter_raw():
        yield chunk
        left -= len(chunk)
        if left < 0:
            return


def _keep(size_bytes: int, response: httpx.Response) -> IO[bytes]:
    """Take all of a file from a server, or a proxy, that does not give parts."""
    file = tempfile.SpooledTemporaryFile(max_size=_KEPT_IN_MEMORY_BYTES)  # noqa: SIM115 - who asked closes it
    try:
        file.writelines(_no_more_than(size_bytes, response))
    except BaseException:
        file.close()
        raise
    return file
