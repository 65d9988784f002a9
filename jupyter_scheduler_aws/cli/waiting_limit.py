"""Waits while the service refuses new jobs because too many of the user's jobs are waiting."""

from collections.abc import Callable
from typing import Final

from jupyter_scheduler_aws.cli.terminal import Terminal
from jupyter_scheduler_aws.errors import ConflictError, is_limit_reached

__all__ = ["WaitingLimit"]

_WAIT_SECONDS: Final = 30
"""How long to wait for waiting jobs to start. A job takes minutes, and each try is a request."""


class WaitingLimit:
    """Creates the jobs of one command, as many as may wait at a time.

    Parameters
    ----------
    terminal
        Where a wait is explained.
    sleep
        Waits for a number of seconds.
    """

    def __init__(self, terminal: Terminal, sleep: Callable[[float], None]) -> None:
        self._terminal = terminal
        self._sleep = sleep
        self._is_told = False

    def create(self, create: Callable[[], str]) -> str:
        """Create a job when the limit allows it, and return its id.

        Raises
        ------
        SchedulerApiError
            If the service refuses it for another reason.
        """
        while True:
            try:
                return create()
            except ConflictError as error:
                if not is_limit_reached(error):
                    raise
                if not self._is_told:
                    self._terminal.note(f"{error} This command waits until some have started; it can be interrupted.")
                self._is_told = True
                self._sleep(_WAIT_SECONDS)
