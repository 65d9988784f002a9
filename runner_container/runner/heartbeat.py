"""Beats: a thread that tells the service that the run is alive and how far it is."""

import logging
import threading
from typing import Any, Final

from runner.errors import BusyError, NotMyRunError, RefusedError, UnreachableError
from runner.scheduler_api import Service
from runner.watchdog import Request, Watchdog

__all__ = ["Heartbeats"]

_LOG = logging.getLogger(__name__)
_MOST_PAUSE_AFTER_FAILURE_SECONDS: Final = 5.0


class Heartbeats:
    """Sends a beat every so often and when the phase changes; hands a `stop` to the control.

    Parameters
    ----------
    service, control
        Whom to tell, and whom to tell what the service says.
    every_seconds
        Time between two beats.
    """

    def __init__(self, service: Service, control: Watchdog, *, every_seconds: float) -> None:
        self._service = service
        self._control = control
        self._every_seconds = every_seconds
        self._progress: dict[str, Any] = {"phase": "starting_kernel"}
        self._wake = threading.Event()
        self._ended = False
        self._thread = threading.Thread(target=self._send_all, name="beats", daemon=True)

    def start(self) -> None:
        """Send the first beat now, and go on."""
        self._thread.start()

    def end(self) -> None:
        """Stop and wait for the thread: afterwards no beat is sent."""
        self._ended = True
        self._wake.set()
        self._thread.join()

    def phase(self, name: str) -> None:
        """Say that a new phase has begun: sent at once."""
        self._progress = {"phase": name}
        self._wake.set()

    def cell(self, number: int, total: int) -> None:
        """Say which code cell runs, counted from 1; sent with the next beat, at once for the first."""
        first = self._progress["phase"] != "running"
        self._progress = {"phase": "running", "cell": number, "cells": total}
        if first:
            self._wake.set()

    def _send_all(self) -> None:
        pause = 0.0
        while not self._ended:
            self._wake.wait(pause)
            self._wake.clear()
            if not self._ended:
                pause = self._send()

    def _send(self) -> float:
        """Send one beat; give the pause [s] before the next."""
        soon = min(self._every_seconds, _MOST_PAUSE_AFTER_FAILURE_SECONDS)
        try:
            action = self._service.heartbeat(self._progress)
        except NotMyRunError as error:
            _LOG.error("%s", error)
            self._control.request(Request.LEAVE)
            return self._every_seconds
        except BusyError as error:
            _LOG.warning("%s", error)
            return max(soon, error.retry_after_seconds)
        except (UnreachableError, RefusedError) as error:
            _LOG.warning("%s", error)
            return soon
        if action == "stop" and self._control.reason is None:
            self._control.request(Request.STOP)
        return self._every_seconds
