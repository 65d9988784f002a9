"""Download one member of a zip in S3, with range requests for little more than that member."""

import io
import posixpath
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import IO, Any, Final

import httpx
from typing_extensions import override

from jupyter_scheduler_aws.api.retry_policy import RetryableError, RetryPolicy
from jupyter_scheduler_aws.transfers.partial_files import PartialFile
from jupyter_scheduler_aws.transfers.presigned_source import FileChangedError, PresignedSource

__all__ = ["download_member"]

_TAIL_BYTES: Final = 64 * 1024
"""Size of the first request: the end of a zip holds its directory, which fits for about 600 files."""

_BLOCK_BYTES: Final = 256 * 1024
"""Size of the following requests: most notebooks are smaller."""

_MAX_IN_MEMORY_BYTES: Final = 32 * 1024 * 1024
"""If a server ignores ranges, a larger zip goes to a temporary file."""

_MAX_DIRECTORY_BYTES: Final = 64 * 1024 * 1024
_MAX_ENTRIES: Final = 100_000
"""The largest directory that the service accepts in any configuration. `zipfile` needs about 700 bytes for each entry."""

_MAX_NOTEBOOK_BYTES: Final = 100 * 1024 * 1024
"""The largest notebook that an operator can allow."""

_BROKEN: Final = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, OSError)
"""What `zipfile` raises for a zip that is corrupt, encrypted, or uses an unknown compression."""

_ADVICE: Final = "Download the whole zip: `nbjobs download --with-input`."


def download_member(
    part: PartialFile,
    source: PresignedSource,
    name: str,
    *,
    retry_policy: RetryPolicy,
    on_bytes: Callable[[int], None],
) -> int:
    """Download a member of a zip, verify its CRC, move it to its target, and return its size [B].

    `on_bytes` is called with the number of bytes so far, after each chunk; it can raise to stop the download.

    Raises
    ------
    DownloadError
        If the zip is corrupt, has no such member, or cannot be downloaded after all retries.
    """

    def attempt() -> int:
        part.start(None)
        try:
            for chunk in _read(source, name, retry_policy):
                part.write(chunk)
                on_bytes(part.offset)
        except FileChangedError:
            raise RetryableError(source.error("failed because the file keeps changing")) from None
        size = part.offset
        if not part.finish():
            raise RetryableError(source.error("was overtaken by another download"))
        return size

    return retry_policy.run(attempt)


def _read(source: PresignedSource, name: str, retry_policy: RetryPolicy) -> Iterator[bytes]:
    """Yield a member in chunks. Errors of `zipfile` become a `DownloadError`; errors of the caller do not."""
    try:
        with (
            RemoteFile(source, retry_policy) as raw,
            _BoundedReader(raw, _BLOCK_BYTES) as file,
            zipfile.ZipFile(file) as package,
            package.open(_check_size(_find(package, name))) as member,
        ):
            while chunk := member.read(_BLOCK_BYTES):
                yield chunk
    except KeyError:
        raise source.error(f"failed because the zip has no {name!r} in it", advice=_ADVICE) from None
    except _BROKEN as error:
        raise source.error(f"failed because the zip cannot be read ({error})", advice=_ADVICE) from error


def _find(package: zipfile.ZipFile, name: str) -> zipfile.ZipInfo:
    """Find the notebook, which other tools than this client may have stored as `./name`."""
    found = next((member for member in package.infolist() if posixpath.normpath(member.filename) == name), None)
    return found or package.getinfo(name)


def _check_size(member: zipfile.ZipInfo) -> zipfile.ZipInfo:
    if member.file_size > _MAX_NOTEBOOK_BYTES:
        raise zipfile.BadZipFile(f"{member.filename!r} has {member.file_size:,} bytes")
    return member


class _BoundedReader(io.BufferedReader):
    """Limit the size of a zip's directory, which `zipfile` reads at once, creating an object for each entry."""

    @override
    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > _MAX_DIRECTORY_BYTES:
            raise zipfile.BadZipFile(f"its directory has {size:,} bytes")
        data = super().read(size)
        if data.count(b"PK\x01\x02") > _MAX_ENTRIES:
            raise zipfile.BadZipFile(f"it has more than {_MAX_ENTRIES:,} entries")
        return data


class RemoteFile(io.RawIOBase):
    """A seekable file in S3. Each read is a request, except in its last part.

    Every read raises a `DownloadError` if the requests fail, and `FileChangedError` if the file has changed.
    """

    def __init__(self, source: PresignedSource, retry_policy: RetryPolicy) -> None:
        super().__init__()
        self._source = source
        self._retry_policy = retry_policy
        self._position = 0
        self._etag: str | None = None
        self._whole: IO[bytes] | None = None
        size = source.file.size_bytes
        self._tail_start = max(0, size - _TAIL_BYTES)
        self._tail = self._download(self._tail_start, size) if size else b""

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
            raise OSError("The position is negative.")
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
            data = self._download(start, min(start + len(buffer), self._tail_start))
        buffer[: len(data)] = data
        self._position += len(data)
        return len(data)

    @override
    def close(self) -> None:
        if self._whole:
            self._whole.close()
        super().close()

    def _download(self, start: int, stop: int) -> bytes:
        data = b"" if self._whole else self._retry_policy.run(lambda: self._request(start, stop))
        if self._whole:
            self._whole.seek(start)
            data = self._whole.read(stop - start)
        if len(data) != stop - start:
            raise FileChangedError
        return data

    def _request(self, start: int, stop: int) -> bytes:
        with self._source.get(start=start, stop=stop, etag=self._etag) as response:
            if response.status_code == httpx.codes.PARTIAL_CONTENT:
                self._etag = response.headers.get("etag")
                return b"".join(_limited(stop - start, response))
            self._whole = _download_whole(self._source.file.size_bytes, response)
            return b""


def _limited(size_bytes: int, response: httpx.Response) -> Iterator[bytes]:
    """Yield the response, and stop after the first excess chunk: a server that sends more than the range might never stop."""
    left = size_bytes
    for chunk in response.iter_raw():
        yield chunk
        left -= len(chunk)
        if left < 0:
            return


def _download_whole(size_bytes: int, response: httpx.Response) -> IO[bytes]:
    """Download the whole file from a server, or a proxy, that ignores ranges."""
    file = tempfile.SpooledTemporaryFile(max_size=_MAX_IN_MEMORY_BYTES)  # noqa: SIM115 - the caller closes it
    try:
        file.writelines(_limited(size_bytes, response))
    except BaseException:
        file.close()
        raise
    return file
