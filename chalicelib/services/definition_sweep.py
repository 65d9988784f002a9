"""The sweep of definitions: finds overdue ones, those without schedules, and late ones, and sends requests to the ticks function."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from chalicelib.services.background_work import OutOfTimeError
from chalicelib.services.clock import Clock
from chalicelib.services.missed_ticks import GRACE
from chalicelib.storage.definition_table import DefinitionTable
from chalicelib.storage.queues import TickQueue

__all__ = ["DefinitionSweepService"]

_SYNC_GRACE: Final = timedelta(minutes=1)
"""How long a change has to write its schedules itself."""


@dataclass(frozen=True, kw_only=True)
class DefinitionSweepService:
    """Finds definitions that are overdue, whose schedules are not written, or of which a run should have succeeded."""

    definitions: DefinitionTable
    ticks: TickQueue
    clock: Clock

    def request_walks(self, until: datetime) -> None:
        """Request a walk for each overdue definition, the most overdue first.

        Raises
        ------
        OutOfTimeError
            If there was no time for all of them; those that are left are still overdue at the next sweep.
        """
        self._request("walk", self.definitions.overdue(self.clock() - GRACE), until)

    def request_syncs(self, until: datetime) -> None:
        """Request a sync for each definition whose schedules are not written. Raises what `request_walks` raises."""
        self._request("sync", self.definitions.unsynced(self.clock() - _SYNC_GRACE), until)

    def request_late(self, until: datetime) -> None:
        """Request a note on each definition of which a run should have succeeded by now. Raises what `request_walks` raises."""
        self._request("late", self.definitions.late(self.clock()), until)

    def _request(self, kind: str, definitions: Iterable[tuple[str, str]], until: datetime) -> None:
        self.ticks.send_all(kind, self._in_time(definitions, until))

    def _in_time(self, definitions: Iterable[tuple[str, str]], until: datetime) -> Iterator[tuple[str, str]]:
        for each in definitions:
            if self.clock() >= until:
                raise OutOfTimeError
            yield each
