"""Missed ticks: walks the due minutes of a definition whose next one is overdue."""

from datetime import datetime, timedelta
from itertools import islice
from typing import Final

from chalicelib.domain.definitions.tick import advance_next_due, due_times
from chalicelib.services.clock import Clock
from chalicelib.services.ticks import TickService
from chalicelib.storage.definition_table import DefinitionTable

__all__ = ["GRACE", "MissedTickService"]

GRACE: Final = timedelta(seconds=90)
"""How late a tick may be before the sweep takes it: EventBridge Scheduler fires within 60 s, and the queue takes its time."""

_MOST_MINUTES: Final = 100
"""Due minutes of one definition that one walk takes; the next sweep asks for another."""


class MissedTickService:
    """Takes what EventBridge did not deliver: minutes that a clock change skips, and what an outage swallowed.

    Parameters
    ----------
    definitions
        The definitions table.
    ticks
        Takes ticks.
    clock
        Tells the time.
    """

    def __init__(self, *, definitions: DefinitionTable, ticks: TickService, clock: Clock) -> None:
        self._definitions = definitions
        self._ticks = ticks
        self._clock = clock

    def walk(self, owner_id: str, definition_id: str, *, until: datetime) -> None:
        """Take each overdue minute of a definition, oldest first: late inside its catch-up window, recorded as missed after it.

        Parameters
        ----------
        owner_id, definition_id
            The definition.
        until
            When to begin no other minute; the next sweep asks for a walk over the rest.

        Raises
        ------
        TickConflictError
            If the definition kept changing meanwhile.
        """
        overdue = self._clock() - GRACE
        definition = self._definitions.get(owner_id, definition_id)
        if definition is None or definition.next_due is None:
            return
        after = definition.next_due - timedelta(microseconds=1)
        expected = advance_next_due(definition, after)
        if expected.next_due != definition.next_due:  # the rules of its zone have changed since
            self._definitions.change(definition, expected)
            return
        for due in islice(due_times(definition, after, overdue), _MOST_MINUTES):
            if self._clock() >= until:
                return
            self._ticks.take(owner_id, definition_id, due)
