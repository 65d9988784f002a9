"""The sweep of definitions: finds overdue ones and those without schedules, and sends requests to the ticks function."""

from dataclasses import dataclass
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
"""How long a change has to write its schedules itself."""


@dataclass(frozen=True, kw_only=True)
class DefinitionSweepService:
    """Finds definitions that are overdue, or whose schedules are not written."""

    definitions: DefinitionTable
    ticks: TickQueue
    clock: Clock

    def run(self) -> None:
        """Request a walk for each overdue definition, and a sync for each whose schedules are not written."""
        now = self.clock()
        with isolated(BackgroundWork.TICK_REQUESTS, kind="walk"):
            self.ticks.send_all("walk", self.definitions.overdue(now - GRACE))
        with isolated(BackgroundWork.TICK_REQUESTS, kind="sync"):
            self.ticks.send_all("sync", self.definitions.unsynced(now - _SYNC_GRACE))
