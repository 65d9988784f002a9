"""Where a file comes from: a presigned URL, and a new one when that has expired."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import httpx

from jupyter_scheduler_aws.api.response_models import OutputFile
from jupyter_scheduler_aws.api.retry_policy import RepeatError
from jupyter_scheduler_aws.api.transport import REPEATED_STATUSES, asked_delay
from jupyter_scheduler_aws.errors import DownloadError

__all__ = ["ChangedError", "Source"]

_REPEATED: Final = REPEATED_STATUSES | {500}
"""S3 asks to repeat its InternalError."""

_CHANGED: Final = frozenset({412, 416})
"""The file has changed since its first part was fetched."""

_EXPIRED: Final = frozenset({400, 403})
"""S3's answers to a presigned URL whose time, or whose signer's session, is over."""

_CONTENT_RANGE: Final = re.compile(r"bytes (\d+)-\d+/(\d+)")

_AGAIN: Final = "Download the job's files again: what has arrived is kept."


class ChangedError(Exception):
    """What was fetched so far, or the part that came, is not of the version that is there now."""


class Source:
    """Gets a file, or a part of it, once; whoever calls repeats it.

    Parameters
    ----------
    link
        Gives what to fetch; given the link that failed, gives a new one.
    http
        Sends no signatures.
    """

    def __init__(self, link: Callable[[OutputFile | None], OutputFile], *, http: httpx.Client) -> None:
        self._renew = link
        self._http = http
        self.file = link(None)
        """As it was listed last."""

    @contextmanager
    def get(self, *, start: int = 0, stop: int | None = None, etag: str | None = None) -> Iterator[httpx.Response]:
        """Ask for a file, or for a part of it if its version is known or `stop` is given.

        Parameters
        ----------
        start, stop
            Which bytes; a server may send all the same, with the status 200.
        etag
            The version that is wanted, as its header had it.

        Raises
        ------
        RepeatError
            If it may succeed when it is repeated, or if the size is not what was listed.
        ChangedError
            If there is another version.
        DownloadError
            If it was refused for good.
        """
        headers = {"accept-encoding": "identity"}
        if start or stop is not None:
            headers["range"] = f"bytes={start}-" + ("" if stop is None else str(stop - 1))
            headers |= {"if-match": etag} if etag else {}
        try:
            with self._http.stream("GET", self.file.url, headers=headers) as response:
                self._check_status(response)
                self._check_part(response, start, etag)
                yield response
        except httpx.RequestError as error:
            raise RepeatError(self.error(f"broke off: {str(error) or 'no response in time'}")) from error

    def check_size(self, size_bytes: int) -> None:
        """Compare with the listed size; a file of a running job may have been written anew, so list it again.

        Raises
        ------
        RepeatError
            If it is another.
        """
        if size_bytes != self.file.size_bytes:
            error = self.error(f"has {size_bytes:,} bytes instead of {self.file.size_bytes:,}")
            self.file = self._renew(self.file)
            raise RepeatError(error)

    def error(self, what: str, *, then: str = _AGAIN) -> DownloadError:
        """Make an error that names the file and says what happened to it, and what to do then."""
        return DownloadError(f"The download of {self.file.path!r} {what}. {then}")

    def _check_status(self, response: httpx.Response) -> None:
        status = response.status_code
        if response.is_success:
            return
        if status in _CHANGED:
            raise ChangedError
        error = self.error(f"was refused with status {status}")
        if status in _EXPIRED:
            self.file = self._renew(self.file)
        elif status not in _REPEATED:
            raise error
        raise RepeatError(error, after_seconds=asked_delay(response))

    def _check_part(self, response: httpx.Response, start: int, etag: str | None) -> None:
        """Compare what is announced with what was asked for, before a byte of it is taken."""
        if response.status_code == httpx.codes.PARTIAL_CONTENT:
            match = _CONTENT_RANGE.fullmatch(response.headers.get("content-range", ""))
            if not match or int(match[1]) != start or (etag and response.headers.get("etag", etag) != etag):
                raise ChangedError
            self.check_size(int(match[2]))
        elif (length := response.headers.get("content-length", "")).isdigit():
            self.check_size(int(length))
