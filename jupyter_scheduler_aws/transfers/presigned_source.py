"""The source of a download: a presigned URL, and a new one after it has expired."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import httpx

from jupyter_scheduler_aws.api.response_models import OutputFile
from jupyter_scheduler_aws.api.retry_policy import RetryableError
from jupyter_scheduler_aws.api.transport import S3_RETRYABLE_STATUSES, retry_after_seconds
from jupyter_scheduler_aws.errors import DownloadError

__all__ = ["FileChangedError", "PresignedSource"]

_CHANGED: Final = frozenset({412, 416})
"""The file has changed since the download of its first part."""

_EXPIRED: Final = frozenset({400, 403})
"""S3's statuses for a presigned URL that has expired, or whose signer's session has."""

_CONTENT_RANGE: Final = re.compile(r"bytes (\d+)-\d+/(\d+)")

_AGAIN: Final = "Download the job's files again; the download resumes."


class FileChangedError(Exception):
    """What was downloaded so far, or the part in the response, is not of the current version."""


class PresignedSource:
    """Request a file, or a part of it, once; the caller retries.

    `get_link` returns the file with its URL; called with the one that failed, it returns a new one. `http` does not sign.
    """

    def __init__(self, get_link: Callable[[OutputFile | None], OutputFile], *, http: httpx.Client) -> None:
        self._get_link = get_link
        self._http = http
        self.file = get_link(None)
        """As last listed."""

    @contextmanager
    def get(self, *, start: int = 0, stop: int | None = None, etag: str | None = None) -> Iterator[httpx.Response]:
        """Request a file, or a part of it.

        Parameters
        ----------
        start, stop
            Range of bytes. A server can ignore it, and send the whole file with the status 200.
        etag
            The expected version, as in its header.

        Raises
        ------
        RetryableError
            If a retry may succeed, or if the size is not the listed one.
        FileChangedError
            If there is another version now.
        DownloadError
            If a retry cannot succeed.
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
            raise RetryableError(self.error(f"was interrupted: {str(error) or 'no response in time'}")) from error

    def check_size(self, size_bytes: int) -> None:
        """Raise a `RetryableError` if the listed size differs, and list the file again: a running job may have replaced it."""
        if size_bytes != self.file.size_bytes:
            error = self.error(f"has {size_bytes:,} bytes instead of {self.file.size_bytes:,}")
            self.file = self._get_link(self.file)
            raise RetryableError(error)

    def error(self, what: str, *, advice: str = _AGAIN) -> DownloadError:
        """Return an error with the file's name, what happened, and what to do next."""
        return DownloadError(f"The download of {self.file.path!r} {what}. {advice}")

    def _check_status(self, response: httpx.Response) -> None:
        status = response.status_code
        if response.is_success:
            return
        if status in _CHANGED:
            raise FileChangedError
        error = self.error(f"was refused with status {status}")
        if status in _EXPIRED:
            self.file = self._get_link(self.file)
        elif status not in S3_RETRYABLE_STATUSES:
            raise error
        raise RetryableError(error, retry_after_seconds=retry_after_seconds(response))

    def _check_part(self, response: httpx.Response, start: int, etag: str | None) -> None:
        """Compare the headers with the request, before reading the content."""
        if response.status_code == httpx.codes.PARTIAL_CONTENT:
            match = _CONTENT_RANGE.fullmatch(response.headers.get("content-range", ""))
            if not match or int(match[1]) != start or (etag and response.headers.get("etag", etag) != etag):
                raise FileChangedError
            self.check_size(int(match[2]))
        elif (length := response.headers.get("content-length", "")).isdigit():
            self.check_size(int(length))
