"""Missed ticks: walks through the due times of a definition whose next one is overdue."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Final

from chalicelib.domain.definitions.tick import due_minutes, moved_on
from chalicelib.services.clock import Clock
from chalicelib.services.ticks import TickService
from chalicelib.storage.definition_table import DefinitionTable

__all__ = ["GRACE", "MissedTickService"]

GRACE: Final = timedelta(seconds=90)
"""How late a tick may be before the sweep handles it: EventBridge Scheduler fires within 60 s, and the queue adds some delay."""

_MAX_DUE_TIMES: Final = 100
"""Due times of one walk; the next sweep requests another."""


@dataclass(frozen=True, kw_only=True)
class MissedTickService:
    """Handles ticks that EventBridge did not deliver: due times that a clock change skips, and ticks lost in an outage."""

    definitions: DefinitionTable
    ticks: TickService
    clock: Clock

    def walk(self, owner_id: str, definition_id: str, *, until: datetime) -> None:
        """Handle each overdue time of a definition, oldest first: run late within its catch-up window, recorded as missed after it.

        Parameters
        ----------
        owner_id, definition_id
            The definition.
        until
            When to stop; the next sweep requests a walk through the rest.

        Raises
        ------
        TickConflictError
            If the definition kept changing.
        """
        overdue = self.clock() - GRACE
        definition = self.definitions.get(owner_id, definition_id)
        if definition is None or definition.next_due is None:
            return
        after = definition.next_due - timedelta(microseconds=1)
        expected = moved_on(definition, after)
        if expected.next_due != definition.next_due:  # the rules of its time zone have changed since
            self.definitions.change(definition, expected)
            return
        for due in islice(due_minutes(definition, after, overdue), _MAX_DUE_TIMES):
            if self.clock() >= until:
                return
            self.ticks.handle(owner_id, definition_id, due)
