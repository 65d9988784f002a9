"""Heartbeats: a thread that reports to the service that the run is alive, and its progress."""

import logging
import threading
import time
from typing import Any, Final

from runner.errors import BusyError, RefusedError, RunRevokedError, UnreachableError
from runner.result_object import ResultObject
from runner.scheduler_api import SchedulerApi
from runner.watchdog import Request, Watchdog

__all__ = ["Heartbeats"]

_LOG = logging.getLogger(__name__)
_LONGEST_RETRY_DELAY_SECONDS: Final = 5.0


class Heartbeats:
    """Sends heartbeats at an interval and when the phase changes, and passes a `stop` in the response to the watchdog.

    Parameters
    ----------
    api, watchdog
        Where heartbeats go, and what handles a stop.
    result
        Gets a new form when it needs one, so that it can be stored even if the service is unreachable at the end.
    interval_seconds
        The time between two heartbeats.
    """

    def __init__(self, api: SchedulerApi, watchdog: Watchdog, result: ResultObject, *, interval_seconds: float) -> None:
        self._api = api
        self._watchdog = watchdog
        self._result = result
        self._connected_since: float | None = None
        self._interval_seconds = interval_seconds
        self._progress: dict[str, Any] = {"phase": "starting_kernel"}
        self._wake = threading.Event()
        self._ended = False
        self._thread = threading.Thread(target=self._send_all, name="heartbeat", daemon=True)

    def start(self) -> None:
        """Send the first heartbeat now, and continue at the interval."""
        self._thread.start()

    def end(self) -> None:
        """Stop and wait for the thread: afterwards no heartbeat is sent."""
        self._ended = True
        self._wake.set()
        self._thread.join()

    def set_phase(self, name: str) -> None:
        """Set the phase. It is sent at once."""
        self._progress = {"phase": name}
        self._wake.set()

    def set_cell(self, number: int, total: int) -> None:
        """Set the running code cell, counted from 1. It is sent with the next heartbeat; the first one at once."""
        first = self._progress["phase"] != "running"
        self._progress = {"phase": "running", "cell": number, "cells": total}
        if first:
            self._wake.set()

    def _send_all(self) -> None:
        delay = 0.0
        while not self._ended:
            self._wake.wait(delay)
            self._wake.clear()
            if not self._ended:
                delay = self._send()

    def _send(self) -> float:
        """Send one heartbeat, and return the delay [s] before the next."""
        retry_delay = min(self._interval_seconds, _LONGEST_RETRY_DELAY_SECONDS)
        try:
            response = self._api.heartbeat(self._body())
        except RunRevokedError as error:
            _LOG.error("%s", error)
            self._watchdog.request(Request.REVOKED)
            return self._interval_seconds
        except BusyError as error:
            self._connected_since = None
            _LOG.warning("%s", error)
            return max(retry_delay, error.retry_after_seconds)
        except (UnreachableError, RefusedError) as error:
            self._connected_since = None
            _LOG.warning("%s", error)
            return retry_delay
        self._connected_since = self._connected_since or time.monotonic()
        if form := response.get("result_form"):
            self._result.renew(form)
        if response.get("action") == "stop" and self._watchdog.reason is None:
            self._watchdog.request(Request.STOP)
        return self._interval_seconds

    def _body(self) -> dict[str, Any]:
        connected = 0.0 if self._connected_since is None else time.monotonic() - self._connected_since
        more = {"result_form": True} if self._result.is_form_old else {}
        return {**self._progress, "connected_seconds": int(connected), **more}
