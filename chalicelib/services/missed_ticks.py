"""Missed ticks: handles the due times of a definition whose next one is overdue."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Final

from chalicelib.domain.definitions.definition import Definition
from chalicelib.domain.definitions.tick import advance_next_due, after_missed, due_times
from chalicelib.services.clock import Clock
from chalicelib.services.ticks import TickService, note_missed_ticks
from chalicelib.storage.definition_table import DefinitionTable
from chalicelib.storage.mark_table import MarkTable, tick_mark_id

__all__ = ["GRACE", "MissedTickService"]

GRACE: Final = timedelta(seconds=90)
"""How late a tick may be before the sweep handles it: EventBridge Scheduler fires within 60 s, and the queue adds some delay."""

_BATCH: Final = 1000
"""Due times that are recorded as missed with one write, after ten calls that read their marks."""


@dataclass(frozen=True, kw_only=True)
class MissedTickService:
    """Handles ticks that EventBridge did not deliver: due times that a clock change skips, and ticks lost in an outage."""

    definitions: DefinitionTable
    marks: MarkTable
    ticks: TickService
    clock: Clock

    def walk(self, owner_id: str, definition_id: str, *, until: datetime) -> None:
        """Handle the overdue times of a definition: record those before its catch-up window as missed, then run the others, oldest first.

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
        definition = self.definitions.get(owner_id, definition_id)
        if definition is None or definition.next_due is None:
            return
        expected = advance_next_due(definition, _before(definition.next_due))
        if expected.next_due != definition.next_due:  # the rules of its time zone have changed since
            self.definitions.change(definition, expected)
            return
        current = self._record_missed(definition, until)
        if current is None or current.next_due is None:
            return
        for due in due_times(current, _before(current.next_due), self.clock() - GRACE):
            if self.clock() >= until:
                return
            self.ticks.handle(owner_id, definition_id, due)

    def _record_missed(self, definition: Definition, until: datetime) -> Definition | None:
        """Record the due times that are too late to run, a thousand at a time, without a mark for each.

        That they are before the definition's next due time says that they are over: a late delivery of one changes nothing. Those with
        a mark were handled before they were the earliest, so they are not counted.

        Returns
        -------
        Definition | None
            The definition as it is now; None if it has changed meanwhile, or the time is up.
        """
        current: Definition | None = definition
        while current and current.next_due:
            end = self.clock() - max(GRACE, current.options.catch_up)
            late = list(islice(due_times(current, _before(current.next_due), _before(end)), _BATCH))
            if not late:
                return current
            if self.clock() >= until:
                return None
            current = self._record(current, late)
        return current

    def _record(self, definition: Definition, late: list[datetime]) -> Definition | None:
        mark_ids = {tick_mark_id(definition.definition_id, due): due for due in late}
        handled = self.marks.existing(list(mark_ids))
        missed = [due for mark_id, due in mark_ids.items() if mark_id not in handled]
        after = after_missed(definition, (missed or late)[0], late[-1], len(missed))
        stored = self.definitions.change(definition, after)
        if stored and missed:
            note_missed_ticks(definition, len(missed))
        return stored


def _before(instant: datetime) -> datetime:
    return instant - timedelta(microseconds=1)
