"""Send signed requests to one stack, with retries."""

import os
import platform
import ssl
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from functools import cached_property
from typing import Any, Final
from urllib.parse import quote, urlencode

import httpx

from jupyter_scheduler_aws.api.deadline import remaining_seconds
from jupyter_scheduler_aws.api.retry_policy import RetryableError, RetryPolicy
from jupyter_scheduler_aws.api.signing import RequestSigner
from jupyter_scheduler_aws.errors import (
    URL_VARIABLE,
    ConfigurationError,
    NoUrlError,
    SchedulerApiError,
    SchedulerClientError,
    TooLateError,
    UnexpectedResponseError,
    UnreachableError,
    error_of_response,
)
from jupyter_scheduler_aws.gateway_messages import describe_request, is_expired_login
from jupyter_scheduler_aws.versions import package_version

__all__ = ["RETRYABLE_STATUSES", "S3_RETRYABLE_STATUSES", "Query", "Transport", "find_url", "retry_after_seconds"]

RETRYABLE_STATUSES: Final = frozenset({429, 502, 503, 504})
"""Statuses from a gateway, or from S3, that may go away with a retry."""

S3_RETRYABLE_STATUSES: Final = RETRYABLE_STATUSES | {500}
"""For its InternalError, S3 asks for a retry."""

_TOO_LATE: Final = f"did not respond in time. Check {URL_VARIABLE}, the network and proxy settings."

_LOOPBACK_HOSTS: Final = ("localhost", "127.0.0.1", "[::1]")

_NO_PROXY_FOR_LOOPBACK: Final = {f"all://{host}": None for host in _LOOPBACK_HOSTS}
"""A proxy from the environment cannot reach the local cloud on this machine."""

Query = Sequence[tuple[str, str]]
"""Names and values; a name may occur more than once."""


def find_url(url: str | None) -> str:
    """Return the stage URL, from the argument or else from the environment, without a slash or `/scheduler` at its end.

    Raises
    ------
    NoUrlError
        If neither is set, or it is not a URL.
    """
    found = (url or os.environ.get(URL_VARIABLE, "")).strip()
    if not found:
        raise NoUrlError(
            f"The URL of the stack is not set. Set {URL_VARIABLE} to the stack's output ApiUrl; "
            "for the local cloud: `source .local-cloud/env`.",
            option="url",
        )
    if not _is_url(found):
        raise NoUrlError(
            f"{found!r} is not a URL like https://abc123.execute-api.eu-central-1.amazonaws.com/v1. "
            f"Set {URL_VARIABLE} to the stack's output ApiUrl.",
            option="url",
        )
    return found.rstrip("/").removesuffix("/scheduler").rstrip("/")


def _is_url(text: str) -> bool:
    try:
        url = httpx.URL(text)
    except httpx.InvalidURL:
        return False
    return url.scheme in {"http", "https"} and bool(url.host)


def _trusted_certificates() -> ssl.SSLContext:
    """Load the certificates in `AWS_CA_BUNDLE`, as other AWS tools do, or else the default ones of httpx."""
    bundle = os.environ.get("AWS_CA_BUNDLE")
    if not bundle:
        return httpx.create_ssl_context()
    try:
        return ssl.create_default_context(cafile=bundle)
    except OSError as error:
        raise ConfigurationError(f"The file {bundle} in AWS_CA_BUNDLE cannot be used: {error}.") from error


