"""Synchronizes EventBridge schedules with definitions; every write is complete and safe to repeat."""

import logging
from dataclasses import dataclass

from chalicelib.domain.background_work import BackgroundWork
from chalicelib.domain.crontab.expression import to_eventbridge
from chalicelib.domain.definitions.definition import Definition
from chalicelib.domain.definitions.problem import Problem
from chalicelib.errors import AwsError
from chalicelib.observability import count_background_failure
from chalicelib.services.definition_problems import DefinitionProblemService
from chalicelib.storage.definition_table import DefinitionTable
from chalicelib.storage.schedules import Schedules

__all__ = ["ScheduleSync"]

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class ScheduleSync:
    """Writes a definition's schedules."""

    definitions: DefinitionTable
    schedules: Schedules
    problems: DefinitionProblemService

    def sync_by_id(self, owner_id: str, definition_id: str) -> None:
        """Write the schedules of a definition, unless it is deleted, already synchronized, or not due for a retry."""
        definition = self.definitions.get(owner_id, definition_id)
        if definition is None or definition.is_synced:
            return
        if self.problems.is_retry_due(definition.schedule_problem):
            self.sync(definition)

    def sync(self, definition: Definition) -> Problem | None:
        """Write all of a definition's schedules, delete those that it does not need any more, and mark it as synchronized.

        If this is interrupted, the definition stays marked as not synchronized and the sweep repeats it. The same happens if EventBridge
        Scheduler refuses, which is noted on the definition and counted. A definition that changes meanwhile stays marked, and its own
        change writes the schedules again.

        Returns
        -------
        Problem | None
            Why the schedules could not be written; None if they are.

        Raises
        ------
        AwsError
            If the definition could not be marked as synchronized.
        """
        try:
            self._write_all(definition)
        except AwsError as error:
            _log.exception("schedules not written", extra={"definition_id": definition.definition_id})
            count_background_failure(BackgroundWork.SCHEDULES)
            return self.problems.note(definition.owner_id, definition.definition_id, BackgroundWork.SCHEDULES, error)
        self.definitions.mark_synced(definition)
        return None

    def try_sync(self, definition: Definition) -> Problem | None:
        """Write the schedules, as `sync` does; if the definition cannot be marked as synchronized, the sweep writes them again."""
        try:
            return self.sync(definition)
        except AwsError:
            ids = {"definition_id": definition.definition_id}
            _log.warning(
                "definition not marked as synchronized; the sweep writes its schedules again", extra=ids, exc_info=True
            )
            return None

    def delete(self, definition_id: str, slots: int) -> None:
        """Delete all schedules of a deleted definition."""
        for slot in range(slots):
            self.schedules.delete(definition_id, slot)

    def _write_all(self, definition: Definition) -> None:
        """Write as many schedules as the crontab needs. The number of slots only grows: a slow writer may have left a schedule in a later one."""
        expressions = to_eventbridge(definition.schedule) if definition.schedule else ()
        for slot in range(definition.schedule_slots):
            if slot < len(expressions):
                self._write(definition, slot, expressions[slot])
            else:
                self.schedules.delete(definition.definition_id, slot)

    def _write(self, definition: Definition, slot: int, expression: str) -> None:
        self.schedules.write(
            definition.owner_id,
            definition.definition_id,
            slot,
            expression=expression,
            timezone=definition.timezone or "UTC",
            revision=definition.revision,
            enabled=definition.active and definition.next_due is not None,
        )
