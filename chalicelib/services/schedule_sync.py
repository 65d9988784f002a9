"""Keeps EventBridge schedules in line with definitions: written whole, and safe to repeat half-way."""

import logging
from dataclasses import replace

from chalicelib.domain.crontab import to_eventbridge
from chalicelib.domain.definition import Definition
from chalicelib.storage.definition_table import DefinitionTable
from chalicelib.storage.schedules import Schedules

__all__ = ["ScheduleSync"]

_log = logging.getLogger(__name__)


class ScheduleSync:
    """Writes a definition's schedules.

    Parameters
    ----------
    definitions, schedules
        The stores.
    """

    def __init__(self, *, definitions: DefinitionTable, schedules: Schedules) -> None:
        self._definitions = definitions
        self._schedules = schedules

    def sync_by_id(self, owner_id: str, definition_id: str) -> None:
        """Write the schedules of a definition that lags behind; one that is gone or in line is left alone."""
        definition = self._definitions.get(owner_id, definition_id)
        if definition is not None and not definition.is_synced:
            self.sync(definition)

    def sync(self, definition: Definition) -> None:
        """Write all of a definition's schedules, remove those that it has too many, and note that it is done.

        Whoever is interrupted leaves the definition marked as not synced; the sweep then does it again. A definition that was
        changed meanwhile stays marked, and its own change writes the schedules once more. Slots are counted up only: a writer
        that was slow may have left a schedule behind in one that is no longer needed.
        """
        expressions = to_eventbridge(definition.schedule) if definition.schedule else ()
        for slot in range(definition.schedule_slots):
            if slot < len(expressions):
                self._write(definition, slot, expressions[slot])
            else:
                self._schedules.remove(definition.definition_id, slot)
        self._definitions.change(definition, replace(definition, synced_revision=definition.revision))

    def remove(self, definition_id: str, slots: int) -> None:
        """Remove all of a deleted definition's schedules."""
        for slot in range(slots):
            self._schedules.remove(definition_id, slot)

    def _write(self, definition: Definition, slot: int, expression: str) -> None:
        self._schedules.write(
            definition.owner_id,
            definition.definition_id,
            slot,
            expression=expression,
            timezone=definition.timezone or "UTC",
            revision=definition.revision,
            enabled=definition.active and definition.next_due is not None,
        )
