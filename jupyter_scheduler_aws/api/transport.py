"""Signed requests to one stack, repeated where that may help."""

import os
import platform
import ssl
from collections.abc import Mapping, Sequence
from importlib import metadata
from typing import Any, Final
from urllib.parse import quote, urlencode

import httpx

from jupyter_scheduler_aws.api.retry_policy import RepeatError, RetryPolicy
from jupyter_scheduler_aws.api.signing import RequestSigner
from jupyter_scheduler_aws.errors import (
    ConfigurationError,
    NoUrlError,
    SchedulerApiError,
    SchedulerClientError,
    UnexpectedResponseError,
    UnreachableError,
    error_of_response,
)

__all__ = ["REPEATED_STATUSES", "URL_VARIABLE", "Query", "Transport", "asked_delay", "find_url", "own_version"]

URL_VARIABLE: Final = "JUPYTER_SCHEDULER_AWS_URL"
"""Environment variable with the stage URL, the same for client, CLI and JupyterLab."""

REPEATED_STATUSES: Final = frozenset({429, 502, 503, 504})
"""Answers of a gateway, or of S3, that may be different the next time."""

_EXPIRED: Final = "security token included in the request is expired"
"""API Gateway's words for temporary credentials whose time is over."""

_LOOPBACK_HOSTS: Final = ("localhost", "127.0.0.1", "[::1]")

_NO_PROXY_FOR_LOOPBACK: Final = {f"all://{host}": None for host in _LOOPBACK_HOSTS}
"""A proxy in the environment cannot reach this machine's own local cloud."""

Query = Sequence[tuple[str, str]]
"""Names and values; a name may come more than once."""


def own_version() -> str:
    """Give the version of this package; `0` where it is used without being installed."""
    try:
        return metadata.version("jupyter-scheduler-aws")
    except metadata.PackageNotFoundError:
        return "0"


