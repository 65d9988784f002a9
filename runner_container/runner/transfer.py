"""Moving bytes to and from presigned addresses."""

import logging
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import requests

from runner.errors import TransferError
from runner.http_sessions import session
from runner.outcomes import clean_text
from runner.scheduler_api import pauses

__all__ = ["download", "put"]

_LOG = logging.getLogger(__name__)
_TIMEOUT_SECONDS: Final = (5, 60)
"""Connect, and longest silence while bytes flow."""
_CHUNK_BYTES: Final = 1 << 20
_LASTING: Final = frozenset({400, 403, 404, 411, 413, 501})
"""Answers of S3 that the same request gets again; 403 is also what an expired address gets."""


def download(url: str, target: Path, *, size_bytes: int, check: Callable[[], None]) -> None:
    """Get an object, once, and check its size.

    Parameters
    ----------
    url
        Where to GET it.
    target
        The file to write.
    size_bytes
        The size that it must have.
    check
        Called between parts; raises to break off.

    Raises
    ------
    TransferError
        If the answer is not 200, the connection broke (no status), or a whole answer has another size (status 200).
    """
    received = 0
    try:
        with session().get(url, stream=True, timeout=_TIMEOUT_SECONDS) as response:
            if response.status_code != requests.codes.ok:
                raise TransferError(f"the input's store answered {_said(response)}", response.status_code)
            with target.open("wb") as file:
                for chunk in response.iter_content(_CHUNK_BYTES):
                    check()
                    received += file.write(chunk)
                    if received > size_bytes:
                        break
    except requests.RequestException as error:
        raise TransferError(f"the input's download broke off ({type(error).__name__})") from error
    if received != size_bytes:
        told = f"more than {size_bytes}" if received > size_bytes else f"{received}"
        raise TransferError(f"the input has {told} bytes where {size_bytes} were promised", response.status_code)


def put(source: Path | bytes, *, url: str, headers: Mapping[str, str], for_seconds: float) -> int:
    """PUT a file or bytes, repeated while the store is out of reach.

    Parameters
    ----------
    source
        What to send; a file is streamed.
    url, headers
        As the service gave them.
    for_seconds
        How long to repeat; 0 for one try.

    Returns
    -------
        The number of bytes sent.

    Raises
    ------
    TransferError
        If the store refuses, or stays out of reach.
    OSError
        If the file cannot be read.
    """
    for pause in pauses(for_seconds=for_seconds):
        try:
            return _put_once(source, url, headers)
        except TransferError as error:
            if error.status in _LASTING:
                raise
            _LOG.warning("%s; next try in %.1f s", error, pause)
            time.sleep(pause)
    return _put_once(source, url, headers)


def _put_once(source: Path | bytes, url: str, headers: Mapping[str, str]) -> int:
    try:
        if isinstance(source, bytes):
            response = session().put(url, data=source, headers=headers, timeout=_TIMEOUT_SECONDS)
            size = len(source)
        else:
            size = source.stat().st_size
            with source.open("rb") as file:
                # An empty file would be sent in chunks, without a length, which S3 does not take.
                response = session().put(url, data=file if size else b"", headers=headers, timeout=_TIMEOUT_SECONDS)
    except requests.RequestException as error:
        raise TransferError(f"the upload broke off ({type(error).__name__})") from error
    if response.status_code not in (requests.codes.ok, requests.codes.no_content, requests.codes.created):
        raise TransferError(f"the store answered {_said(response)}", response.status_code)
    return size


def _said(response: requests.Response) -> str:
    elsewhere = " (another address, and nobody is followed there)" if response.is_redirect else ""
    return f"{response.status_code}{elsewhere} {clean_text(response.text, limit=200)}"
