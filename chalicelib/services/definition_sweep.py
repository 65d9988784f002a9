"""Looks for definitions that need something, and asks the tick function for it."""

from datetime import timedelta
from typing import Final

from chalicelib.domain.background_work import BackgroundWork
from chalicelib.services.background_work import isolated
from chalicelib.services.clock import Clock
from chalicelib.services.missed_ticks import GRACE
from chalicelib.storage.definition_table import DefinitionTable
from chalicelib.storage.queues import TickQueue

__all__ = ["DefinitionSweepService"]

_SYNC_GRACE: Final = timedelta(minutes=1)
"""How long a change may take to write its schedules itself."""


class DefinitionSweepService:
    """Finds overdue minutes, and schedules that lag behind.

    Parameters
    ----------
    definitions, ticks
        The definitions table, and the tick queue.
    clock
        Tells the time.
    """

    def __init__(self, *, definitions: DefinitionTable, ticks: TickQueue, clock: Clock) -> None:
        self._definitions = definitions
        self._ticks = ticks
        self._clock = clock

    def run(self) -> None:
        """Ask for a walk of each overdue definition, and for a sync of each whose schedules lag behind."""
        now = self._clock()
        with isolated(BackgroundWork.TICK_REQUESTS, kind="walk"):
            self._ticks.send_all("walk", self._definitions.overdue(now - GRACE))
        with isolated(BackgroundWork.TICK_REQUESTS, kind="sync"):
            self._ticks.send_all("sync", self._definitions.unsynced(now - _SYNC_GRACE))
