"""Download from and upload to presigned URLs."""

import errno
import logging
import os
import stat
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import BinaryIO, Final

import requests

from runner.errors import TransferError
from runner.http_sessions import session
from runner.outcomes import clean_text
from runner.outputs import open_plain
from runner.retry import backoff_delays

__all__ = ["download", "upload", "upload_form"]

_LOG = logging.getLogger(__name__)
_TIMEOUT_SECONDS: Final = (5, 60)
"""Connect, and the longest pause while bytes flow."""
_CHUNK_BYTES: Final = 1 << 20
_STORED: Final = frozenset({200, 201, 204})
_PERMANENT: Final = frozenset({400, 403, 404, 411, 413, 501})
"""Statuses of S3 that a retry gets again. An expired URL also gets 403."""


def download(url: str, target: Path, *, size_bytes: int, check: Callable[[], None]) -> None:
    """Download an object, without retries, and check its size.

    Parameters
    ----------
    url
        The URL to GET.
    target
        The file to write.
    size_bytes
        The expected size.
    check
        Called between chunks; raises an error to cancel the download.

    Raises
    ------
    TransferError
        If the status is not 200, the connection broke (no status), or the complete object has another size (status 200).
    """
    received = 0
    try:
        with session().get(url, stream=True, timeout=_TIMEOUT_SECONDS) as response:
            if response.status_code != requests.codes.ok:
                raise TransferError(f"the store of the input responded {_describe(response)}", response.status_code)
            with target.open("wb") as file:
                for chunk in response.iter_content(_CHUNK_BYTES):
                    check()
                    received += file.write(chunk)
                    if received > size_bytes:
                        break
    except requests.RequestException as error:
        raise TransferError(f"the download of the input was interrupted ({type(error).__name__})") from error
    if received != size_bytes:
        count = f"more than {size_bytes}" if received > size_bytes else f"{received}"
        raise TransferError(f"the input has {count} bytes, expected {size_bytes}", response.status_code)


def upload(source: Path | bytes, *, url: str, headers: Mapping[str, str], retry_seconds: float) -> int:
    """Upload a file or bytes with PUT, and retry while the store is unreachable.

    Parameters
    ----------
    source
        What to send; a file is streamed.
    url, headers
        As the service returned them.
    retry_seconds
        How long to retry; 0 for one attempt.

    Returns
    -------
        The number of bytes sent.

    Raises
    ------
    TransferError
        If the store refuses the upload, or stays unreachable.
    OSError
        If the file cannot be read.
    """
    for delay in backoff_delays(total_seconds=retry_seconds):
        try:
            return _put(source, url, headers)
        except TransferError as error:
            if error.status in _PERMANENT:
                raise
            _LOG.warning("%s; next attempt in %.1f s", error, delay)
            time.sleep(delay)
    return _put(source, url, headers)


def upload_form(data: bytes, *, url: str, fields: Mapping[str, str]) -> None:
    """Upload bytes with a presigned form, without retries.

    Raises
    ------
    TransferError
        If the store refuses the upload, or does not respond.
    """
    try:
        response = session().post(url, data=fields, files={"file": data}, timeout=_TIMEOUT_SECONDS)
    except requests.RequestException as error:
        raise TransferError(f"the upload was interrupted ({type(error).__name__})") from error
    if response.status_code not in _STORED:
        raise TransferError(f"the store responded {_describe(response)}", response.status_code)


def _put(source: Path | bytes, url: str, headers: Mapping[str, str]) -> int:
    try:
        if isinstance(source, bytes):
            response = session().put(url, data=source, headers=headers, timeout=_TIMEOUT_SECONDS)
            size = len(source)
        else:
            with open(source, "rb", opener=open_plain) as file:
                size = _size_of(file)
                # requests would send an empty file in chunks, without a length, which S3 does not accept.
                data = _Content(file, size) if size else b""
                response = session().put(url, data=data, headers=headers, timeout=_TIMEOUT_SECONDS)
    except requests.RequestException as error:
        raise TransferError(f"the upload was interrupted ({type(error).__name__})") from error
    if response.status_code not in _STORED:
        raise TransferError(f"the store responded {_describe(response)}", response.status_code)
    return size


class _Content:
    """The content of a file, with the length that the request declares even if the file grows. If it shrinks, `read` raises OSError."""

    def __init__(self, file: BinaryIO, size_bytes: int) -> None:
        self._file = file
        self._size_bytes = self._left = size_bytes

    def __len__(self) -> int:
        return self._size_bytes

    def read(self, size: int = -1) -> bytes:
        chunk = self._file.read(self._left if size < 0 else min(size, self._left))
        if not chunk and self._left:
            raise OSError(errno.EIO, "it became shorter during the upload")
        self._left -= len(chunk)
        return chunk


def _size_of(file: BinaryIO) -> int:
    state = os.fstat(file.fileno())
    if not stat.S_ISREG(state.st_mode):
        raise OSError(errno.EINVAL, "it is no longer a regular file")
    return state.st_size


def _describe(response: requests.Response) -> str:
    redirect = " (a redirect, which is not followed)" if response.is_redirect else ""
    return f"{response.status_code}{redirect} {clean_text(response.text, limit=200)}"