def _no_certificates() -> ssl.SSLContext:
    """Return a context that trusts nobody, for a URL without TLS: loading certificates takes 27 ms."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _no_response(url: str, error: httpx.RequestError) -> UnreachableError:
    if isinstance(error, httpx.TimeoutException):
        return TooLateError(f"{url} {_TOO_LATE}")
    return UnreachableError(f"{url} {_describe(error)}")


def _describe(error: httpx.RequestError) -> str:
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        return f"has a certificate that is not trusted ({error}). If a proxy replaces certificates, set AWS_CA_BUNDLE to the certificate of the proxy."
    return f"is out of reach: {error}. Check {URL_VARIABLE}, the network and proxy settings."


def retry_after_seconds(response: httpx.Response) -> float | None:
    """Return the delay in the header `Retry-After` [s]; None if it is absent or a date."""
    value = response.headers.get("retry-after", "")
    return float(value) if value.isascii() and value.isdigit() else None


class Transport:
    """Send requests to one stack.

    Parameters
    ----------
    url
        Stage URL, as `find_url` returns it.
    signer
        Signs each request.
    connect_timeout_seconds
        How long to wait for a connection [s].
    timeout_seconds
        How long to wait for a response, or for its next part [s].
    retry_policy
        How often to retry.
    query
        Query parameters of every request.
    """

    def __init__(
        self,
        *,
        url: str,
        signer: RequestSigner,
        connect_timeout_seconds: float,
        timeout_seconds: float,
        retry_policy: RetryPolicy,
        query: Query = (),
    ) -> None:
        self.url = url
        self.query = query
        self.retry_policy = retry_policy
        self._signer = signer
        self._timeout = httpx.Timeout(timeout_seconds, connect=connect_timeout_seconds)
        self._connections = ExitStack()
        self._has_tls = httpx.URL(url).scheme == "https"
        self._http = self._open(_trusted_certificates() if self._has_tls else _no_certificates())

    @cached_property
    def http(self) -> httpx.Client:
        """Does not sign; for presigned URLs."""
        return self._http if self._has_tls else self._open(_trusted_certificates())

    def _open(self, certificates: ssl.SSLContext) -> httpx.Client:
        http = httpx.Client(
            timeout=self._timeout,
            headers={"user-agent": f"jupyter-scheduler-aws/{package_version()} python/{platform.python_version()}"},
            mounts=_NO_PROXY_FOR_LOOPBACK,
            verify=certificates,
        )
        self._connections.callback(http.close)
        return http

    def call(self, method: str, path: str, *, query: Query = (), body: Mapping[str, Any] | None = None) -> Any:
        """Send an idempotent request, and return the decoded response; None if it is empty.

        Parameters
        ----------
        method
            HTTP method.
        path
            Path below `/scheduler`, each part quoted, such as `/jobs`.
        query
            Query parameters.
        body
            Sent as JSON.

        Raises
        ------
        SchedulerClientError
            If JSON or a URL cannot represent the request.
        UnreachableError
            If there is no response.
        SchedulerApiError
            If the service refuses the request.
        UnexpectedResponseError
            If the response is not JSON.
        """
        # botocore signs the URL as it is, and AWS expects %20 where httpx would write a plus.
        text = urlencode([*query, *self.query], quote_via=quote, safe="")
        url = f"{self.url}/scheduler{path}" + (f"?{text}" if text else "")
        maybe_done = False

        def attempt() -> Any:
            nonlocal maybe_done
            was_maybe_done, maybe_done = maybe_done, True
            response = self._send(method, url, body)
            if was_maybe_done and method == "DELETE" and response.status_code == httpx.codes.NOT_FOUND:
                return None  # An earlier attempt deleted it, and its response was lost.
            if response.status_code == httpx.codes.TOO_MANY_REQUESTS:
                maybe_done = was_maybe_done
            return self._read(response, describe_request(method, path))

        return self.retry_policy.run(attempt)

    def close(self) -> None:
        """Close the connections."""
        self._connections.close()

    def _send(self, method: str, url: str, body: Mapping[str, Any] | None) -> httpx.Response:
        try:
            response = self._http.send(self._request(method, url, body), auth=self._signer)
            is_renewed = is_expired_login(response.text) and self._signer.renew(response.request)
            return self._http.send(self._request(method, url, body), auth=self._signer) if is_renewed else response
        except httpx.RequestError as error:
            raise RetryableError(_no_response(self.url, error)) from error

    def _request(self, method: str, url: str, body: Mapping[str, Any] | None) -> httpx.Request:
        try:
            return self._http.build_request(method, url, json=body, timeout=self._timeout_now())
        except (ValueError, httpx.InvalidURL) as error:
            raise SchedulerClientError(
                f"The request cannot be sent: {error}. Numbers must be finite, and texts must be valid Unicode and not too long."
            ) from error

    def _timeout_now(self) -> httpx.Timeout:
        """Return the timeouts of a request that starts now: at most what remains until the deadline.

        Raises
        ------
        RetryableError
            If the deadline is over. No retry follows, because it would be over too.
        """
        remaining = remaining_seconds()
        if remaining is None:
            return self._timeout
        if not remaining:
            raise RetryableError(TooLateError(f"{self.url} {_TOO_LATE}"))
        connect, read = (
            min(seconds or remaining, remaining) for seconds in (self._timeout.connect, self._timeout.read)
        )
        return httpx.Timeout(read, connect=connect)

    def _read(self, response: httpx.Response, what: str) -> Any:
        if response.is_success and not response.content:
            return None
        try:
            document = response.json()
        except ValueError:
            document = None
        if response.is_success and document is not None:
            return document
        error = self._error_of(response, document, what)
        if response.status_code in RETRYABLE_STATUSES:
            raise RetryableError(error, retry_after_seconds=retry_after_seconds(response))
        raise error

    def _error_of(
        self, response: httpx.Response, document: object, what: str
    ) -> SchedulerApiError | UnexpectedResponseError:
        if isinstance(document, Mapping) or response.status_code in RETRYABLE_STATUSES:
            request_id = response.headers.get("x-amzn-requestid")
            return error_of_response(response.status_code, document, request_id=request_id, what=what)
        return UnexpectedResponseError(
            f"{self.url} responded with status {response.status_code}, but the response is not the scheduler's. "
            f"Compare {URL_VARIABLE} with the stack's output ApiUrl."
        )
