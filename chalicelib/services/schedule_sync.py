"""Keeps EventBridge schedules in line with definitions: written whole, and safe to repeat half-way."""

import logging

from botocore.exceptions import BotoCoreError, ClientError
from pynamodb.exceptions import PynamoDBException

from chalicelib.domain.background_work import BackgroundWork
from chalicelib.domain.crontab.expression import to_eventbridge
from chalicelib.domain.definitions.definition import Definition
from chalicelib.domain.definitions.problem import Problem
from chalicelib.observability import count_background_failure
from chalicelib.services.definition_problems import DefinitionProblemService
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
    problems
        Notes what fails, and says when it is tried again.
    """

    def __init__(
        self, *, definitions: DefinitionTable, schedules: Schedules, problems: DefinitionProblemService
    ) -> None:
        self._definitions = definitions
        self._schedules = schedules
        self._problems = problems

    def sync_by_id(self, owner_id: str, definition_id: str) -> None:
        """Write the schedules of a definition that lags behind; one that is gone, in line, or not due for a retry is left alone."""
        definition = self._definitions.get(owner_id, definition_id)
        if definition is None or definition.is_synced:
            return
        if self._problems.is_retry_due(definition.schedule_problem):
            self.sync(definition)

    def sync(self, definition: Definition) -> Problem | None:
        """Write all of a definition's schedules, remove those that it has too many, and note that it is done.

        Whoever is interrupted leaves the definition marked as not synced; the sweep then does it again. So it does where EventBridge
        Scheduler refuses, which is noted on the definition and counted. A definition that was changed meanwhile stays marked, and its
        own change writes the schedules once more.

        Returns
        -------
        Problem | None
            What keeps the schedules from being written; None if nothing does.

        Raises
        ------
        PynamoDBException
            If it could not be noted that the schedules are written.
        """
        try:
            self._write_all(definition)
        except (BotoCoreError, ClientError) as error:
            _log.exception("schedules not written", extra={"definition_id": definition.definition_id})
            count_background_failure(BackgroundWork.SCHEDULES)
            return self._problems.note(definition.owner_id, definition.definition_id, BackgroundWork.SCHEDULES, error)
        self._definitions.mark_synced(definition)
        return None

    def sync_or_leave(self, definition: Definition) -> Problem | None:
        """Write the schedules, as `sync` does; where it cannot be noted that they are written, the sweep writes them again."""
        try:
            return self.sync(definition)
        except PynamoDBException:
            ids = {"definition_id": definition.definition_id}
            _log.warning("not noted that schedules are written; the sweep does it", extra=ids, exc_info=True)
            return None

    def remove(self, definition_id: str, slots: int) -> None:
        """Remove all of a deleted definition's schedules."""
        for slot in range(slots):
            self._schedules.remove(definition_id, slot)

    def _write_all(self, definition: Definition) -> None:
        """Write as many schedules as the crontab needs. Slots are counted up only: a slow writer may have left a schedule in a later one."""
        expressions = to_eventbridge(definition.schedule) if definition.schedule else ()
        for slot in range(definition.schedule_slots):
            if slot < len(expressions):
                self._write(definition, slot, expressions[slot])
            else:
                self._schedules.remove(definition.definition_id, slot)

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
