"""The HTTP API of the scheduler, as the runner uses it: five routes below the URL of its run (docs/runner-protocol.md)."""

import hashlib
import hmac
import logging
import math
import secrets
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

import requests

from runner.errors import BusyError, RefusedError, RunRevokedError, UnreachableError
from runner.http_sessions import session
from runner.outcomes import clean_text
from runner.retry import backoff_delays
from runner.settings import Intervals, Settings
from runner.work_order import WorkOrder

__all__ = ["SchedulerApi"]

_LOG = logging.getLogger(__name__)
_REVOKED: Final = frozenset({404, 409, 410})
_BUSY: Final = frozenset({429, 500, 502, 503, 504})
_TIMEOUT_SECONDS: Final = (5, 30)
"""Connect and read. API Gateway responds within 29 s (its integration timeout) or not at all."""
_HEARTBEAT_TIMEOUT_SECONDS: Final = (5, 10)
"""A heartbeat is a small write: if it takes longer, the next one is worth more."""
_LONGEST_RETRY_AFTER_SECONDS: Final = 60
"""The limit on `Retry-After`, so that a mistake in a header does not stop a run."""


class SchedulerApi:
    """HTTP client of one run. Safe to use from several threads.

    Parameters
    ----------
    settings
        The URL of the run, and what proves that this is its runner.
    intervals
        How long to retry a request while the service is unreachable or busy.
    """

    def __init__(self, settings: Settings, intervals: Intervals) -> None:
        self._settings = settings
        self._intervals = intervals
        self._instance_id = secrets.token_hex(16)
        self._token = ""
        self._retry_end = -math.inf
        self._hurry_end = math.inf
        self._hurried = threading.Event()

    @property
    def reach_seconds(self) -> float:
        """How long a request that begins now is retried."""
        now = time.monotonic()
        return min(max(self._intervals.retry_seconds, self._retry_end - now), max(0, self._hurry_end - now))

    def retry_until(self, end: float) -> None:
        """From now on, retry requests until this time (of the monotonic clock), if that is longer."""
        self._retry_end = end

    def hurry(self) -> None:
        """From now on, retry requests only for as long as SIGTERM allows. Whatever waits for its next attempt makes it now."""
        self._hurry_end = min(self._hurry_end, time.monotonic() + self._intervals.hurry_seconds)
        self._hurried.set()

    def check_in(self) -> None:
        """Prove that this runner has the runner key and the launch code, without sending them, and keep the session token.

        Raises
        ------
        RunRevokedError, RefusedError, UnreachableError
            As for every route.
        """
        body = {
            "instance_id": self._instance_id,
            "launch": self._settings.launch,
            "key_proof": self._proof(self._settings.runner_key),
            "code_proof": self._proof(self._settings.launch_code),
        }
        self._token = str(self._request_with_retries("POST", "check-in", body)["session_token"])

    def _proof(self, factor: str) -> str:
        run_id = "/".join(self._settings.run_url.rsplit("/", 3)[1:])
        text = f"check-in|{run_id}|{self._settings.launch}|{self._instance_id}"
        return hmac.new(factor.encode(), text.encode(), hashlib.sha256).hexdigest()

    def work_order(self) -> WorkOrder:
        """Return the work order. A repeated request returns a new URL of the input.

        Raises
        ------
        RunRevokedError, RefusedError, UnreachableError
            As for every route.
        """
        return WorkOrder.from_json(self._request_with_retries("GET", "work-order", None))

    def heartbeat(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Send a heartbeat, without retries, because the next one follows soon.

        Returns
        -------
            The `action`, and the `result_form` if the heartbeat asked for one.

        Raises
        ------
        RunRevokedError, RefusedError
            As for every route.
        UnreachableError
            If there was no response.
        """
        return self._request("POST", "heartbeat", body, timeout=_HEARTBEAT_TIMEOUT_SECONDS)

    def output_urls(self, files: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Return a presigned URL to PUT each file to, in the same order; at most 100 files.

        Raises
        ------
        RunRevokedError, RefusedError, UnreachableError
            As for every route.
        """
        urls = self._request_with_retries("POST", "output-urls", {"files": list(files)})["urls"]
        return [dict(url) for url in urls]

    def report(self, body: Mapping[str, Any], *, retry_seconds: float) -> str:
        """Report how the run ended, and retry for some time.

        Returns
        -------
            The new status of the job.

        Raises
        ------
        RunRevokedError, RefusedError, UnreachableError
            As for every route.
        """
        return str(self._request_with_retries("POST", "report", body, retry_seconds).get("status", "unknown"))

    def _request_with_retries(
        self, method: str, route: str, body: Mapping[str, Any] | None, retry_seconds: float | None = None
    ) -> dict[str, Any]:
        """Retry until there is a usable response, for `retry_seconds` or else for as long as the run allows."""
        end = time.monotonic() + (self.reach_seconds if retry_seconds is None else retry_seconds)
        for delay in backoff_delays(total_seconds=math.inf):
            try:
                return self._request(method, route, body)
            except UnreachableError as error:
                left = min(end, self._hurry_end) - time.monotonic()
                if left <= 0:
                    raise
                wanted = max(delay, error.retry_after_seconds) if isinstance(error, BusyError) else delay
                self._wait(min(wanted, left), error)
        raise AssertionError("the delays do not end")

    def _wait(self, seconds: float, error: UnreachableError) -> None:
        _LOG.warning("%s; next attempt in %.1f s", error, seconds)
        if self._hurried.is_set():
            time.sleep(seconds)
        else:
            self._hurried.wait(seconds)

    def _request(
        self,
        method: str,
        route: str,
        body: Mapping[str, Any] | None,
        *,
        timeout: tuple[float, float] = _TIMEOUT_SECONDS,
    ) -> dict[str, Any]:
        headers = {"X-Api-Key": self._settings.api_key}
        if self._token:
            headers["X-Session-Token"] = self._token
        url = f"{self._settings.run_url}/{route}"
        try:
            response = session().request(
                method, url, json=body, headers=headers, timeout=timeout, allow_redirects=False
            )
        except requests.RequestException as error:
            raise UnreachableError(f"{route}: no response from the service ({type(error).__name__})") from error
        return _parse_response(route, response)


def _parse_response(route: str, response: requests.Response) -> dict[str, Any]:
    """Return the body of a successful response; raise the error that another status stands for."""
    message = f"{route}: the service responded {response.status_code} {clean_text(response.text, limit=300)}"
    if response.status_code in _REVOKED:
        raise RunRevokedError(message)
    if response.status_code in _BUSY:
        raise BusyError(message, _retry_after(response))
    if response.status_code != requests.codes.ok:
        raise RefusedError(message, response.status_code)
    try:
        body = response.json()
    except requests.JSONDecodeError as error:
        raise BusyError(f"{route}: the service's response is not JSON") from error
    if not isinstance(body, dict):
        raise BusyError(f"{route}: the service's response is not a JSON object")
    return body


def _retry_after(response: requests.Response) -> float:
    """Return `Retry-After` [s]; 0 for a date, which RFC 9110 also allows: neither the service nor its gateway sends one."""
    value = response.headers.get("Retry-After", "")
    return min(float(value), _LONGEST_RETRY_AFTER_SECONDS) if value.isascii() and value.isdecimal() else 0
