"""Fetches one file from a presigned URL, whole and verified, going on where the line dropped."""

import re
from collections.abc import Callable
from typing import Final

import httpx

from jupyter_scheduler_aws.api.retry_policy import RepeatError, RetryPolicy
from jupyter_scheduler_aws.errors import DownloadError
from jupyter_scheduler_aws.transfers.partial_files import Part
from jupyter_scheduler_aws.transfers.presigned_source import ChangedError, Source

__all__ = ["fetch"]

_CHUNK_BYTES: Final = 256 * 1024

_MD5: Final = re.compile(r'"([0-9a-f]{32})"')

_ENCRYPTION: Final = "x-amz-server-side-encryption"


def fetch(part: Part, source: Source, *, pace: RetryPolicy, on_bytes: Callable[[int], None]) -> int:
    """Fetch a file, put it in its place, and give its size [B].

    Parameters
    ----------
    part
        Takes what arrives; what it has from before is not fetched again.
    source
        Where the file comes from.
    pace
        How often to repeat.
    on_bytes
        Called with the number of bytes that are there, after each part; may raise to end the fetch.

    Raises
    ------
    DownloadError
        If it did not arrive whole, however often it was tried.
    """
    part.take_up(source.file.size_bytes)
    return pace.repeat(lambda: _step(part, source, on_bytes))


def _step(part: Part, source: Source, on_bytes: Callable[[int], None]) -> int:
    try:
        md5 = _receive(part, source, on_bytes)
    except ChangedError:
        part.discard()
        raise RepeatError(source.error("met a file that changes all the time")) from None
    except DownloadError:
        part.discard()
        raise
    if (size := part.offset) != source.file.size_bytes:
        part.discard()
        source.check_size(size)
    if md5 not in (None, part.md5):
        part.discard()
        raise RepeatError(source.error("brought other bytes than were stored (their MD5 differs)"))
    if not part.land():
        raise RepeatError(source.error("was overtaken by another download"))
    return size


def _receive(part: Part, source: Source, on_bytes: Callable[[int], None]) -> str | None:
    """Write what comes, and give the MD5 that it has to have, if S3 says it."""
    with source.get(start=part.offset, etag=part.etag) as response:
        if response.status_code == httpx.codes.PARTIAL_CONTENT:
            part.remove_others()
        else:
            part.begin(response.headers.get("etag"))
        for chunk in response.iter_raw(_CHUNK_BYTES):
            part.write(chunk)
            on_bytes(part.offset)
            if part.offset > source.file.size_bytes:
                break  # whoever sends more than was listed may never end
        return _md5_of(response)


def _md5_of(response: httpx.Response) -> str | None:
    """Read the content's MD5 from its ETag.

    An ETag is one if the object was not uploaded in parts (then it has a `-`) and is encrypted with S3's own keys or not
    at all (S3 API Reference, "Object", ETag).
    """
    if response.headers.get(_ENCRYPTION, "AES256") != "AES256":
        return None
    if f"{_ENCRYPTION}-customer-algorithm" in response.headers:
        return None
    match = _MD5.fullmatch(response.headers.get("etag", ""))
    return match[1] if match else None
