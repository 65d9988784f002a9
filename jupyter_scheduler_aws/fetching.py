"""Fetches one file from a presigned URL, whole, resuming where the line drops."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, Final

import httpx

from jupyter_scheduler_aws.answers import OutputFile
from jupyter_scheduler_aws.errors import DownloadError
from jupyter_scheduler_aws.pace import Pace, RepeatError
from jupyter_scheduler_aws.transport import REPEATED_STATUSES, asked_delay

__all__ = ["Fetch"]

_REPEATED: Final = REPEATED_STATUSES | {500}
"""S3 asks to repeat its InternalError."""

_START_AGAIN: Final = frozenset({412, 416})
"""The file has changed since its first part was fetched."""

_EXPIRED: Final = frozenset({400, 403})
"""S3's answers to a presigned URL whose time, or whose signer's session, is over."""

_CHUNK_BYTES: Final = 256 * 1024


class Fetch:
    """One file on its way.

    Parameters
    ----------
    file
        Open for writing; is empty.
    link
        Gives what to fetch; given the link that failed, gives a new one.
    http
        Sends no signatures.
    pace
        How often to repeat.
    on_bytes
        Called with the number of bytes that are there, after each part; may raise to end the fetch.
    """

    def __init__(
        self,
        file: IO[bytes],
        *,
        link: Callable[[OutputFile | None], OutputFile],
        http: httpx.Client,
        pace: Pace,
        on_bytes: Callable[[int], None],
    ) -> None:
        self._file = file
        self._renew = link
        self._link = link(None)
        self._http = http
        self._pace = pace
        self._on_bytes = on_bytes
        self._etag: str | None = None

    def run(self) -> None:
        """Fetch the file.

        Raises
        ------
        DownloadError
            If it did not arrive whole, however often it was tried.
        """
        self._pace.repeat(self._step)

    def _step(self) -> None:
        with self._response() as response:
            self._check(response)
            if response.status_code != httpx.codes.PARTIAL_CONTENT:
                self._start_again()
            self._etag = response.headers.get("etag")
            for chunk in response.iter_raw(_CHUNK_BYTES):
                self._file.write(chunk)
                self._on_bytes(self._file.tell())
        if self._file.tell() != self._link.size_bytes:
            got = self._file.tell()
            self._start_again()
            # A file of a running job may have been written anew since it was listed.
            error = self._error(f"has {got:,} bytes instead of {self._link.size_bytes:,}")
            self._link = self._renew(self._link)
            raise RepeatError(error)

    @contextmanager
    def _response(self) -> Iterator[httpx.Response]:
        headers = {"accept-encoding": "identity"}
        if self._etag and self._file.tell():
            headers |= {"range": f"bytes={self._file.tell()}-", "if-match": self._etag}
        try:
            with self._http.stream("GET", self._link.url, headers=headers) as response:
                yield response
        except httpx.RequestError as error:
            raise RepeatError(self._error(f"broke off: {str(error) or 'no answer in time'}")) from error

    def _check(self, response: httpx.Response) -> None:
        status = response.status_code
        if response.is_success:
            return
        error = self._error(f"was refused with status {status}")
        if status in _START_AGAIN:
            self._start_again()
        elif status in _EXPIRED:
            self._link = self._renew(self._link)
        elif status not in _REPEATED:
            raise error
        raise RepeatError(error, after_seconds=asked_delay(response))

    def _start_again(self) -> None:
        self._file.seek(0)
        self._file.truncate()
        self._etag = None

    def _error(self, what: str) -> DownloadError:
        return DownloadError(f"The download of {self._link.path!r} {what}. Try again with `nbjobs download`.")
