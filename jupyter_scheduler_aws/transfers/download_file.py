"""Download one file from a presigned URL: complete, verified, and resumed after a dropped connection."""

import re
from collections.abc import Callable
from typing import Final

import httpx

from jupyter_scheduler_aws.api.retry_policy import RetryableError, RetryPolicy
from jupyter_scheduler_aws.errors import DownloadError
from jupyter_scheduler_aws.transfers.partial_files import PartialFile
from jupyter_scheduler_aws.transfers.presigned_source import FileChangedError, PresignedSource

__all__ = ["download_file"]

_CHUNK_BYTES: Final = 256 * 1024

_MD5: Final = re.compile(r'"([0-9a-f]{32})"')

_ENCRYPTION: Final = "x-amz-server-side-encryption"


def download_file(
    part: PartialFile, source: PresignedSource, *, retry_policy: RetryPolicy, on_bytes: Callable[[int], None]
) -> int:
    """Download a file, resuming its partial file, move it to its target, and return its size [B].

    `on_bytes` is called with the number of bytes so far, after each chunk; it can raise to stop the download.

    Raises
    ------
    DownloadError
        If the file is not complete after all retries.
    """
    part.resume(source.file.size_bytes)
    return retry_policy.run(lambda: _attempt(part, source, on_bytes))


def _attempt(part: PartialFile, source: PresignedSource, on_bytes: Callable[[int], None]) -> int:
    try:
        md5 = _receive(part, source, on_bytes)
    except FileChangedError:
        part.discard()
        raise RetryableError(source.error("failed because the file keeps changing")) from None
    except DownloadError:
        part.discard()
        raise
    if (size := part.offset) != source.file.size_bytes:
        part.discard()
        source.check_size(size)
    if md5 not in (None, part.md5):
        part.discard()
        raise RetryableError(source.error("returned other bytes than were stored (their MD5 differs)"))
    if not part.finish():
        raise RetryableError(source.error("was overtaken by another download"))
    return size


def _receive(part: PartialFile, source: PresignedSource, on_bytes: Callable[[int], None]) -> str | None:
    """Write the response, and return the MD5 that S3 states for the content, if any."""
    with source.get(start=part.offset, etag=part.etag) as response:
        if response.status_code == httpx.codes.PARTIAL_CONTENT:
            part.remove_other_versions()
        else:
            part.start(response.headers.get("etag"))
        for chunk in response.iter_raw(_CHUNK_BYTES):
            part.write(chunk)
            on_bytes(part.offset)
            if part.offset > source.file.size_bytes:
                break  # a server that sends more than the listed size might never stop
        return _md5_of(response)


def _md5_of(response: httpx.Response) -> str | None:
    """Return the content's MD5 from its ETag, or None if the ETag is not an MD5.

    It is an MD5 if the object was not a multipart upload (then it has a `-`) and is encrypted with S3's own keys or not
    at all (S3 API Reference, "Object", ETag).
    """
    if response.headers.get(_ENCRYPTION, "AES256") != "AES256":
        return None
    if f"{_ENCRYPTION}-customer-algorithm" in response.headers:
        return None
    match = _MD5.fullmatch(response.headers.get("etag", ""))
    return match[1] if match else None
