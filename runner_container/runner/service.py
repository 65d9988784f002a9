"""The service, as the runner sees it: five routes under the address of its run (docs/runner-protocol.md)."""

import logging
import random
import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import requests

from runner.errors import NotMyRunError, RefusedError, UnreachableError
from runner.outcomes import clean_text
from runner.sessions import session
from runner.settings import Settings
from runner.work_order import WorkOrder

__all__ = ["Service", "pauses"]

_LOG = logging.getLogger(__name__)
_NOT_MY_RUN: Final = frozenset({404, 409, 410})
_REPEAT: Final = frozenset({429, 500, 502, 503, 504})
_TIMEOUT_SECONDS: Final = (5, 30)
"""Connect and read; API Gateway answers within 29 s (its integration time-out) or not at all."""
_BEAT_TIMEOUT_SECONDS: Final = (5, 10)
"""A beat is a small write: one that takes longer is worth less than the next one."""


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
        Address of the run and launch code.
    reach_seconds
        How long a request is repeated while the service is out of reach.
    """

    def __init__(self, settings: Settings, *, reach_seconds: float) -> None:
        self._settings = settings
        self._instance_id = secrets.token_hex(16)
        self._token = ""
        self.reach_seconds = reach_seconds

    def check_in(self) -> None:
        """Exchange the launch code for the session token, which stays in this object.

        Raises
        ------
        NotMyRunError, RefusedError, UnreachableError
            As for every route.
        """
        body = {
            "instance_id": self._instance_id,
            "launch": self._settings.launch,
            "launch_code": self._settings.launch_code,
        }
        self._token = str(self._repeat("POST", "check-in", body)["session_token"])

    def work_order(self) -> WorkOrder:
        """Ask what to run; asking again gives a fresh address of the input.

        Raises
        ------
        NotMyRunError, RefusedError, UnreachableError
            As for every route.
        """
        order = WorkOrder.from_json(self._repeat("GET", "work-order", None))
        self.reach_seconds = order.fence_seconds
        return order

    def beat(self, progress: Mapping[str, Any]) -> str:
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
        return str(self._once("POST", "beat", progress, timeout=_BEAT_TIMEOUT_SECONDS)["action"])

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
        for pause in pauses(for_seconds=self.reach_seconds):
            try:
                return self._once(method, route, body)
            except UnreachableError as error:
                _LOG.warning("%s; next try in %.1f s", error, pause)
                time.sleep(pause)
        return self._once(method, route, body)

    def _once(
        self,
        method: str,
        route: str,
        body: Mapping[str, Any] | None,
        *,
        timeout: tuple[float, float] = _TIMEOUT_SECONDS,
    ) -> dict[str, Any]:
        headers = {"X-Session-Token": self._token} if self._token else {}
        url = f"{self._settings.run_url}/{route}"
        try:
            answer = session().request(method, url, json=body, headers=headers, timeout=timeout, allow_redirects=False)
        except requests.RequestException as error:
            raise UnreachableError(f"{route}: no answer from the service ({type(error).__name__})") from error
        return _judge(route, answer)


def _judge(route: str, answer: requests.Response) -> dict[str, Any]:
    said = f"{route}: the service answered {answer.status_code} {clean_text(answer.text, limit=300)}"
    if answer.status_code in _NOT_MY_RUN:
        raise NotMyRunError(said)
    if answer.status_code in _REPEAT:
        raise UnreachableError(said)
    if answer.status_code != requests.codes.ok:
        raise RefusedError(said, answer.status_code)
    try:
        body = answer.json()
    except requests.JSONDecodeError as error:
        raise UnreachableError(f"{route}: the service's answer is not JSON") from error
    if not isinstance(body, dict):
        raise UnreachableError(f"{route}: the service's answer is not a JSON object")
    return body
