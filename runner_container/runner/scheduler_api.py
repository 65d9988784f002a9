"""The service, as the runner sees it: five routes under the address of its run (docs/runner-protocol.md)."""

import hashlib
import hmac
import logging
import random
import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

import requests

from runner.errors import BusyError, NotMyRunError, RefusedError, UnreachableError
from runner.http_sessions import session
from runner.outcomes import clean_text
from runner.settings import Intervals, Settings
from runner.work_order import WorkOrder

__all__ = ["Service", "pauses"]

_LOG = logging.getLogger(__name__)
_NOT_MY_RUN: Final = frozenset({404, 409, 410})
_REPEAT: Final = frozenset({429, 500, 502, 503, 504})
_TIMEOUT_SECONDS: Final = (5, 30)
"""Connect and read; API Gateway answers within 29 s (its integration time-out) or not at all."""
_HEARTBEAT_TIMEOUT_SECONDS: Final = (5, 10)
"""A beat is a small write: one that takes longer is worth less than the next one."""
_LONGEST_RETRY_AFTER_SECONDS: Final = 60
"""Whatever `Retry-After` says: a run must not wait for a mistake in a header."""


def pauses(*, for_seconds: float, first_seconds: float = 0.5, most_seconds: float = 15) -> Iterator[float]:
    """Give the pauses [s] between tries: doubling, with jitter of a half each way, until the time is used up.

    Parameters
    ----------
    for_seconds
        After this time, counted from the first pause asked for, there is no further one.
    first_seconds, most_seconds
        The first pause and the longest, before jitter.
    """
    end = time.monotonic() + for_seconds
    pause = first_seconds
    while (left := end - time.monotonic()) > 0:
        yield min(left, pause * random.uniform(0.5, 1.5))  # noqa: S311 - spreads load, protects nothing
        pause = min(pause * 2, most_seconds)


class Service:
    """HTTP client of one run. Safe to use from several threads.

    Parameters
    ----------
    settings
        Address of the run, and what proves that this is its runner.
    intervals
        How long a request is repeated while the service is out of reach or busy.
    answered
        Called at every HTTP answer of the service, whatever its status.
    """

    def __init__(self, settings: Settings, intervals: Intervals, *, answered: Callable[[], None]) -> None:
        self._settings = settings
        self._instance_id = secrets.token_hex(16)
        self._token = ""
        self._answered = answered
        self._busy_seconds = intervals.busy_seconds
        self.reach_seconds = intervals.reach_seconds

    def check_in(self) -> None:
        """Prove runner key and launch code, neither of which is sent, and keep the session token in this object.

        Raises
        ------
        NotMyRunError, RefusedError, UnreachableError
            As for every route.
        """
        body = {
            "instance_id": self._instance_id,
            "launch": self._settings.launch,
            "key_proof": self._proof(self._settings.runner_key),
            "code_proof": self._proof(self._settings.launch_code),
        }
        self._token = str(self._repeat("POST", "check-in", body)["session_token"])

    def _proof(self, factor: str) -> str:
        run_id = "/".join(self._settings.run_url.rsplit("/", 3)[1:])
        text = f"check-in|{run_id}|{self._settings.launch}|{self._instance_id}"
        return hmac.new(factor.encode(), text.encode(), hashlib.sha256).hexdigest()

    def work_order(self) -> WorkOrder:
        """Ask what to run; asking again gives a fresh address of the input.

        Raises
        ------
        NotMyRunError, RefusedError, UnreachableError
            As for every route.
        """
        order = WorkOrder.from_json(self._repeat("GET", "work-order", None))
        self.reach_seconds = order.self_fencing_seconds
        return order

    def heartbeat(self, progress: Mapping[str, Any]) -> str:
        """Say that the run is alive; one try, because the next beat is never far.

        Returns
        -------
            `continue` or `stop`.

        Raises
        ------
        NotMyRunError, RefusedError
            As for every route.
        UnreachableError
            If this one try got no answer.
        """
        return str(self._once("POST", "heartbeat", progress, timeout=_HEARTBEAT_TIMEOUT_SECONDS)["action"])

    def output_urls(self, files: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Get an address to PUT each file to, in the same order; at most 100 files.

        Raises
        ------
        NotMyRunError, RefusedError, UnreachableError
            As for every route.
        """
        urls = self._repeat("POST", "output-urls", {"files": list(files)})["urls"]
        return [dict(url) for url in urls]

    def report(self, body: Mapping[str, Any]) -> str:
        """Report how the run ended.

        Returns
        -------
            The status that the job has now.

        Raises
        ------
        NotMyRunError, RefusedError, UnreachableError
            As for every route.
        """
        return str(self._repeat("POST", "report", body).get("status", "unknown"))

    def _repeat(self, method: str, route: str, body: Mapping[str, Any] | None) -> dict[str, Any]:
        """Ask until there is an answer to work with: for `reach_seconds` of silence, and for longer while the service is only busy."""
        silent_since = time.monotonic()
        for pause in pauses(for_seconds=self._busy_seconds):
            try:
                return self._once(method, route, body)
            except BusyError as error:
                silent_since = time.monotonic()
                _wait(max(pause, error.retry_after_seconds), error)
            except UnreachableError as error:
                left = silent_since + self.reach_seconds - time.monotonic()
                if left <= 0:
                    raise
                _wait(min(pause, left), error)
        return self._once(method, route, body)

    def _once(
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
            raise UnreachableError(f"{route}: no answer from the service ({type(error).__name__})") from error
        self._answered()
        return _judge(route, response)


def _wait(seconds: float, error: UnreachableError) -> None:
    _LOG.warning("%s; next try in %.1f s", error, seconds)
    time.sleep(seconds)


def _judge(route: str, response: requests.Response) -> dict[str, Any]:
    said = f"{route}: the service answered {response.status_code} {clean_text(response.text, limit=300)}"
    if response.status_code in _NOT_MY_RUN:
        raise NotMyRunError(said)
    if response.status_code in _REPEAT:
        raise BusyError(said, _retry_after(response))
    if response.status_code != requests.codes.ok:
        raise RefusedError(said, response.status_code)
    try:
        body = response.json()
    except requests.JSONDecodeError as error:
        raise BusyError(f"{route}: the service's answer is not JSON") from error
    if not isinstance(body, dict):
        raise BusyError(f"{route}: the service's answer is not a JSON object")
    return body


def _retry_after(response: requests.Response) -> float:
    """Read `Retry-After` [s]; a date, which RFC 9110 also allows, counts as none: neither the service nor its gateway sends one."""
    said = response.headers.get("Retry-After", "")
    return min(float(said), _LONGEST_RETRY_AFTER_SECONDS) if said.isascii() and said.isdecimal() else 0