def find_url(url: str | None) -> str:
    """Give the stage URL without a slash or `/scheduler` at the end, from the argument or else from the environment.

    Raises
    ------
    NoUrlError
        If neither says one, or it is not a URL.
    """
    found = (url or os.environ.get(URL_VARIABLE, "")).strip()
    if not found:
        raise NoUrlError(
            f"The URL of the stack is not known. Set {URL_VARIABLE} to the stack's output ApiUrl; "
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


def _trusted_certificates() -> ssl.SSLContext | bool:
    """Give the certificates of `AWS_CA_BUNDLE`, as other AWS tools do, or True for the usual ones."""
    bundle = os.environ.get("AWS_CA_BUNDLE")
    if not bundle:
        return True
    try:
        return ssl.create_default_context(cafile=bundle)
    except OSError as error:
        raise ConfigurationError(f"AWS_CA_BUNDLE names {bundle}, which cannot be used: {error}.") from error


def _reason_of(error: httpx.RequestError) -> str:
    if isinstance(error, httpx.TimeoutException):
        return f"did not answer in time. Check {URL_VARIABLE}, the network and proxy settings."
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        return f"has a certificate that is not trusted ({error}). If a proxy replaces certificates, set AWS_CA_BUNDLE to its own."
    return f"is out of reach: {error}. Check {URL_VARIABLE}, the network and proxy settings."


def asked_delay(response: httpx.Response) -> float | None:
    """Read how long the other side asks to wait [s], if it does so in seconds."""
    value = response.headers.get("retry-after", "")
    return float(value) if value.isascii() and value.isdigit() else None


class Transport:
    """Sends requests to one stack.

    Parameters
    ----------
    url
        Stage URL as `find_url` gives it.
    signer
        Signs each request.
    connect_timeout_seconds
        How long to wait for a connection [s].
    timeout_seconds
        How long to wait for an answer, or for the next part of one [s].
    pace
        How often to repeat.
    query
        Items for the query of every request.
    """

    def __init__(
        self,
        *,
        url: str,
        signer: RequestSigner,
        connect_timeout_seconds: float,
        timeout_seconds: float,
        pace: RetryPolicy,
        query: Query = (),
    ) -> None:
        self.url = url
        self.query = query
        self.pace = pace
        self.http = httpx.Client(
            timeout=httpx.Timeout(timeout_seconds, connect=connect_timeout_seconds),
            headers={"user-agent": f"jupyter-scheduler-aws/{own_version()} python/{platform.python_version()}"},
            mounts=_NO_PROXY_FOR_LOOPBACK,
            verify=_trusted_certificates(),
        )
        """Unsigned; for presigned URLs."""
        self._signer = signer

    def call(self, method: str, path: str, *, query: Query = (), body: Mapping[str, Any] | None = None) -> Any:
        """Send a request that may be repeated with the same effect, and give the decoded answer, None if it is empty.

        Parameters
        ----------
        method
            HTTP method.
        path
            Below `/scheduler`, each part quoted, such as `/jobs`.
        query
            Items of the query.
        body
            Sent as JSON.

        Raises
        ------
        SchedulerClientError
            If the request has something that JSON or a URL cannot have.
        UnreachableError
            If no answer came.
        SchedulerApiError
            If the service refused.
        UnexpectedAnswerError
            If the answer is not JSON.
        """
        # botocore signs what stands in the URL, and AWS wants %20 where httpx would write a plus.
        text = urlencode([*query, *self.query], quote_via=quote, safe="")
        url = f"{self.url}/scheduler{path}" + (f"?{text}" if text else "")
        maybe_done = False

        def step() -> Any:
            nonlocal maybe_done
            was_maybe_done, maybe_done = maybe_done, True
            response = self._send(method, url, body)
            if was_maybe_done and method == "DELETE" and response.status_code == httpx.codes.NOT_FOUND:
                return None  # The answer of the try that deleted it was lost on the way.
            if response.status_code == httpx.codes.TOO_MANY_REQUESTS:
                maybe_done = was_maybe_done
            return self._read(response)

        return self.pace.repeat(step)

    def close(self) -> None:
        """Close the connections."""
        self.http.close()

    def _send(self, method: str, url: str, body: Mapping[str, Any] | None) -> httpx.Response:
        try:
            response = self.http.send(self._request(method, url, body), auth=self._signer)
            is_renewed = _EXPIRED in response.text and self._signer.renew(response.request)
            return self.http.send(self._request(method, url, body), auth=self._signer) if is_renewed else response
        except httpx.RequestError as error:
            raise RepeatError(UnreachableError(f"{self.url} {_reason_of(error)}")) from error

    def _request(self, method: str, url: str, body: Mapping[str, Any] | None) -> httpx.Request:
        try:
            return self.http.build_request(method, url, json=body)
        except (ValueError, httpx.InvalidURL) as error:
            raise SchedulerClientError(
                f"The request cannot be sent: {error}. Numbers must be finite, and texts whole characters and not too long."
            ) from error

    def _read(self, response: httpx.Response) -> Any:
        if response.is_success and not response.content:
            return None
        try:
            document = response.json()
        except ValueError:
            document = None
        if response.is_success and document is not None:
            return document
        refusal = self._refusal(response, document)
        if response.status_code in REPEATED_STATUSES:
            raise RepeatError(refusal, after_seconds=asked_delay(response))
        raise refusal

    def _refusal(self, response: httpx.Response, document: object) -> SchedulerApiError | UnexpectedResponseError:
        if isinstance(document, Mapping) or response.status_code in REPEATED_STATUSES:
            return error_of_response(
                response.status_code, document, request_id=response.headers.get("x-amzn-requestid")
            )
        return UnexpectedResponseError(
            f"{self.url} answered {response.status_code} with something that is not the scheduler's. "
            f"Compare {URL_VARIABLE} with the stack's output ApiUrl."
        )
